import { describe, expect, test } from 'vitest';

import { storyOf } from '../../replay/story.ts';
import { applyOf, FAILURE } from './asked.ts';
import {
  ask,
  begins,
  fails,
  gate,
  installed,
  LOUDER,
  place,
  start,
  steps,
  texts,
} from './why-told.ts';

describe('why an update went as it went', () => {
  test('that a crash cut off says where, and that it went on', async () => {
    const told = await installed();
    await begins(told, 'u2');
    await told.reboots('boot-2', { update: 'u2', step: start.id });
    const asked = applyOf('hello', 2);
    await told.succeeds('u2', start, told.patchOf(start, 'hello', asked.definition), {
      recovered: true,
    });
    await told.goes('u2', asked, steps.slice(2), 2);
    await told.commits('u2');
    const answer = await ask(told, 'u2');
    expect(answer.text).toBe('u2 got through: hello is r2.');
    expect(texts(answer)).toContain(
      'a crash cut it off at s2 (hello/process.start); the next engine went on with it',
    );
    expect(texts(await ask(told, 'u2.s2'))).toContain(
      'attempt 1 got through, found in place by a look at the world',
    );
  });

  test('that was refused says by which module, at which field, and what would work', async () => {
    const told = await installed();
    await told.asks('u2', [applyOf('hello', 2)]);
    const refusal = {
      chute: 'hello',
      module: 'struct',
      code: 'RIPCORD_PORT_TAKEN',
      message: 'port 8080/tcp is held by camera/web',
      path: '/services/main/ports',
      hint: 'take another port',
    };
    const { code, message, hint } = refusal;
    await told.tell({
      type: 'update.rejected',
      update: 'u2',
      code,
      message,
      hint,
      refusals: [refusal],
    });
    const answer = await ask(told, 'u2');
    expect(answer.text).toBe('u2 was refused: port 8080/tcp is held by camera/web.');
    expect(texts(answer)).toContain(
      'the module struct refused it, at hello.services.main.ports: port 8080/tcp is held by camera/web; take another port',
    );
    expect(texts(await ask(told, 'port:8080'))).toContain(
      'u2 was refused: port 8080/tcp is held by camera/web',
    );
    expect(texts(await ask(told, 'port:808'))).toEqual([]);
  });

  test('that a newer one or a person stopped says who', async () => {
    const told = await installed();
    await told.asks('u2', [applyOf('hello', 2)]);
    await told.asks('u3', [applyOf('hello', 3)], { mode: 'supersede' });
    await told.tell({ type: 'update.superseded', update: 'u2', by: 'u3', stateHash: told.hash });
    const by = { user: 'joe', role: 'admin', via: 'api' };
    await told.tell({ type: 'update.cancelled', update: 'u3', by, stateHash: told.hash });
    expect((await ask(told, 'u2')).text).toBe('u2 was superseded: u3 took its place.');
    expect((await ask(told, 'u3')).text).toBe('u3 was cancelled: joe cancelled it.');
    expect((await ask(told, 'hello')).text).toContain('desired r2 (version 3) was withdrawn');
  });

  test('that is stuck says what could not be undone, and what settles it', async () => {
    const told = await installed();
    await begins(told, 'u2');
    await told.fails('u2', start);
    await told.aborts('u2', start);
    const about = { update: 'u2', step: start.id, n: 2, attempt: 1 };
    await told.tell({ type: 'compensation.intended', ...about });
    const failed = { error: FAILURE, final: true, retryInMs: null };
    await told.tell({ type: 'compensation.failed', ...about, ...failed });
    const stuck = { step: start.id, n: 2, reason: FAILURE, state: 'failed' as const };
    const behind = { step: place.id, n: 1, reason: FAILURE, state: 'blocked' as const };
    const waiting = { ...behind, blockedBy: start.id };
    const stuckSteps = [{ ...stuck, blockedBy: null }, waiting];
    await told.tell({ type: 'update.stuck', update: 'u2', steps: stuckSteps });
    const answer = await ask(told, 'u2');
    expect(answer.text).toBe(
      'u2 is stuck: s2 (hello/process.start) failed, and undoing it failed.',
    );
    expect(answer.next).toBe('ripcord why u2.s2');
    expect(texts(answer).slice(-3)).toEqual([
      's2 could not be undone: exited with 1',
      's1 waits until s2 is settled',
      'nothing goes on with it until a person settles it',
    ]);
    const step = await ask(told, 'u2.s2');
    expect(step.next).toBe('ripcord resolve u2.s2 --as retry -m "tried again"');
    expect(texts(step).at(-1)).toMatch(/^its undo failed: exited with 1/);
  });

  test('that a person settled says who, as what and why', async () => {
    const told = await installed();
    await begins(told, 'u2');
    await told.fails('u2', start);
    await told.aborts('u2', start);
    const about = { update: 'u2', step: start.id, n: 2 };
    await told.tell({ type: 'compensation.intended', ...about, attempt: 1 });
    const failed = { attempt: 1, error: FAILURE, final: true, retryInMs: null };
    await told.tell({ type: 'compensation.failed', ...about, ...failed });
    await told.tell({ type: 'update.stuck', update: 'u2', steps: [] });
    const by = { user: 'joe', role: 'admin', via: 'cli' };
    const settled = { as: 'done' as const, message: 'looked', by, patch: [], inverse: [] };
    await told.tell({ type: 'compensation.resolved', ...about, ...settled });
    await told.undoes('u2', place);
    const accepted = [start.id];
    await told.tell({ type: 'update.resolved', update: 'u2', stateHash: told.hash, accepted });
    const answer = await ask(told, 'u2');
    expect(answer.text).toContain('u2 was settled by a person');
    expect(texts(answer).slice(-2)).toEqual([
      'joe settled s2 as done: "looked"',
      'accepted as they are: hello/process.start',
    ]);
  });

  test('that kept crashing says until when it is refused', async () => {
    const told = await installed();
    await begins(told, 'u2');
    await told.reboots('boot-2', { update: 'u2', step: start.id });
    await told.aborts('u2', start, 'looping');
    const contentHash = (await told.replay()).state.updates['u2']?.request.contentHash ?? '';
    const retryAt = '2026-11-23T10:00:00.000Z';
    const how = {
      chutes: ['hello'],
      contentHash,
      reason: 'crashed 3 times',
      interruptions: 3,
      retryAt,
    };
    await told.undoes('u2', start);
    await told.undoes('u2', place);
    await told.tell({ type: 'version.quarantined', update: 'u2', ...how });
    await told.tell({
      type: 'update.reverted',
      update: 'u2',
      cause: 'looping',
      stateHash: told.hash,
      verified: true,
    });
    const answer = await ask(told, 'u2');
    expect(answer.text).toBe('u2 was undone: it was interrupted at the same step again and again.');
    expect(texts(answer).at(-1)).toBe(`refused until ${retryAt}: crashed 3 times`);
  });

  test('that is on its way says what it waits for', async () => {
    const told = await installed();
    await begins(told, 'u2');
    await told.asks('u3', [applyOf('hello', 3)], { mode: 'queue' });
    await told.tell({ type: 'update.queued', update: 'u3', behind: ['u2'] });
    const answer = await ask(told, 'u3');
    expect(answer).toMatchObject({ text: 'u3 is on its way: queued.', next: 'ripcord watch u3' });
    expect(texts(answer)).toContain('it waited behind u2, which touched the same');
    expect((await ask(told, 'u2.s2')).text).toBe('u2.s2 (hello/process.start) is under way.');
    expect((await ask(told, 'hello')).text).toContain('r2 (version 3) is on its way');
  });

  test('that changed nothing says so', async () => {
    const told = await installed();
    await told.asks('u2', [applyOf('hello', 1)]);
    await told.tell({
      type: 'update.committed',
      update: 'u2',
      stateHash: told.hash,
      unchanged: true,
    });
    expect((await ask(told, 'u2')).text).toBe(
      'u2 changed nothing: the device was already as asked.',
    );
  });
});

describe('why a step was there', () => {
  test('names its module, the difference it is about, and why it was undone', async () => {
    const told = await installed();
    await fails(told, 'u2');
    const answer = await ask(told, 'u2.s1');
    expect(answer.text).toBe(
      'u2.s1 (hello/directory.create) was undone because s2 (hello/process.start) failed.',
    );
    expect(texts(answer).slice(0, 2)).toEqual([
      'the module state asked for it for hello: hello/directory.create',
      'because hello.services.main.command → ["node","v2.js"], as all of the change does',
    ]);
    expect(answer).toMatchObject({ subject: 'u2.s1', next: 'ripcord show u2.s1' });
    expect(await ask(told, 'u2/hello/directory.create')).toEqual(answer);
  });

  test('that was skipped says by whom and why', async () => {
    const told = await installed();
    await told.asks('u2', [applyOf('hello', 2)]);
    await told.plans(
      'u2',
      [
        { ...place, needs: [] },
        { ...start, needs: [place.id] },
      ],
      LOUDER,
    );
    await told.succeeds('u2', place);
    const by = { update: 'u2', step: place.id };
    const skip = { by, reason: 'what runs is what is on disk', contentHash: null };
    await told.tell({ type: 'step.skipped', update: 'u2', step: start.id, n: 2, ...skip });
    const answer = await ask(told, 'u2.s2');
    expect(answer.text).toBe(
      'u2.s2 (hello/process.start) was not needed: what runs is what is on disk.',
    );
    expect(texts(answer)).toContain('it came after s1 (hello/directory.create)');
    expect(texts(answer)).toContain(
      'skipped, satisfied by s1 (hello/directory.create): what runs is what is on disk',
    );
    await told.aborts('u2', null, 'cancelled');
    await told.undoes('u2', place);
    expect(texts(await ask(told, 'u2.s2'))).toContain(
      'skipped, satisfied by s1 (hello/directory.create): what runs is what is on disk, which no longer holds: it was undone',
    );
    const { plan } = await storyOf(await told.replay(), 'u2');
    expect(plan?.steps[1]?.skipped).toEqual({ by, reason: skip.reason, holds: false });
  });

  test('that was skipped thanks to another update names it', async () => {
    const told = await installed();
    await told.asks('u2', [applyOf('hello', 2)]);
    await told.plans('u2', [start], LOUDER);
    const by = { update: 'u1', step: 'hello/reload' };
    const skip = { by, reason: 'what runs is what is on disk', contentHash: null };
    await told.tell({ type: 'step.skipped', update: 'u2', step: start.id, n: start.n, ...skip });
    expect(texts(await ask(told, `u2/${start.id}`))).toContain(
      'skipped, satisfied by u1 hello/reload: what runs is what is on disk',
    );
  });

  test('of the gate tells its answers', async () => {
    const told = await installed();
    expect(texts(await ask(told, `u1.s${gate.n}`))).toContain('the health checks passed');
  });
});
