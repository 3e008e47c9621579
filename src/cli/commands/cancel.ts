import { subjectsOf } from '../../core/subjects.ts';
import { localRequester } from '../../library/asked.ts';
import { type CommandModule, textOf } from '../command.ts';
import { needReplay, peek } from '../reader.ts';
import { runUpdate } from '../run-update.ts';
import { updateIdOf } from '../update-id.ts';

/** `ripcord cancel uN`. */
export const cancel: CommandModule = {
  configure(command) {
    command.argument('<update>', 'the update to turn around');
  },
  async run(context, { args: [ref] }) {
    const id = updateIdOf(textOf(ref) ?? '');
    // Settling first would finish what is to be cancelled.
    const replay = (await peek(context)) ?? (await needReplay(context));
    const request = replay.state.updates[id]?.request;
    const chutes = request ? subjectsOf(request).map(({ chute }) => chute) : [];
    return await runUpdate(context, {
      chutes,
      joins: true,
      wantsBack: true,
      begin: async (access) => {
        await access.cancel(id, localRequester('cli'));
        return { update: id };
      },
    });
  },
};
