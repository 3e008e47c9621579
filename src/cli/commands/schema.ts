import { jsonSchema } from '../../core/definition/json-schema.ts';
import type { CommandModule } from '../command.ts';
import { EXIT } from '../exit-code.ts';
import { print } from '../output.ts';

/** `ripcord schema`. */
export const schema: CommandModule = {
  configure: () => undefined,
  async run(context) {
    const value = jsonSchema();
    await print(context, value, () => `${JSON.stringify(value, null, 2)}\n`);
    return EXIT.ok;
  },
};
