import { describe, expect, test } from 'vitest';

import { NOTHING_APPLIED, type Applied } from '../../../src/core/applied.ts';
import type { ChuteRequest } from '../../../src/core/events.ts';
import { appliedAfter, ask, definition, planned, planOf, refusalsOf, run } from '../plan-model.ts';

const by = (user: string, role: string): { by: { user: string; role: string; via: string } } => ({
  by: { user, role, via: 'http' },
});

const ofAda = definition({ owner: 'ada' });
const adas = appliedAfter([ask('apply', ofAda)]);
const nobodys = appliedAfter([ask('apply', definition())]);

describe('who may change a chute', () => {
  test.each<
    [
      story: string,
      who: ReturnType<typeof by>,
      request: ChuteRequest,
      applied: Applied,
      message: string | null,
    ]
  >([
    ['its owner updates it', by('ada', 'user'), ask('apply', { ...ofAda, version: 2 }), adas, null],
    ['its owner deletes it', by('ada', 'user'), ask('delete', 'hello'), adas, null],
    ['an admin stops it', by('eve', 'admin'), ask('stop', 'hello'), adas, null],
    [
      'the owner of the device restarts it',
      by('root', 'owner'),
      ask('restart', 'hello'),
      adas,
      null,
    ],
    [
      'somebody else stops it',
      by('bob', 'trusted'),
      ask('stop', 'hello'),
      adas,
      'cannot stop hello: it belongs to ada, and bob (trusted) is neither its owner nor an admin',
    ],
    [
      'somebody without a name takes one without an owner',
      by('', 'trusted'),
      ask('delete', 'hello'),
      nobodys,
      'cannot delete hello: it belongs to the device, and  (trusted) is neither its owner nor an admin',
    ],
    [
      'its owner gives it away',
      by('ada', 'user'),
      ask('apply', { ...ofAda, owner: 'bob' }),
      adas,
      'cannot apply hello: only an admin gives it from ada to bob',
    ],
    [
      'somebody trusted installs',
      by('bob', 'trusted'),
      ask('apply', definition()),
      NOTHING_APPLIED,
      null,
    ],
    [
      'somebody who is not trusted installs',
      by('bob', 'user'),
      ask('apply', definition()),
      NOTHING_APPLIED,
      'cannot apply hello: bob (user) is not trusted to install chutes',
    ],
    [
      'a role nobody knows installs',
      by('bob', 'wizard'),
      ask('apply', definition()),
      NOTHING_APPLIED,
      'cannot apply hello: bob (wizard) is not trusted to install chutes',
    ],
    [
      'somebody trusted installs for another',
      by('bob', 'trusted'),
      ask('apply', ofAda),
      NOTHING_APPLIED,
      'cannot apply hello: bob (trusted) cannot install it for ada',
    ],
  ])('%s', (_story, who, request, applied, message) => {
    const refusals = refusalsOf([request], { applied, ...who });
    expect(refusals.map((refusal) => refusal.message)).toEqual(message === null ? [] : [message]);
    if (message !== null) expect(refusals[0]?.code).toBe('RIPCORD_ACCESS_DENIED');
  });

  test('a new chute is its installer’s, and stays so when an update does not say', () => {
    const plan = planOf([ask('apply', definition())], by('bob', 'trusted'));
    const { applied } = run(NOTHING_APPLIED, plan);
    expect(applied.chutes['hello']?.definition?.owner).toBe('bob');
    const again = planned([ask('apply', definition())], { applied, ...by('root', 'owner') });
    expect(again).toEqual({ unchanged: true });
  });

  test('the local owner leaves no name in what is applied', () => {
    expect(nobodys.chutes['hello']?.definition).not.toHaveProperty('owner');
  });

  test('access is told before the version, and both are told', () => {
    const lower = ask('apply', { ...ofAda, version: 0 });
    expect(
      refusalsOf([lower], { applied: adas, ...by('bob', 'user') }).map(({ code }) => code),
    ).toEqual(['RIPCORD_ACCESS_DENIED', 'RIPCORD_VERSION_LOWER']);
  });
});
