import { addByName, changeByName } from '../change-by-name.ts';
import { type CommandModule, textsOf } from '../command.ts';
import { byName } from '../request.ts';

/** `ripcord start CHUTE…`. */
export const start: CommandModule = {
  configure: addByName,
  async run(context, { args: [names], options }) {
    const chutes = textsOf(names).map((name) => byName(name, 'start'));
    return await changeByName(context, chutes, options);
  },
};
