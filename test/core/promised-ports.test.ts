import { expect, test } from 'vitest';

import { NOTHING_APPLIED } from '../../src/core/applied.ts';
import type { Definition } from '../../src/core/chute.ts';
import { withPromisedPorts } from '../../src/core/promised-ports.ts';
import { appliedAfter, ask, definition, planOf, refusalsOf, service } from './plan-model.ts';

const on80 = (name: string): Definition =>
  definition({ name, services: { main: service({ ports: { '80/tcp': { internal: 80 } } }) } });

test('a port that a plan under way will take is taken for the next plan', () => {
  const { steps } = planOf([ask('apply', on80('x'))]);
  const applied = withPromisedPorts(NOTHING_APPLIED, steps);
  expect(refusalsOf([ask('apply', on80('y'))], { applied })).toMatchObject([
    { message: 'cannot publish port 80/tcp of service main of y: chute x has it' },
  ]);
  expect(NOTHING_APPLIED.reservations.ports).toEqual({});
});

test('a port that a plan under way will give up is taken until it did', () => {
  const before = appliedAfter([ask('apply', on80('x'))]);
  const { steps } = planOf([ask('delete', 'x')], { applied: before });
  expect(withPromisedPorts(before, steps)).toEqual(before);
});
