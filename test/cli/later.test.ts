import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, test } from 'vitest';

import type { Context } from '../../src/cli/context.ts';
import { runProgram } from '../../src/cli/program.ts';
import { LATER_OPTIONS } from '../../src/cli/words.ts';
import { Shell } from './shell.ts';

const notRun = (): Context => {
  throw new Error('the command was run');
};

describe('what comes later', () => {
  test.each(
    Object.entries(LATER_OPTIONS).flatMap(([word, flags]) => flags.map((flag) => [word, flag])),
  )('is said of %s %s, with a value or without', async (word = '', flag = '') => {
    for (const args of [
      [word, 'x', flag],
      [word, 'x', flag, 'value'],
      [word, `${flag}=value`, 'x'],
    ])
      await expect(runProgram(args, notRun)).rejects.toMatchObject({
        code: 'RIPCORD_COMMAND_LATER',
        message: `cannot ${word} with ${flag}: this version does not have it yet, a later one will`,
      });
  });

  test.each(['--simulat', '--frobnicate'])(
    'is not said of %s, which nobody knows',
    async (flag) => {
      await expect(runProgram(['plan', flag], notRun)).rejects.toMatchObject({
        code: 'RIPCORD_USAGE_INVALID',
      });
    },
  );

  test('is said of a plan where a definition is asked for', async () => {
    const shell = new Shell();
    const { out: plan } = await shell.run(`plan ${shell.define('sleep 600')} -o json`);
    const file = join(shell.home, 'plan.json');
    writeFileSync(file, plan);
    const { code, err } = await shell.run(`apply ${file} -y`);
    expect(err).toContain('RIPCORD_COMMAND_LATER');
    expect(code).toBe(2);
  });
});
