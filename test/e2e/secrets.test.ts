import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

import { expect, test } from 'vitest';

import { outcomeOf } from './checks.ts';
import type { Device } from './device.ts';
import { device } from './shell.ts';

const SECRET = 'correct-horse-battery-staple';

/** The files below the root that hold a text. */
function holding({ root }: Device, text: string): readonly string[] {
  return readdirSync(root, { recursive: true, encoding: 'utf8' })
    .filter((path) => statSync(join(root, path), { throwIfNoEntry: false })?.isFile())
    .filter((path) => readFileSync(join(root, path)).includes(text));
}

/** A service that prints its secret, answers with it to its check, and fails where `exit` is not 0. */
const telling = (version: number, exit: number): string =>
  JSON.stringify({
    name: 'teller',
    version,
    services: {
      main: {
        image: 'node',
        source: '.',
        command: ['sh', '-c', 'echo "the token is $TOKEN"; sleep 600 & wait'],
        environment: { TOKEN: { secret: SECRET } },
        health: {
          exec: ['sh', '-c', `echo "asked with $TOKEN"; exit ${exit}`],
          intervalMs: 50,
          settleMs: 200,
          retries: 1,
        },
      },
    },
  });

test('a secret is in secrets/ and where its own service wrote it, and nowhere else', async () => {
  const teller = await device();
  await teller.install(teller.define('teller', telling(1, 0)));
  await outcomeOf(teller, `apply ${teller.define('teller', telling(2, 3))} -y`, 4);
  await outcomeOf(teller, 'restart teller -y', 0);
  await outcomeOf(teller, 'stop teller -y', 0);

  const found = holding(teller, SECRET);
  expect(found.filter((path) => !path.startsWith('secrets/'))).toEqual([
    'chutes/teller/logs/main.log',
  ]);
  expect(found.length).toBeGreaterThan(1);
  expect(holding(teller, 'the token is (secret)').some((path) => path.startsWith('log/'))).toBe(
    true,
  );
  expect(holding(teller, 'asked with (secret)').some((path) => path.startsWith('log/'))).toBe(true);
});
