import { afterEach, describe, expect, test, vi } from 'vitest';

import type { Recorded } from '../../journal/record.ts';
import type { ChuteEvent } from '../../src/core/events.ts';
import type { Ripcord } from '../../src/library/ripcord.ts';
import { chute, pidOf, Root, SLEEPS } from './open-root.ts';

let root = new Root();

afterEach(async () => {
  await root.destroy();
  root = new Root();
});

/** Records behind `from` as they come, until one of them is what is waited for. */
async function until(
  ripcord: Ripcord,
  from: number,
  isIt: (record: Recorded<ChuteEvent>) => boolean,
): Promise<readonly Recorded<ChuteEvent>[]> {
  const records: Recorded<ChuteEvent>[] = [];
  for await (const record of ripcord.engine.journal.follow(from + 1)) {
    records.push(record);
    if (isIt(record)) break;
  }
  return records;
}

const isCommitted = ({ type }: Recorded<ChuteEvent>): boolean => type === 'update.committed';

async function running(command: readonly string[]): Promise<Ripcord> {
  const ripcord = await root.open();
  const { done } = await ripcord.apply([chute(command)]);
  expect(await done).toMatchObject({ outcome: 'committed' });
  return ripcord;
}

describe('while an engine is open', () => {
  test('a service that is killed is started again, with a cause on record', async () => {
    const ripcord = await running(SLEEPS);
    const before = pidOf(ripcord);
    const { seq } = ripcord.head;
    process.kill(-before, 'SIGKILL');
    const records = await until(ripcord, seq, isCommitted);
    const { applied, chutes } = ripcord.state;
    expect(applied.chutes['hello']?.services['main']).toMatchObject({ state: 'running' });
    expect(pidOf(ripcord)).not.toBe(before);
    // It runs the same definition again: that is no new revision.
    expect(chutes['hello']).toMatchObject({ revision: 1, last: { update: 'u2' } });
    expect(records.slice(0, 2)).toMatchObject([
      { type: 'drift.found', chute: 'hello', message: 'hello/main is exited, expected running' },
      {
        type: 'update.requested',
        update: 'u2',
        request: {
          by: { user: 'supervisor', via: 'supervisor' },
          message: 'a service exited unexpectedly',
          chutes: [{ chute: 'hello', operation: 'start' }],
        },
      },
    ]);
  });

  test('one that keeps ending is started again after ever longer waits', async () => {
    const ripcord = await running(['sh', '-c', 'sleep 0.2']);
    let starts = 0;
    const records = await until(ripcord, ripcord.head.seq, ({ type }) => {
      if (type === 'update.requested') starts += 1;
      return starts === 4;
    });
    const ups = records.filter(({ type }) => type === 'update.requested').map(({ up }) => up);
    const waits = ups.slice(1).map((up, index) => up - (ups[index] ?? 0));
    const [first = 0, second = 0, third = 0] = waits;
    expect(first).toBeGreaterThan(900);
    expect(second).toBeGreaterThan(1900);
    expect(third).toBeGreaterThan(3900);
  });

  test('what was stopped on purpose stays so', async () => {
    const ripcord = await running(SLEEPS);
    const stop = { chute: 'hello', operation: 'stop', definition: null, sources: {} } as const;
    await (
      await ripcord.ask([stop])
    ).done;
    const { head } = ripcord;
    // Another chute dies meanwhile: when that one is back, this one has been looked at too.
    const other = await ripcord.apply([{ ...chute(SLEEPS), name: 'other' }]);
    await other.done;
    const { seq } = ripcord.head;
    const pid = pidOf(ripcord, 'other');
    process.kill(-pid, 'SIGKILL');
    await until(ripcord, seq, isCommitted);
    const asked: string[] = [];
    for await (const record of ripcord.engine.journal.read(head.seq + 1))
      if (record.type === 'update.requested')
        asked.push(...record.request.chutes.map((each) => each.chute));
    expect(asked).toEqual(['other', 'other']);
    expect(ripcord.state.applied.chutes['hello']).toMatchObject({ run: 'stopped' });
  });

  test('what a person left stopped, settling a stuck update, stays so too', async () => {
    const first = await running(SLEEPS);
    await first.close();
    const stop = 'hello/main/process.stop';
    const faults = `fail@step=hello/gate.check,fail@undo=${stop}`;
    const ripcord = await root.open({ faults });
    const failed = await ripcord.apply([chute(SLEEPS, { version: 2 })]);
    const { stuck } = await failed.done;
    expect(stuck).toMatchObject([{ step: stop }]);
    const by = { user: 'amelia', role: 'owner', via: 'test' };
    const settled = { as: 'done', message: 'leave it', by } as const;
    expect((await ripcord.resolve('u2', stuck[0]?.n ?? 0, settled)).outcome).toBe('resolved');
    // When another chute that died is back, this one has been looked at too.
    const other = await ripcord.apply([{ ...chute(SLEEPS), name: 'other' }]);
    await other.done;
    const { seq } = ripcord.head;
    const pid = pidOf(ripcord, 'other');
    process.kill(-pid, 'SIGKILL');
    await until(ripcord, seq, isCommitted);
    expect(ripcord.state.applied.chutes['hello']).toMatchObject({
      run: 'running',
      services: { main: { state: 'stopped' } },
    });
    const again = await ripcord.apply([chute(SLEEPS)]);
    expect(await again.done).toMatchObject({ outcome: 'reverted', failedStep: 'hello/gate.check' });
  });

  test('nothing is started again when that is not wanted; apply finds it dead', async () => {
    const ripcord = await root.open({ supervise: false });
    await (
      await ripcord.apply([chute(SLEEPS)])
    ).done;
    const { seq } = ripcord.head;
    const pid = pidOf(ripcord);
    process.kill(-pid, 'SIGKILL');
    await vi.waitFor(() => expect(() => process.kill(pid, 0)).toThrow('ESRCH'));
    const again = await ripcord.apply([chute(SLEEPS)]);
    expect(await again.done).toMatchObject({ update: 'u2', outcome: 'committed' });
    const records = await until(ripcord, seq, () => true);
    expect(records).toMatchObject([{ type: 'drift.found', chute: 'hello' }]);
  });
});
