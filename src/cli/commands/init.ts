import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';

import { jsonSchema } from '../../core/definition/json-schema.ts';
import { type CommandModule, textOf } from '../command.ts';
import { EXIT, usageError } from '../exit-code.ts';
import { print } from '../output.ts';

/** `ripcord init [DIR]`: a commented definition, its schema beside it, and a server to begin with. */
export const init: CommandModule = {
  configure(command) {
    command.argument('[dir]', 'where to; default: here');
  },
  async run(context, { args: [dir] }) {
    const given = textOf(dir) ?? '.';
    const directory = resolve(given);
    const file = join(directory, 'chute.yaml');
    if (existsSync(file))
      throw usageError(`cannot write ${file}: it is there already`, `ripcord validate ${given}`);
    await mkdir(directory, { recursive: true });
    const written = [file, join(directory, 'chute.schema.json')];
    await writeFile(file, definitionText(nameFor(directory)), { flag: 'wx' });
    await writeFile(written[1] ?? '', `${JSON.stringify(jsonSchema(), null, 2)}\n`);
    const server = join(directory, 'server.mjs');
    if (!existsSync(server)) {
      await writeFile(server, SERVER, { flag: 'wx' });
      written.push(server);
    }
    await print(context, { files: written }, () =>
      [
        ...written.map((each) => `${context.terminal.green('+')} ${each}\n`),
        `ripcord apply ${given}${context.rootFlag}\n`,
      ].join(''),
    );
    return EXIT.ok;
  },
};

/** A directory's name as a chute's: lower case, and nothing that names may not have. */
function nameFor(directory: string): string {
  const name = basename(directory)
    .toLowerCase()
    .replaceAll(/[^a-z0-9-]+/g, '-')
    .replaceAll(/^-+|-+$/g, '')
    .slice(0, 63);
  return name.length >= 2 ? name : 'my-chute';
}

const definitionText = (
  name: string,
): string => `# yaml-language-server: $schema=./chute.schema.json
# What this chute should be. ripcord plan shows what applying it would do, ripcord apply does it.
name: ${name}
# Raised with each change; a lower one is refused. Leave it out and the content decides.
version: 1

services:
  main:
    # light: the runtime brings the language. normal and image need Docker.
    type: light
    image: node
    # Files that make up a release: copied, checked and switched in one rename.
    source: .
    # Split into words, no shell. PORT is the web port.
    command: node server.mjs
    environment:
      GREETING: Hello
      # Kept out of the journal and of all output:
      # API_KEY: {secret: "…"}
    # An update is kept only when this answers; otherwise the old version is put back.
    health:
      http: {port: 8080, path: /}
      withinMs: 30000
    # volumes:
    #   /data: {name: data}

# The port that answers for the chute.
web: {service: main, port: 8080}

# After a crash midway: resume (finish it) or rollback (undo it).
onInterrupt: resume
`;

const SERVER = `import { createServer } from 'node:http';

const server = createServer((request, response) => {
  response.end(\`\${process.env.GREETING}\\n\`);
});
server.listen(Number(process.env.PORT));
process.on('SIGTERM', () => server.close(() => process.exit(0)));
`;
