import { describe, expect, test } from 'vitest';

import { NOTHING_APPLIED, type Applied } from '../../src/core/applied.ts';
import type { Definition } from '../../src/core/chute.ts';
import type { ChuteRequest } from '../../src/core/events.ts';
import { appliedAfter, ask, definition, planned, planOf, refusalsOf, run } from './plan-model.ts';

const hello = definition({ web: { service: 'main', port: 18080 } });
const installed = appliedAfter([ask('apply', hello)]);
const stopped = appliedAfter([ask('apply', hello)], [ask('stop', 'hello')]);
const v = (version: number): Definition => ({ ...hello, version });
const { version: _, ...unversioned } = hello;
const at = (version: number): Applied => appliedAfter([ask('create', v(version))]);

describe('ParaDrop: validate_change', () => {
  test.each<[name: string, request: ChuteRequest, applied: Applied, after: 'running' | 'stopped']>([
    ['create of a chute that is absent', ask('create', v(2)), NOTHING_APPLIED, 'running'],
    ['update of a chute that is absent', ask('update', v(2)), NOTHING_APPLIED, 'running'],
    ['update of a chute that is running', ask('update', v(2)), installed, 'running'],
    ['start of a chute that is stopped', ask('start', 'hello'), stopped, 'running'],
    ['stop of a chute that is running', ask('stop', 'hello'), installed, 'stopped'],
    ['restart of a chute that is stopped', ask('restart', 'hello'), stopped, 'running'],
    ['update from version 1 to 1.5', ask('update', v(1.5)), at(1), 'running'],
    ['create does not look at versions', ask('create', v(0)), NOTHING_APPLIED, 'running'],
  ])('%s is accepted', (_name, request, applied, after) => {
    const { applied: then } = run(applied, planOf([request], { applied }));
    expect(then.chutes['hello']?.run).toBe(after);
    expect(then.chutes['hello']?.services['main']?.state).toBe(after);
  });

  test('delete of a chute that is running is accepted, and it is gone', () => {
    const plan = planOf([ask('delete', 'hello')], { applied: installed });
    expect(run(installed, plan).applied).toEqual(NOTHING_APPLIED);
  });

  test('restart keeps description and version that the update leaves out', () => {
    const test1 = definition({ name: 'test', description: 'testing', version: '1' });
    const applied = appliedAfter([ask('apply', test1)]);
    const given = { ...test1, services: {}, environment: { A: '1' } };
    const { version: _version, description: _description, ...bare } = given;
    const plan = planOf([ask('restart', bare)], { applied });
    expect(run(applied, plan).applied.chutes['test']?.definition).toEqual({
      ...test1,
      environment: { A: '1' },
    });
  });

  test.each<[name: string, request: ChuteRequest, applied: Applied, code: string, words: string]>([
    [
      'create of a chute that is stopped',
      ask('create', v(2)),
      stopped,
      'RIPCORD_OPERATION_REFUSED',
      'cannot create hello: it exists',
    ],
    ...(['start', 'stop', 'restart', 'delete'] as const).map(
      (operation): [string, ChuteRequest, Applied, string, string] => [
        `${operation} of a chute that is absent`,
        ask(operation, 'hello'),
        NOTHING_APPLIED,
        'RIPCORD_CHUTE_UNKNOWN',
        `cannot ${operation} hello: no such chute`,
      ],
    ),
    [
      'start of a chute that is running',
      ask('start', 'hello'),
      installed,
      'RIPCORD_OPERATION_REFUSED',
      'cannot start hello: it is running',
    ],
    [
      'stop of a chute that is stopped',
      ask('stop', 'hello'),
      stopped,
      'RIPCORD_OPERATION_REFUSED',
      'cannot stop hello: it is stopped',
    ],
    [
      'update from version 1 to 1',
      ask('update', v(1)),
      at(1),
      'RIPCORD_OPERATION_REFUSED',
      'cannot update hello: version 1 is installed already',
    ],
    [
      'update from version 2 to 1',
      ask('update', v(1)),
      at(2),
      'RIPCORD_VERSION_LOWER',
      'cannot update hello to version 1: version 2 is installed',
    ],
    [
      'update to what has no version',
      ask('update', unversioned),
      at(2),
      'RIPCORD_VERSION_LOWER',
      'cannot update hello to what has no version: version 2 is installed',
    ],
    [
      'update without any version',
      ask('update', unversioned),
      appliedAfter([ask('create', unversioned)]),
      'RIPCORD_OPERATION_REFUSED',
      'cannot update hello: neither this nor what is installed has a version',
    ],
    [
      'apply from version 2 to 1',
      ask('apply', v(1)),
      at(2),
      'RIPCORD_VERSION_LOWER',
      'cannot apply hello to version 1: version 2 is installed',
    ],
    [
      'apply without a definition',
      ask('apply', 'hello'),
      NOTHING_APPLIED,
      'RIPCORD_DEFINITION_MISSING',
      'cannot apply hello: no definition',
    ],
  ])('%s is refused', (_name, request, applied, code, message) => {
    expect(refusalsOf([request], { applied })).toMatchObject([{ chute: 'hello', code, message }]);
  });

  test('a lower version is applied when downgrades are allowed', () => {
    expect(
      planOf([ask('apply', v(1))], { applied: at(2), allowDowngrade: true }).patch,
    ).toContainEqual({ op: 'replace', path: '/chutes/hello/definition/version', value: 1 });
  });

  test('other content of an equal version is an update, unless it has to be strict', () => {
    const other = ask('apply', { ...hello, description: 'other' });
    expect(planned([other], { applied: installed })).toHaveProperty('plan');
    expect(refusalsOf([other], { applied: installed, strict: true })).toMatchObject([
      { code: 'RIPCORD_OPERATION_REFUSED', path: '/version' },
    ]);
    expect(planned([ask('apply', hello)], { applied: installed, strict: true })).toEqual({
      unchanged: true,
    });
  });

  test('one update cannot ask for a chute twice', () => {
    expect(
      refusalsOf([ask('apply', hello), ask('delete', 'hello')], { applied: installed }),
    ).toMatchObject([{ message: expect.stringContaining('one update asks for it twice') }]);
  });
});
