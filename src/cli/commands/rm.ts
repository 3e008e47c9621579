import { addByName, changeByName } from '../change-by-name.ts';
import { type CommandModule, textsOf } from '../command.ts';
import { confirm, confirmWord } from '../confirm.ts';
import type { Context } from '../context.ts';
import { EXIT } from '../exit-code.ts';
import { byName } from '../request.ts';
import { withOutcome } from '../run-update.ts';

/** `ripcord rm CHUTE…`. */
export const rm: CommandModule = {
  configure(command) {
    addByName(command);
    command.option('--volumes', 'drop their volumes too, with everything in them');
  },
  async run(context, { args: [names], options }) {
    const chutes = textsOf(names);
    const volumes = options['volumes'] === true;
    return await withOutcome(context, async () => {
      if (!(await agreed(context, chutes, volumes))) return EXIT.usage;
      return await changeByName(
        context,
        chutes.map((name) => byName(name, 'delete', volumes)),
        options,
      );
    });
  },
};

async function agreed(
  context: Context,
  chutes: readonly string[],
  volumes: boolean,
): Promise<boolean> {
  const list = chutes.join(' ');
  if (!volumes) return await confirm(context, `Remove ${list}?`, `rm ${list}`);
  for (const chute of chutes)
    if (!(await confirmWord(context, `This drops ${chute} and its volumes for good.`, chute)))
      return false;
  return true;
}
