import { VERSION } from '../../library/version.ts';
import type { CommandModule } from '../command.ts';
import { EXIT } from '../exit-code.ts';
import { print } from '../output.ts';

/** `ripcord version`. */
export const version: CommandModule = {
  configure: () => undefined,
  async run(context) {
    const value = { version: VERSION, node: process.version, platform: process.platform };
    await print(context, value, () => `ripcord ${VERSION} (node ${process.version})\n`);
    return EXIT.ok;
  },
};
