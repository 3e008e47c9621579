import { addByName, changeByName } from '../change-by-name.ts';
import { type CommandModule, textsOf } from '../command.ts';
import { byName } from '../request.ts';

/** `ripcord stop CHUTE…`. */
export const stop: CommandModule = {
  configure: addByName,
  async run(context, { args: [names], options }) {
    const chutes = textsOf(names).map((name) => byName(name, 'stop'));
    return await changeByName(context, chutes, options);
  },
};
