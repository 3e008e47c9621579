import type { DriverOf } from '../../core/driver.ts';
import { doing } from '../failure.ts';
import { load, readBy, reloadKey, unloaded } from './config-file.ts';

/** Nothing on disk: everything that is owed for this service is paid. */
const LOADED = 'sha256:loaded';

/**
 * Makes what runs what is on disk. On a host that only renders, that is remembering what was loaded;
 * nothing of the machine is touched. Not needed when what runs is what is on disk.
 */
export const configReload: DriverOf<'config.reload@1'> = {
  idempotent: true,

  async skip(context, args) {
    const differ = await unloaded(context, readBy(context, args));
    if (differ.length > 0) return null;
    const pays = [{ key: reloadKey(args.service), hash: LOADED }];
    return { reason: `what ${args.service} runs is what is on disk`, contentHash: null, pays };
  },

  async run(context, args) {
    context.signal.throwIfAborted();
    return await doing(`reload ${args.service}`, async () => {
      const files = await load(context, readBy(context, args));
      return { result: { files }, pays: [{ key: reloadKey(args.service), hash: LOADED }] };
    });
  },

  async probe(context, args) {
    const differ = await unloaded(context, readBy(context, args));
    if (differ.length > 0) return { state: 'not-done', evidence: { differ } };
    const pays = [{ key: reloadKey(args.service), hash: LOADED }];
    return { state: 'done', evidence: { differ }, done: { result: { files: 0 }, pays } };
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
    return await doing(`reload ${args.service}`, async () => {
      await load(context, readBy(context, args));
      return { pays: [{ key: reloadKey(args.service), hash: LOADED }] };
    });
  },
};
