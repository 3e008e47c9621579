import { Option } from 'commander';

import type { Resolution } from '../../engine/resolve.ts';
import { localRequester } from '../../library/asked.ts';
import { type CommandModule, textOf } from '../command.ts';
import { needReplay } from '../reader.ts';
import { runUpdate } from '../run-update.ts';
import { stepRefOf } from '../update-id.ts';

/** `ripcord resolve uN.sM --as done|undone|retry -m WHY`. */
export const resolve: CommandModule = {
  configure(command) {
    command
      .argument('<step>', 'the step whose undo failed, u43.s7')
      .addOption(
        new Option('--as <how>', 'undo again, undone by hand, or leave it as it is')
          .choices(['retry', 'undone', 'done'])
          .makeOptionMandatory(),
      )
      .requiredOption('-m, --message <why>', 'why, for the journal');
  },
  async run(context, { args: [ref], options }) {
    const { update, n } = stepRefOf(textOf(ref) ?? '');
    const { as, message } = options as Pick<Resolution, 'as' | 'message'>;
    const { head } = await needReplay(context);
    return await runUpdate(context, {
      chutes: [],
      after: head.seq,
      looksOn: true,
      wantsBack: true,
      begin: async (access) => {
        await access.resolve(update, n, { as, message, by: localRequester('cli') });
        return { update };
      },
    });
  },
};
