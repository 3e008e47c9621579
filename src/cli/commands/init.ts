import { existsSync } from 'node:fs';
import { mkdir, realpath, writeFile } from 'node:fs/promises';
import { basename, dirname, join, relative, resolve } from 'node:path';

import { definitionError } from '../../core/definition/complaint.ts';
import { jsonSchema } from '../../core/definition/json-schema.ts';
import { codeOf, RipcordError } from '../../core/errors.ts';
import { type CommandModule, textOf } from '../command.ts';
import { readDefinition } from '../definition-file.ts';
import { EXIT, usageError } from '../exit-code.ts';
import { print } from '../output.ts';

/**
 * `ripcord init [DIR]`: a commented definition, its schema beside it, and a server to begin with; or,
 * with `--from`, the definition that another file comes to.
 */
export const init: CommandModule = {
  configure(command) {
    command
      .argument('[dir]', 'where to; default: here')
      .option(
        '--from <file>',
        'an older definition, an update object or a compose file to begin with',
      );
  },
  async run(context, { args: [dir], options }) {
    const given = textOf(dir) ?? '.';
    const directory = resolve(given);
    const file = join(directory, 'chute.yaml');
    if (existsSync(file))
      throw usageError(`cannot write ${file}: it is there already`, `ripcord validate ${given}`);
    const from = options['from'];
    // Whatever cannot be turned into one leaves nothing behind.
    const converted = typeof from === 'string' ? await convert(from, directory) : null;
    await makeDirectory(directory);
    const schema = join(directory, 'chute.schema.json');
    const written = [file, schema];
    const text = converted?.text ?? definitionText(nameFor(directory));
    const mode = converted?.hasSecrets === true ? 0o600 : 0o666;
    await writeFile(file, text, { flag: 'wx', mode }).catch(refuse(file));
    await writeFile(schema, `${JSON.stringify(jsonSchema(), null, 2)}\n`).catch(refuse(schema));
    const server = join(directory, 'server.mjs');
    if (converted === null && !existsSync(server)) {
      await writeFile(server, SERVER, { flag: 'wx' }).catch(refuse(server));
      written.push(server);
    }
    const next = converted === null ? 'apply' : 'plan';
    await print(context, { files: written }, () =>
      [
        ...written.map((each) => `${context.terminal.green('+')} ${each}\n`),
        `ripcord ${next} ${given}${context.rootFlag}\n`,
      ].join(''),
    );
    return EXIT.ok;
  },
};

/** `mkdir` with `recursive` goes round for ever below /proc: each level by itself does not. */
async function makeDirectory(directory: string): Promise<void> {
  if (existsSync(directory)) return;
  const above = dirname(directory);
  if (above !== directory) await makeDirectory(above);
  await mkdir(directory).catch((error: unknown) => {
    if (codeOf(error) !== 'EEXIST') refuse(directory)(error);
  });
}

function refuse(path: string): (error: unknown) => never {
  return (error) => {
    throw new RipcordError(
      'RIPCORD_USAGE_INVALID',
      `cannot write ${path}: ${codeOf(error) ?? 'it cannot be made'}`,
      { cause: error, hint: 'name a directory that can be written' },
    );
  };
}

/** Files below the new definition move with it, to another machine as well; others have to be named whole. */
async function baseFrom(directory: string, files: string): Promise<string> {
  const below = relative(await realPath(directory), files);
  return below.split('/')[0] === '..' ? files : below;
}

/** The path without links, of what need not be there yet. */
async function realPath(path: string): Promise<string> {
  return await realpath(path).catch(async () => {
    const above = dirname(path);
    return above === path ? path : join(await realPath(above), basename(path));
  });
}

async function convert(
  from: string,
  directory: string,
): Promise<{ readonly text: string; readonly hasSecrets: boolean }> {
  const found = await readDefinition(from);
  const { convertDefinition } = await import('../../core/definition/convert/convert.ts');
  const isBeside = from === '-' || found.directory === (await realPath(directory));
  const converted = convertDefinition(found.text, {
    file: found.file,
    fallbackName: isBeside ? nameFor(directory) : found.fallbackName,
    sourceBase: isBeside ? null : await baseFrom(directory, found.directory),
  });
  if (converted.ok)
    return {
      ...converted,
      text: `# yaml-language-server: $schema=./chute.schema.json\n${converted.text}`,
    };
  if ('complaints' in converted) throw definitionError(converted.complaints);
  throw usageError(
    `cannot make a definition of ${found.file}: ${converted.reason}`,
    `ripcord init without --from writes an example`,
  );
}

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
