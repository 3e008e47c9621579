import { localRequester } from '../../library/asked.ts';
import { type CommandModule, textOf } from '../command.ts';
import { needReplay } from '../reader.ts';
import { findRetry, runUpdate, withOutcome } from '../run-update.ts';
import { updateIdOf } from '../update-id.ts';

/** `ripcord retry uN`. */
export const retry: CommandModule = {
  configure(command) {
    command
      .argument('<update>', 'the update to ask for again, as a new one')
      .option('--detach', 'return as soon as the update is taken');
  },
  async run(context, { args: [ref], options }) {
    const id = updateIdOf(textOf(ref) ?? '');
    return await withOutcome(context, async () => {
      const since = (await needReplay(context)).head.seq;
      const by = localRequester('cli');
      return await runUpdate(context, {
        chutes: [],
        detach: options['detach'] === true,
        begin: async (access) => access.retry(id, by),
        recover: async () => findRetry(context, { id, by }, since),
      });
    });
  },
};
