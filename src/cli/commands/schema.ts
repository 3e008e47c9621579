import { jsonSchema } from '../../core/definition/json-schema.ts';
import { hostJsonSchema } from '../../core/host-config/json-schema.ts';
import type { CommandModule } from '../command.ts';
import { EXIT } from '../exit-code.ts';
import { print } from '../output.ts';

/** `ripcord schema`. */
export const schema: CommandModule = {
  configure(command) {
    command.option('--host', 'of a host configuration instead of a definition');
  },
  async run(context, { options }) {
    const value = options['host'] === true ? hostJsonSchema() : jsonSchema();
    await print(context, value, () => `${JSON.stringify(value, null, 2)}\n`);
    return EXIT.ok;
  },
};
