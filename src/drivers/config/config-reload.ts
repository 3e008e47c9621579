import type { DriverOf } from '../../core/driver.ts';
import { readBy, unloaded } from './config-file.ts';
import { load, paid } from './load.ts';

/**
 * Makes what runs what is on disk. On a host that only renders, that is remembering what was loaded;
 * nothing of the machine is touched. Not needed when what runs is what is on disk.
 */
export const configReload: DriverOf<'config.reload@1'> = {
  idempotent: true,

  async skip(context, args) {
    const differ = await unloaded(context, await readBy(context, args));
    if (differ.length > 0) return null;
    const reason = `what ${args.service} runs is what is on disk`;
    return { reason, contentHash: null, ...paid(args) };
  },

  async run(context, args) {
    context.signal.throwIfAborted();
    const { files, reloads } = await load(context, args);
    return { result: { files }, ...reloads };
  },

  async probe(context, args) {
    const differ = await unloaded(context, await readBy(context, args));
    if (differ.length > 0) return { state: 'not-done', evidence: { differ } };
    return { state: 'done', evidence: { differ }, done: { result: { files: 0 }, ...paid(args) } };
  },

  // What it loaded is taken back by `config.restore`, once the files are as they were.
};

/**
 * Stands before the writers of a service's files and does nothing. Its undo comes after all of theirs,
 * and reloads what they put back: once, whatever of them ran.
 */
export const configRestore: DriverOf<'config.restore@1'> = {
  idempotent: true,

  async run() {
    return { result: null };
  },

  async undo(context, args) {
    return (await load(context, args)).reloads;
  },
};
