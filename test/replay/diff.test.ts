import fjp from 'fast-json-patch';
import { describe, expect, test } from 'vitest';

import { diffLines, statLine } from '../../replay/diff-text.ts';
import { diff, type Diff } from '../../replay/diff.ts';
import { partAt, readableView, stateView, viewOfState } from '../../replay/view.ts';
import { applyOf } from './asked.ts';
import { sha256 } from './sha256.ts';
import { ToldDevice } from './told-device.ts';

async function device(): Promise<ToldDevice> {
  const told = new ToldDevice();
  await told.installs('u1', 'hello', 1, { environment: { LOG: 'info', KEY: { $secret: 'a1' } } });
  await told.installs('u2', 'hello', 2, {
    environment: { LOG: 'debug', KEY: { $secret: 'b2' }, NEW: { $secret: 'c3' } },
  });
  return told;
}

const lines = async (points: Parameters<typeof diff>[1]): Promise<readonly string[]> =>
  diffLines(await diff(await (await device()).replay(), points)).map((line) =>
    line.replaceAll(/ {2,}/g, '  '),
  );

describe('a diff', () => {
  test('says in lines what changed, and nothing of secrets but that they did', async () => {
    expect(await lines({ from: 'u1', to: 'u2' })).toEqual([
      'hello.version  1 → 2',
      'hello.environment.LOG  info → debug',
      'hello.environment.KEY  (secret, changed)',
      'hello.environment.NEW  + (secret)',
      'hello.services.main.command  ["node","v1.js"] → ["node","v2.js"]',
      expect.stringMatching(/^hello\.services\.main\.source\.digest {2}sha256:0+1 → sha256:0+2$/),
    ]);
  });

  test('goes to the head when only one point is named, and both ways', async () => {
    const path = 'hello.environment.LOG';
    expect(await lines({ from: 'u1', path })).toEqual([`${path}  info → debug`]);
    expect(await lines({ from: 'u2', to: 'u1', path })).toEqual([`${path}  debug → info`]);
  });

  test('is empty between equal points', async () => {
    const replay = await (await device()).replay();
    const none = await diff(replay, { from: 'u2', to: 'HEAD' });
    expect(none).toMatchObject({ patch: [], differences: [], stat: { paths: 0, updates: [] } });
    expect(statLine(none)).toBe('no difference');
  });

  test('counts paths, chutes and the updates between', async () => {
    const replay = await (await device()).replay();
    const all = await diff(replay, { from: 'u1^' });
    expect(all.stat).toEqual({ paths: 2, chutes: ['hello'], updates: ['u1', 'u2'] });
    expect(statLine(await diff(replay, { from: 'u1' }))).toBe('6 paths in 1 chute, 1 update (u2)');
  });

  test('carries the patch from one view to the other', async () => {
    const replay = await (await device()).replay();
    const { patch } = await diff(replay, { from: 'u1', to: 'u2' });
    const before = structuredClone(viewOfState(await replay.stateAt((await seqs(replay))[0])));
    fjp.applyPatch(before, patch as fjp.Operation[]);
    expect(before).toEqual(viewOfState(replay.state));
  });

  test('keeps its patch to the part that is asked for', async () => {
    const replay = await (await device()).replay();
    const part = await diff(replay, { from: 'u1', path: 'hello.environment.LOG' });
    expect(part.patch).toEqual([
      { op: 'replace', path: '/chutes/hello/definition/environment/LOG', value: 'debug' },
    ]);
  });

  test('compares what is applied with what is desired when no point is named', async () => {
    const told = await device();
    const settled = await diff(await told.replay());
    expect(settled.differences).toEqual([]);
    await told.asks('u3', [applyOf('hello', 3)]);
    const asked: Diff = await diff(await told.replay());
    expect(asked).toMatchObject({
      from: { ref: 'applied' },
      to: { ref: 'desired' },
      stat: { chutes: ['hello'], updates: ['u3'] },
    });
    expect(asked.differences.map(({ path }) => path)).toContain('hello.version');
  });

  test('tells a service that is found dead', async () => {
    const told = await device();
    const path = '/chutes/hello/services/main/state';
    await told.tell({
      type: 'drift.found',
      chute: 'hello',
      message: 'gone',
      evidence: null,
      patch: [{ op: 'replace', path, value: 'exited' }],
      inverse: [{ op: 'replace', path, value: 'running' }],
    });
    const { differences } = await diff(await told.replay());
    expect(differences).toEqual([
      { path: 'hello.state.main', kind: 'changed', before: 'exited', after: 'running' },
    ]);
  });
});

async function seqs(replay: Awaited<ReturnType<ToldDevice['replay']>>): Promise<[number]> {
  return [(await replay.chronicle()).update('u1')?.lastSeq ?? 0];
}

describe('a part of a state', () => {
  test.each([
    ['hello.services.main.command', ['node', 'v2.js']],
    ['hello.services.main.command.1', 'v2.js'],
    ['hello.services.main.ports.18080/tcp.internal', 18080],
    ['hello.run', 'running'],
    ['hello.state.main', 'running'],
    ['hello.nothing', undefined],
    ['nobody', undefined],
    ['hello.version.deeper', undefined],
  ])('%s is %j', async (path, value) => {
    const { state } = await (await device()).replay();
    expect(partAt(readableView(viewOfState(state)), path)).toEqual(value);
  });

  test('may have dots in its keys', () => {
    expect(partAt({ volumes: { '/data.d': { name: 'x' } } }, 'volumes./data.d.name')).toBe('x');
  });

  test('is shown with the hash of the whole', async () => {
    const told = await device();
    expect(stateView(told.state, sha256)).toEqual({ ...told.state, stateHash: told.hash });
  });
});
