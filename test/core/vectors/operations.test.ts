import { describe, expect, test } from 'vitest';

import { type Applied, NOTHING_APPLIED } from '../../../src/core/applied.ts';
import type { Definition } from '../../../src/core/chute.ts';
import { complaintText } from '../../../src/core/definition/complaint.ts';
import { parseRequest } from '../../../src/core/definition/parse.ts';
import type { Capability } from '../../../src/core/facts.ts';
import type { Operation } from '../../../src/core/plan.ts';
import { ask, definition, planned, planOf, refusalsOf, run, service } from '../plan-model.ts';
import { vectors } from './vectors.ts';

const CAN: readonly Capability[] = ['cpu-shares', 'memory-limit'];
const facts = { capabilities: CAN };

type Fractions = Readonly<Record<string, number | null>>;

const asking = (name: string, fractions: Fractions): Definition =>
  definition({
    name,
    services: Object.fromEntries(
      Object.entries(fractions).map(([each, cpuFraction]) => [
        each,
        service({ requests: cpuFraction === null ? {} : { cpuFraction } }),
      ]),
    ),
  });

const live = (applied: Applied, operation: Operation, chute: string | Definition): Applied =>
  run(applied, planOf([ask(operation, chute)], { applied, facts })).applied;

/** The shares of every running service; what nobody was given is what everybody has. */
const sharesOf = ({ chutes, limits }: Applied): Readonly<Record<string, number>> =>
  Object.fromEntries(
    Object.entries(chutes).flatMap(([chute, { run: is, services }]) =>
      is === 'stopped'
        ? []
        : Object.keys(services).map((each) => [each, limits[chute]?.[each]?.shares ?? 1024]),
    ),
  );

describe('resource', () => {
  test.each(vectors('resource', 'allocate'))('$name', ({ given, expected }) => {
    const { fractions } = given as { fractions: readonly (number | null)[] };
    const wanted = expected as { fractions?: readonly number[]; refused?: string };
    const chute = asking('a', Object.fromEntries(fractions.map((each, at) => [`s${at}`, each])));
    const request = ask('apply', chute);
    expect(refusalsOf([request], { facts })).toHaveLength(wanted.refused === undefined ? 0 : 1);
    if (wanted.refused !== undefined) return;
    const shares = sharesOf(live(NOTHING_APPLIED, 'apply', chute));
    const parts = fractions.map((_, at) => (shares[`s${at}`] ?? 0) / (1024 * fractions.length));
    // Shares are whole.
    for (const [at, part] of parts.entries())
      expect(part).toBeCloseTo(wanted.fractions?.[at] ?? 0, 3);
    expect(parts).toHaveLength(wanted.fractions?.length ?? -1);
  });

  test.each(vectors('resource', 'cpu shares'))('$name', ({ given, expected }) => {
    const { chutes } = given as {
      chutes: readonly { name: string; running: boolean; services: Fractions }[];
    };
    let applied = NOTHING_APPLIED;
    for (const { name, running, services } of chutes) {
      applied = live(applied, 'apply', asking(name, services));
      if (!running) applied = live(applied, 'stop', name);
    }
    expect(sharesOf(applied)).toEqual(expected);
  });

  test.each(vectors('resource', 'floor'))('$name', ({ expected }) => {
    const others = Array.from({ length: 9 }, (_, at) => [`z${at}`, 0] as const);
    const chute = asking('a', { big: 1, ...Object.fromEntries(others) });
    expect(sharesOf(live(NOTHING_APPLIED, 'apply', chute))).toMatchObject(expected as object);
  });

  test.each(vectors('resource', 'own old version'))('$name', () => {
    const applied = live(NOTHING_APPLIED, 'apply', asking('a', { main: 0.9 }));
    const v2 = { ...asking('a', { main: 0.95 }), version: 2 };
    expect(refusalsOf([ask('update', v2)], { applied, facts })).toEqual([]);
  });

  test('every case is used', () => {
    expect(vectors('resource')).toHaveLength(7 + 5 + 1 + 1);
  });
});

type Operated = {
  readonly operation?: Operation;
  readonly installed?: 'absent' | 'running' | 'stopped';
  readonly installed_version?: number;
  readonly offered_version?: number;
};
type Accepted = {
  readonly accepted?: true;
  readonly state_after?: string;
  readonly refused?: string;
};

function device({ installed, installed_version: version = 1 }: Operated): Applied {
  if (installed === 'absent') return NOTHING_APPLIED;
  const applied = live(NOTHING_APPLIED, 'create', definition({ name: 'x', version }));
  return installed === 'stopped' ? live(applied, 'stop', 'x') : applied;
}

describe('state', () => {
  const operations = vectors('state').filter(({ expected }) => (expected as Accepted).accepted);
  const refused = vectors('state').filter(
    ({ name, expected }) =>
      (expected as Accepted).refused !== undefined && name !== 'unknown updateClass',
  );

  test.each([...operations, ...refused])('$name', ({ name, given, expected }) => {
    const wanted = expected as Accepted;
    const how = given as Operated;
    const operation = how.operation ?? (name.split(' ')[0] as Operation);
    const applied = device(how);
    const byName = ['start', 'stop', 'restart', 'delete'].includes(operation);
    const offered = definition({ name: 'x', version: how.offered_version ?? 2 });
    const request = ask(operation, byName ? 'x' : offered);
    expect(refusalsOf([request], { applied })).toHaveLength(wanted.refused === undefined ? 0 : 1);
    if (wanted.refused !== undefined) return;
    const after = run(applied, planOf([request], { applied })).applied.chutes['x'];
    // What is deleted is there no more, and so has stopped.
    expect(after?.run ?? 'stopped').toBe(wanted.state_after);
  });

  test.each(vectors('state', 'unknown updateClass'))('$name', ({ given, expected }) => {
    const object = { ...(given as object), updateType: 'create', name: 'hello' };
    const options = { file: 'u.json', secret: ($secret: string) => ({ $secret }) };
    const read = parseRequest(JSON.stringify(object), options);
    const words = read.ok ? '' : read.complaints.map(complaintText).join();
    const known = /one of: (.*)$/.exec((expected as { refused: string }).refused)?.[1] ?? 'none';
    // SNAP is refused here, and so not among what would work.
    const missing = known.split(', ').filter((each) => !words.includes(each));
    expect(missing.filter((each) => each !== 'SNAP')).toEqual([]);
  });

  test.each(vectors('state', 'restart keeps'))('$name', ({ given, expected }) => {
    const { installed } = given as { installed: Partial<Definition> };
    const before = definition({ ...installed, name: 'test' });
    const applied = live(live(NOTHING_APPLIED, 'apply', before), 'restart', 'test');
    expect(applied.chutes['test']?.definition).toMatchObject(expected as object);
  });

  test('every case is used', () => {
    expect(operations.length + refused.length + 2).toBe(vectors('state').length);
  });
});

describe('security', () => {
  test.each(vectors('security'))('$name', ({ given, expected, note }) => {
    const { installed_owner: owner, user, role } = given as Record<string, string | null>;
    const by = { user: user ?? '', role: role ?? '', via: 'http' };
    const mine = definition({ name: 'x', ...(owner != null && { owner }) });
    const applied = owner == null ? NOTHING_APPLIED : live(NOTHING_APPLIED, 'apply', mine);
    const answer = planned([ask('apply', { ...mine, version: 2 })], { applied, by });
    // Where there the code and its own table differ, ours refuses.
    const permitted = expected === 'permitted' && note === undefined;
    if (permitted) expect(answer).toHaveProperty('plan');
    else expect(answer).toMatchObject({ refusals: [{ code: 'RIPCORD_ACCESS_DENIED' }] });
  });

  test('every case is used', () => {
    expect(vectors('security')).toHaveLength(4);
  });
});
