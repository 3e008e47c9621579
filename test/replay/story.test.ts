import { describe, expect, test } from 'vitest';

import { stepDetail } from '../../replay/step-detail.ts';
import { storyOf, type UpdateStory } from '../../replay/story.ts';
import { applyOf, FAILURE, stepsOf } from './asked.ts';
import { ToldDevice } from './told-device.ts';

const [place, start, gate, save, drop] = stepsOf('hello');
const asked = applyOf('hello', 1);

async function begun(until: number): Promise<ToldDevice> {
  const told = new ToldDevice();
  await told.starts();
  await told.asks('u1', [asked], { message: 'why not' });
  await told.plans(
    'u1',
    [place, start, gate, save, drop],
    [{ op: 'add', path: '/chutes/hello', value: {} }],
  );
  await told.goes('u1', asked, [place, start, gate, save, drop], until);
  return told;
}

const story = async (told: ToldDevice): Promise<UpdateStory> =>
  await storyOf(await told.replay(), 'u1');

const states = ({ plan }: UpdateStory): unknown => plan?.steps.map(({ state }) => state);

describe('the story of an update', () => {
  test('that got through tells plan, attempts, gate and what it was asked', async () => {
    const told = await begun(4);
    await told.commits('u1');
    await told.intends('u1', drop);
    await told.succeeds('u1', drop);
    const told1 = await story(told);
    expect(states(told1)).toEqual(['done', 'done', 'done', 'done', 'done']);
    expect(told1).toMatchObject({
      outcome: 'committed',
      request: { message: 'why not' },
      patch: [{ op: 'add', path: '/chutes/hello' }],
      attempts: 5,
      undone: [],
      verified: null,
      gates: [{ step: 'hello/gate.check', passed: true, answer: 'well', durationMs: 15 }],
      plan: { steps: [{ n: 1, module: 'state', kind: 'directory.create@1' }, {}, {}, {}, {}] },
    });
    expect(told1.plan?.steps[4]).toMatchObject({ afterCommit: true, undo: null });
    expect(told1.events.map(({ type }) => type)).not.toContain('engine.started');
    expect(told1.events).toHaveLength(told1.lastSeq - told1.requestedSeq + 1);
  });

  test('that failed names the step, the error, every attempt and what was undone, in order', async () => {
    const told = await begun(1);
    await told.intends('u1', start);
    await told.fails('u1', start, { final: false });
    await told.intends('u1', start, 2);
    await told.fails('u1', start, { attempt: 2 });
    await told.aborts('u1', start);
    await told.undoes('u1', start);
    await told.undoes('u1', place);
    await told.reverts('u1');
    const failed = await story(told);
    expect(failed).toMatchObject({
      outcome: 'reverted',
      failedStep: 'hello/process.start',
      error: FAILURE,
      undone: ['hello/process.start', 'hello/directory.create'],
      verified: true,
    });
    expect(failed.stateHash.start).toBe(failed.stateHash.end);
    expect(states(failed)).toEqual(['undone', 'undone', 'pending', 'pending', 'pending']);
    expect(failed.plan?.steps[1]).toMatchObject({
      attempts: [
        { attempt: 1, outcome: 'failed', retryInMs: 200, error: FAILURE, durationMs: 36 },
        { attempt: 2, outcome: 'failed', retryInMs: null },
      ],
      undone: { outcome: 'undone', attempts: 1, durationMs: 20 },
    });
  });

  test('that a crash cut off tells where, and that the effect was found', async () => {
    const told = await begun(1);
    await told.intends('u1', start);
    expect((await story(told)).plan?.steps[1]).toMatchObject({
      state: 'running',
      attempts: [{ outcome: 'running', durationMs: null }],
    });
    await told.reboots('boot-2', { update: 'u1', step: start.id });
    expect((await story(told)).plan?.steps[1]).toMatchObject({
      state: 'in-doubt',
      attempts: [{ outcome: 'interrupted' }],
    });
    const about = { update: 'u1', step: start.id, n: 2 };
    await told.tell({
      type: 'step.probed',
      ...about,
      state: 'done',
      again: false,
      evidence: 'pid 7',
    });
    await told.succeeds('u1', start, told.patchOf(start, 'hello', null), { recovered: true });
    const found = await story(told);
    expect(found).toMatchObject({
      outcome: null,
      phase: 'running',
      recovered: true,
      interruptions: 1,
      interrupted: [{ step: start.id, boot: 'boot-2' }],
    });
    expect(found.plan?.steps[1]).toMatchObject({
      state: 'done',
      attempts: [{ attempt: 1, outcome: 'succeeded', recovered: true }],
    });
  });

  test('that is stuck names each step with its state', async () => {
    const told = await begun(2);
    await told.aborts('u1', start);
    const about = { update: 'u1', step: start.id, n: 2 };
    const failed = { attempt: 1, error: FAILURE, final: true, retryInMs: null };
    await told.tell({ type: 'compensation.intended', ...about, attempt: 1 });
    await told.tell({ type: 'compensation.failed', ...about, ...failed });
    const steps = [
      { step: start.id, n: 2, reason: FAILURE, state: 'failed', blockedBy: null },
      { step: place.id, n: 1, reason: FAILURE, state: 'blocked', blockedBy: start.id },
    ] as const;
    await told.tell({ type: 'update.stuck', update: 'u1', steps });
    const stuck = await story(told);
    expect(stuck).toMatchObject({ outcome: 'stuck', stuck: steps, undone: [] });
    expect(stuck.plan?.steps[1]).toMatchObject({
      state: 'stuck',
      undone: { outcome: 'failed', error: FAILURE },
    });

    const by = { user: 'bo', role: 'owner', via: 'cli' };
    const accepted = { as: 'done' as const, message: 'I looked', by, patch: [], inverse: [] };
    await told.tell({ type: 'compensation.resolved', ...about, ...accepted });
    await told.undoes('u1', place);
    await told.tell({
      type: 'update.resolved',
      update: 'u1',
      stateHash: told.hash,
      accepted: [start.id],
    });
    const settled = await story(told);
    expect(settled).toMatchObject({ outcome: 'resolved', accepted: [start.id], stuck: [] });
    expect(states(settled)).toEqual(['undone', 'accepted', 'pending', 'pending', 'pending']);
    expect(settled.plan?.steps[1]?.undone).toMatchObject({ message: 'I looked' });
  });

  test('that was refused tells the refusals and the hint', async () => {
    const told = new ToldDevice();
    await told.asks('u1', [asked]);
    const refusal = { chute: 'hello', module: 'runtime', code: 'X', message: 'm', path: '' };
    const refusals = [{ ...refusal, hint: 'h' }];
    const why = { code: 'X', message: 'm', hint: 'h', refusals };
    await told.tell({ type: 'update.rejected', update: 'u1', ...why });
    const refused = await story(told);
    expect(refused).toMatchObject({ outcome: 'rejected', refusals, hint: 'h', plan: null });
    expect(refused.error).toEqual({ code: 'X', message: 'm' });
  });

  test('tells of a failure behind the commit as a warning', async () => {
    const told = await begun(4);
    await told.commits('u1');
    await told.intends('u1', drop);
    await told.fails('u1', drop);
    const warned = await story(told);
    expect(warned).toMatchObject({ outcome: 'committed', warnings: [drop.id], failedStep: null });
  });

  test('is without the records of other updates beside it', async () => {
    const told = await begun(1);
    await told.asks('u2', [applyOf('other', 1)]);
    await told.succeeds('u1', start, told.patchOf(start, 'hello', null));
    const { events } = await story(told);
    expect(new Set(events.map((record) => 'update' in record && record.update))).toEqual(
      new Set(['u1']),
    );
  });
});

describe('one step', () => {
  test('tells intent, size of its undo data, probes, result and patches', async () => {
    const told = await begun(1);
    const undoBlob = await told.journal.putBlob(new Uint8Array(70_000));
    const about = { update: 'u1', step: start.id, n: 2 };
    const intent = { kind: start.kind, attempt: 1, inputHash: 'abc', undo: null, undoBlob };
    await told.tell({ type: 'step.intended', ...about, ...intent });
    await told.tell({ type: 'step.noted', ...about, fact: { pid: 7 } });
    await told.tell({
      type: 'step.probed',
      ...about,
      state: 'partial',
      again: false,
      evidence: 'half',
    });
    const patch = told.patchOf(start, 'hello', null);
    await told.succeeds('u1', start, patch);
    const detail = await stepDetail(await told.replay(), 'u1', 2);
    expect(detail).toMatchObject({
      ref: 'u1.s2',
      id: start.id,
      args: { n: 2 },
      intents: [{ inputHash: 'abc', undoData: { bytes: 70_000, blob: undoBlob } }],
      notes: [{ pid: 7 }],
      probes: [{ state: 'partial', evidence: 'half' }],
      result: null,
      patch,
      inverse: [{ op: 'remove', path: '/chutes/hello/services/main' }],
    });
    expect(detail.events).toHaveLength(4);
  });

  test('is found by its id too, with small undo data counted as it lies in the log', async () => {
    const told = await begun(1);
    const { intents, n } = await stepDetail(await told.replay(), 'u1', place.id);
    expect(n).toBe(1);
    expect(intents[0]?.undoData).toEqual({ bytes: '{"was":1}'.length, blob: null });
  });

  test.each([
    [9, 'cannot find u1.s9: its plan has s1 to s5'],
    ['nope', 'cannot find u1/nope: its plan has s1 to s5'],
  ])('%s is unknown', async (step, message) => {
    const replay = await (await begun(1)).replay();
    const found = stepDetail(replay, 'u1', step);
    await expect(found).rejects.toMatchObject({ code: 'RIPCORD_REF_UNKNOWN', message });
  });
});
