// `npm start`: applies the hello chute into ./.ripcord and says what to try next.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const top = fileURLToPath(new URL('../..', import.meta.url));
// Absolute: what is shown below goes on working after a `cd`.
const main = join(top, 'dist/src/cli/main.js');
const root = join(top, '.ripcord');
const { status, signal } = spawnSync(
  process.execPath,
  [main, '--root', root, 'apply', 'docs/examples/hello', '--yes'],
  { cwd: top, stdio: 'inherit' },
);
if (status !== 0) process.exit(status ?? (signal ? 1 : 0));

const definition = readFileSync(new URL('hello/chute.yaml', import.meta.url), 'utf8');
const [, port] = /^web:[\s\S]*?port: (\d+)/m.exec(definition) ?? [];

console.log(`
hello answers at http://localhost:${port}/

Try next:
  alias ripcord="node '${main}' --root '${root}'"
  curl http://localhost:${port}/             which version answers
  ripcord status                          what runs
  RIPCORD_FAULT=kill@effect=3 ripcord apply docs/examples/hello-v2 --yes
                                          pull the plug between stop and start ...
  ripcord status                          ... and the next command finishes the update
  ripcord show u2                         what happened
  ripcord apply docs/examples/hello-broken --yes
                                          a version that is not well is rolled back
  ripcord rm hello --yes                  stop it and remove it

docs/start.md takes ten minutes.`);
