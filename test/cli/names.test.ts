import { describe, expect, test } from 'vitest';

import type { Applied } from '../../src/core/applied.ts';
import type { HostFacts } from '../../src/core/facts.ts';
import { limitsOutcome } from '../../src/core/limits-outcome.ts';
import type { Change } from '../../src/core/plan.ts';
import { Shell } from './shell.ts';

/** What a look-up in an object finds although nobody put it there. */
const INHERITED = ['constructor', 'toString', '__proto__'];

test('what every object has is no chute', async () => {
  const shell = new Shell();
  expect((await shell.run(`apply ${shell.define('sleep 600')} -y`)).code).toBe(0);
  for (const name of INHERITED)
    for (const command of ['status', 'logs']) {
      const { code, err } = await shell.run(`${command} ${name}`);
      expect([command, name, code, err.split('\n')[0]]).toEqual([
        command,
        name,
        2,
        expect.stringMatching(/^error: cannot .*: no such chute$/),
      ]);
    }
}, 60_000);

describe('limits of a chute that is called', () => {
  test.each(INHERITED)('%s have no refusals', (chute) => {
    const change = { chute, operation: 'delete', before: null, desired: null } as unknown as Change;
    const applied = { chutes: {}, limits: {} } as unknown as Applied;
    const facts = { capabilities: [] } as unknown as HostFacts;
    const { refusals } = limitsOutcome([change], { applied, facts });
    expect(Object.entries(refusals)).toEqual([[chute, []]]);
  });
});
