import { expect, test } from 'vitest';

import { Shell } from './shell.ts';

/** The engine's own log lines among what was printed. */
const logged = (err: string): readonly string[] =>
  err.split('\n').filter((line) => line.startsWith('{'));

test('a failed update prints progress, and log lines only when they are asked for', async () => {
  const shells = [new Shell(), new Shell()] as const;
  const fails = async (shell: Shell, env: Readonly<Record<string, string>>) =>
    await shell.run(`apply ${shell.define('sleep 600')} -y`, {
      RIPCORD_FAULT: 'hang@step=hello/gate.check',
      ...env,
    });
  const [quiet, told] = await Promise.all([
    fails(shells[0], {}),
    fails(shells[1], { RIPCORD_LOG_LEVEL: 'warn' }),
  ]);
  expect(quiet.code).toBe(4);
  expect(quiet.err).toContain('RIPCORD_STEP_TIMEOUT');
  expect(logged(quiet.err)).toEqual([]);
  expect(logged(told.err).join('\n')).toContain('step used up its time');
});
