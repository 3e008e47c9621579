import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { expect, test } from 'vitest';

import { planRequest } from '../../src/cli/plan-request.ts';
import { NEW_STATE, type UpdateState } from '../../src/core/state.ts';
import { askedOf } from '../../src/library/asked.ts';
import { ask, definition, planOf, service } from '../core/plan-model.ts';

const on80 = (name: string) =>
  ask(
    'apply',
    definition({ name, services: { main: service({ ports: { '80/tcp': { internal: 80 } } }) } }),
  );

test('a port that an update on its way will take is taken, as it is for apply', async () => {
  const { steps } = planOf([on80('other')]);
  const request = { ...askedOf([on80('other')], {}), contentHash: '' };
  const u1 = { id: 'u1', request, plan: { steps } } as UpdateState;
  const root = join(tmpdir(), 'ripcord-that-is-not-there');
  const mine = askedOf([on80('mine')], {});
  expect(await planRequest(root, NEW_STATE, mine)).toHaveProperty('plan');
  expect(await planRequest(root, { ...NEW_STATE, updates: { u1 } }, mine)).toMatchObject({
    refusals: [
      { message: 'cannot publish port 80/tcp of service main of mine: chute other has it' },
    ],
  });
});
