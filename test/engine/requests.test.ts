import { describe, expect, test } from 'vitest';

import { stateHash } from '../../src/core/applied.ts';
import { resolveStep } from '../../src/engine/resolve.ts';
import { asked, definition, sha256, World } from './world.ts';

const BY = { user: 'amelia', role: 'owner', via: 'test' };
const V1 = definition('hello', 1, ['A']);
const V2 = definition('hello', 2, ['A', 'B', 'C']);
const V3 = definition('hello', 3, ['A', 'D']);

/** A world in which things called `hello/slow` wait until they are let go. */
function gated(world: World): { release: () => void; reached: Promise<void> } {
  let release = (): void => undefined;
  let reach = (): void => undefined;
  const reached = new Promise<void>((resolve) => {
    reach = resolve;
  });
  const gate = new Promise<void>((resolve) => {
    release = resolve;
  });
  world.pause = async (name, signal) => {
    if (!name.endsWith('/SLOW')) return;
    reach();
    await Promise.race([
      gate,
      new Promise((_resolve, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
      }),
    ]);
  };
  return { release: () => release(), reached };
}

describe('another update of the same chute', () => {
  test('is refused by default, naming the one on its way', async () => {
    const world = new World();
    const { requests } = await world.engine();
    const { release, reached } = gated(world);
    const first = await requests.ask(asked(definition('hello', 1, ['SLOW'])));
    await reached;
    const second = await requests.ask(asked(V2));
    expect(await second.done).toMatchObject({
      outcome: 'rejected',
      error: { code: 'RIPCORD_UPDATE_CONFLICT', message: 'cannot change hello: u1 is on its way' },
    });
    release();
    expect(await first.done).toMatchObject({ outcome: 'committed' });
  });

  test('is no less in the way of one for what is installed now', async () => {
    const world = new World();
    const { engine, requests } = await world.engine();
    await (
      await requests.ask(asked(V1))
    ).done;
    const { release, reached } = gated(world);
    await requests.ask(asked(definition('hello', 2, ['SLOW'])));
    await reached;
    const refused = await requests.ask(asked(V1));
    expect(await refused.done).toMatchObject({ error: { code: 'RIPCORD_UPDATE_CONFLICT' } });
    const queued = await requests.ask({ ...asked(V1), mode: 'queue', allowDowngrade: true });
    release();
    expect(await queued.done).toMatchObject({ update: 'u4', outcome: 'committed' });
    expect(engine.state.applied.chutes['hello']?.definition?.version).toBe(1);
  });

  test('waits when asked to, and is planned on what the first one left', async () => {
    const world = new World();
    const { engine, requests } = await world.engine();
    const { release, reached } = gated(world);
    await requests.ask(asked(definition('hello', 1, ['SLOW'])));
    await reached;
    const second = await requests.ask({ ...asked(V2), mode: 'queue' });
    expect(engine.state.updates['u2']?.phase).toBe('queued');
    release();
    expect(await second.done).toMatchObject({ outcome: 'committed' });
    expect(engine.state.applied.chutes['hello']?.definition?.version).toBe(2);
    const planned = world.story.indexOf('update.committed');
    expect(world.story.lastIndexOf('update.planned')).toBeGreaterThan(planned);
  });

  test('takes the place of the first when asked to, which is undone', async () => {
    const world = new World();
    const { engine, requests } = await world.engine();
    await (
      await requests.ask(asked(V1))
    ).done;
    const { reached } = gated(world);
    const first = await requests.ask(asked(definition('hello', 2, ['A', 'SLOW'])));
    await reached;
    const second = await requests.ask({ ...asked(V3), mode: 'supersede' });
    expect(await first.done).toMatchObject({ outcome: 'superseded' });
    expect(await second.done).toMatchObject({ outcome: 'committed' });
    expect([...world.things.keys()]).toEqual(['hello/A', 'hello/D']);
    expect(engine.state.updates).toEqual({});
  });

  test('does not hold up an update of another chute', async () => {
    const world = new World();
    const { requests } = await world.engine();
    const { release, reached } = gated(world);
    const slow = await requests.ask(asked(definition('hello', 1, ['SLOW'])));
    await reached;
    const other = await requests.ask(asked(definition('camera', 1, ['A'])));
    expect(await other.done).toMatchObject({ outcome: 'committed' });
    release();
    await slow.done;
  });
});

describe('cancelling', () => {
  test('undoes what was done, and the device is as before', async () => {
    const world = new World();
    const { engine, requests } = await world.engine();
    await (
      await requests.ask(asked(V1))
    ).done;
    const before = stateHash(engine.state.applied, sha256);
    const { reached } = gated(world);
    const update = await requests.ask(asked(definition('hello', 2, ['A', 'B', 'SLOW'])));
    await reached;
    await engine.turnAround('u2', { by: BY });
    expect(await update.done).toMatchObject({ outcome: 'cancelled' });
    expect(stateHash(engine.state.applied, sha256)).toBe(before);
    expect([...world.things.keys()]).toEqual(['hello/A']);
  });

  test('is refused once the update is committed, saying what to do instead', async () => {
    const world = new World();
    const { engine, requests } = await world.engine();
    await (
      await requests.ask(asked(V1))
    ).done;
    await expect(engine.turnAround('u1', { by: BY })).rejects.toMatchObject({
      code: 'RIPCORD_UPDATE_FINISHED',
    });
    await expect(engine.turnAround('u9', { by: BY })).rejects.toMatchObject({
      code: 'RIPCORD_UPDATE_UNKNOWN',
    });
  });
});

describe('a request id', () => {
  test('never makes two updates', async () => {
    const world = new World();
    const { requests } = await world.engine();
    const first = await requests.ask({ ...asked(V1), requestId: 'k' });
    const again = await requests.ask({ ...asked(V1), requestId: 'k' });
    expect([first.id, again.id]).toEqual(['u1', 'u1']);
    expect(await again.done).toMatchObject({ update: 'u1', outcome: 'committed' });
  });

  test('that stands for something else is refused', async () => {
    const world = new World();
    const { requests } = await world.engine();
    await (
      await requests.ask({ ...asked(V1), requestId: 'k' })
    ).done;
    await expect(requests.ask({ ...asked(V2), requestId: 'k' })).rejects.toMatchObject({
      code: 'RIPCORD_REQUEST_CONFLICT',
    });
  });

  test('makes "unchanged" an update of its own, so that it is remembered', async () => {
    const world = new World();
    const { requests } = await world.engine();
    await (
      await requests.ask(asked(V1))
    ).done;
    const same = await requests.ask({ ...asked(V1), requestId: 'k' });
    expect(await same.done).toMatchObject({ update: 'u2', outcome: 'unchanged' });
  });
});

describe('a stuck update', () => {
  async function stuck(): Promise<{ world: World } & Awaited<ReturnType<World['engine']>>> {
    const world = new World();
    const calm = await world.engine();
    await (
      await calm.requests.ask(asked(V1))
    ).done;
    await calm.engine.close();
    const opened = await world.engine({ faults: 'fail@step=hello/c,fail@undo=hello/b*5' });
    const { outcome } = await (await opened.requests.ask(asked(V2))).done;
    expect(outcome).toBe('stuck');
    return { world, ...opened };
  }

  test('blocks its chute, and no other', async () => {
    const { requests } = await stuck();
    const same = await requests.ask({ ...asked(V3), mode: 'queue' });
    expect(await same.done).toMatchObject({ error: { code: 'RIPCORD_UPDATE_CONFLICT' } });
    const other = await requests.ask(asked(definition('camera', 1, ['A'])));
    expect(await other.done).toMatchObject({ outcome: 'committed' });
  });

  test('stays stuck over a restart', async () => {
    const { world, engine } = await stuck();
    await engine.close();
    const later = await world.engine();
    await later.engine.settle();
    expect(later.engine.state.updates['u2']).toMatchObject({ phase: 'stuck' });
  });

  test('is reverted when its undo is tried again and succeeds', async () => {
    const { world, engine } = await stuck();
    await engine.close();
    const later = await world.engine();
    await resolveStep(later.engine, 'u2', 2, { as: 'retry', message: 'mended', by: BY });
    expect(await later.engine.outcome('u2')).toMatchObject({ outcome: 'reverted' });
    expect([...world.things.keys()]).toEqual(['hello/A']);
  });

  test('cannot be called undone while the world shows the effect', async () => {
    const { world, engine } = await stuck();
    await expect(
      resolveStep(engine, 'u2', 2, { as: 'undone', message: 'by hand', by: BY }),
    ).rejects.toMatchObject({ code: 'RIPCORD_OPERATION_REFUSED' });
    world.things.delete('hello/B');
    await resolveStep(engine, 'u2', 2, { as: 'undone', message: 'by hand', by: BY });
    expect(await engine.outcome('u2')).toMatchObject({ outcome: 'reverted' });
  });

  test('is resolved, not reverted, when an effect is accepted', async () => {
    const { world, engine } = await stuck();
    expect(engine.state.updates['u2']?.stuck).toMatchObject([
      { step: 'hello/b', state: 'failed' },
      { step: 'hello/a', state: 'blocked', blockedBy: 'hello/b' },
    ]);
    await resolveStep(engine, 'u2', 2, { as: 'done', message: 'keep it', by: BY });
    expect(await engine.outcome('u2')).toMatchObject({ outcome: 'resolved' });
    expect([...world.things.keys()].toSorted()).toEqual(['hello/A', 'hello/B']);
    // What it stands on is kept with it.
    expect(world.things.get('hello/A')).toBe('u2/hello/a');
    expect(world.shelf.records.at(-1)).toMatchObject({ accepted: ['hello/a', 'hello/b'] });
  });
});

describe('content that keeps crashing the device', () => {
  test('is rolled back the third time, and refused when it is offered again', async () => {
    const world = new World();
    const calm = await world.engine();
    await (
      await calm.requests.ask(asked(V1))
    ).done;
    await calm.engine.close();
    const first = await world.engine({ death: { effect: 2, when: 'before' } });
    await (await first.requests.ask(asked(V2))).done.catch(() => undefined);
    for (let boot = 0; boot < 2; boot++) {
      const { engine } = await world.engine({ death: { effect: 1, when: 'before' } });
      await engine.settle().catch(() => undefined);
    }
    const { engine, requests } = await world.engine();
    await engine.settle();
    expect(engine.state.updates).toEqual({});
    expect(world.story).toContain('version.quarantined');
    expect(world.story.at(-1)).toBe('update.reverted');
    expect([...world.things.keys()]).toEqual(['hello/A']);

    const again = await requests.ask(asked(V2));
    expect(await again.done).toMatchObject({ error: { code: 'RIPCORD_VERSION_QUARANTINED' } });
    const forced = await requests.ask({ ...asked(V2), allowQuarantined: true });
    expect(await forced.done).toMatchObject({ outcome: 'committed' });
  });

  test('is not what a clean stop looks like', async () => {
    const world = new World();
    for (let boot = 0; boot < 5; boot++) {
      const { engine, requests } = await world.engine();
      if (boot === 0) {
        const { release, reached } = gated(world);
        await requests.ask(asked(definition('hello', 1, ['A', 'SLOW', 'B'])));
        await reached;
        const closed = engine.close();
        release();
        await closed;
      }
      await engine.close();
    }
    expect(world.story.at(-1)).toBe('engine.stopped');
    expect(world.things.has('hello/B')).toBe(false);
    const { engine } = await world.engine();
    await engine.settle();
    expect(world.things.has('hello/B')).toBe(true);
    expect(world.story).not.toContain('version.quarantined');
  });
});
