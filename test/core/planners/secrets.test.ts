import { describe, expect, test } from 'vitest';

import type { Definition } from '../../../src/core/chute.ts';
import { appliedAfter, ask, definition, planOf, service } from '../plan-model.ts';

const hushed = (fields: Partial<Definition> = {}): Definition => {
  const secret = { $secret: 'b' };
  const environment = { TOKEN: secret, AGAIN: secret, OTHER: { $secret: 'a' } };
  return definition({ services: { main: service({ environment }) }, ...fields });
};

describe('secrets', () => {
  const applied = appliedAfter([ask('apply', hushed())]);

  test('of what will be started are looked for before anything is stopped', () => {
    const { steps } = planOf([ask('restart', 'hello')], { applied });
    const kinds = steps.map(({ kind }) => kind);
    const check = kinds.indexOf('secret.check@1');
    expect(steps[check]?.args).toEqual({
      chute: 'hello',
      secrets: [{ $secret: 'a' }, { $secret: 'b' }],
    });
    expect(check).toBeLessThan(kinds.indexOf('process.stop@1'));
  });

  test.each([
    ['stops', ask('stop', 'hello')],
    ['goes on running', ask('apply', hushed({ description: 'the same, in other words' }))],
    ['is removed', ask('delete', 'hello')],
  ])('of what %s are not looked for', (_what, asked) => {
    const { steps } = planOf([asked], { applied });
    expect(steps.filter(({ kind }) => kind === 'secret.check@1')).toEqual([]);
  });
});
