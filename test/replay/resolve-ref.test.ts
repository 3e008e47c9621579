import { describe, expect, test } from 'vitest';

import { resolveRange, resolveRef } from '../../replay/resolve-ref.ts';
import { applyOf, stepsOf } from './asked.ts';
import { ToldDevice } from './told-device.ts';

/** u1 installs hello 1, u2 is reverted at its second step, u3 is rejected, u4 (of boot-2) installs 2. */
async function device(): Promise<ToldDevice> {
  const told = new ToldDevice();
  await told.starts();
  await told.installs('u1', 'hello', 1);
  const steps = stepsOf('hello');
  await told.asks('u2', [applyOf('hello', 2)]);
  await told.plans('u2', steps);
  await told.goes('u2', applyOf('hello', 2), steps, 1);
  await told.intends('u2', steps[1]);
  await told.fails('u2', steps[1]);
  await told.aborts('u2', steps[1]);
  await told.undoes('u2', steps[1]);
  await told.undoes('u2', steps[0]);
  await told.reverts('u2');
  await told.asks('u3', [applyOf('hello', 0)]);
  const why = { code: 'RIPCORD_VERSION_LOWER', message: 'lower', hint: null, refusals: [] };
  await told.tell({ type: 'update.rejected', update: 'u3', ...why });
  await told.reboots('boot-2');
  await told.installs('u4', 'hello', 2);
  return told;
}

/** Names a record by what it is, so that the table below says what refs mean. */
async function nameAt(told: ToldDevice, text: string, now?: number): Promise<string> {
  const options = now === undefined ? {} : { now };
  const { seq } = await resolveRef(await told.replay(), text, options);
  const record = told.records[seq - 1];
  if (!record) return 'nothing';
  const update = 'update' in record ? ` ${record.update}` : '';
  return `${record.type}${update}${'n' in record ? `.s${record.n}` : ''}`;
}

describe('a ref', () => {
  test.each([
    ['@0', 'nothing'],
    ['@1', 'engine.started'],
    ['@2', 'update.requested u1'],
    ['u1', 'step.succeeded u1.s5'],
    ['u1^', 'engine.started'],
    ['u2', 'update.reverted u2'],
    ['u2^', 'step.succeeded u1.s5'],
    ['u2.s2', 'compensation.succeeded u2.s2'],
    ['u1.s3', 'gate.passed u1.s3'],
    ['u1/hello/process.start', 'step.succeeded u1.s2'],
    ['hello@r1', 'step.succeeded u1.s5'],
    ['hello@r2', 'step.succeeded u4.s5'],
    ['HEAD', 'step.succeeded u4.s5'],
    ['HEAD~1', 'engine.started'],
    ['HEAD~2', 'step.succeeded u1.s5'],
    ['boot', 'update.rejected u3'],
    ['boot-1', 'nothing'],
    ['2026-11-22T10:00:02Z', 'update.requested u1'],
    ['2026-11-22T10:00:02.999Z', 'update.requested u1'],
    ['2026-11-22T09:00:00Z', 'nothing'],
    ['2099-01-01', 'step.succeeded u4.s5'],
  ])('%s is the state after %s', async (text, name) => {
    expect(await nameAt(await device(), text)).toBe(name);
  });

  test('counts back from now', async () => {
    const now = Date.parse('2026-11-22T12:00:01.500Z');
    expect(await nameAt(await device(), '-2h', now)).toBe('engine.started');
  });

  test('takes a date by the last record made by then, though clocks began at 1970', async () => {
    const told = new ToldDevice();
    await told.starts();
    told.setClock('1970-01-01T00:00:10Z');
    await told.reboots('boot-2');
    told.setClock('2026-11-22T11:00:00Z');
    await told.tell({ type: 'clock.synced', offsetMs: 1 });
    expect(await nameAt(told, '2026-11-22T10:30Z')).toBe('engine.started');
    const { seq } = await resolveRef(await told.replay(), '2026-11-22T10:30Z');
    expect(seq).toBe(2);
  });

  test.each([
    ['nonsense', "cannot read 'nonsense': it is no point in time"],
    ['u0', "cannot read 'u0': it is no point in time"],
    ['2026-13-45', "cannot read '2026-13-45': it is no point in time"],
    ['@999', /^cannot find @999: the journal ends with @\d+$/],
    ['u9', 'cannot find u9: the newest update is u4'],
    ['u9^', 'cannot find u9: the newest update is u4'],
    ['u1.s9', 'cannot find u1.s9: its plan has s1 to s5'],
    ['u2.s5', 'cannot find u2.s5: that step was never begun'],
    ['u3.s1', 'cannot find u3.s1: u3 has no plan'],
    ['hello@r7', 'cannot find hello@r7: it is at r2'],
    ['other@r1', 'cannot find other@r1: there was never such a chute'],
    ['HEAD~4', 'cannot find HEAD~4: there are only 3 updates'],
    ['boot-2', 'cannot find boot-2: the journal knows 2 boots'],
  ])('%s is unknown, and it is said why', async (text, message) => {
    const replay = await (await device()).replay();
    const found = resolveRef(replay, text);
    await expect(found).rejects.toMatchObject({
      code: 'RIPCORD_REF_UNKNOWN',
      message: typeof message === 'string' ? message : expect.stringMatching(message),
      hint: expect.any(String) as unknown,
    });
  });
});

describe('a range', () => {
  test.each([
    ['u1..u4', 'u1', 'u4'],
    ['u2^..', 'u2^', 'HEAD'],
    ['..u2', '@0', 'u2'],
    ['u2', '@0', 'u2'],
  ])('%s goes from %s to %s', async (text, from, to) => {
    const range = await resolveRange(await (await device()).replay(), text);
    expect([range.from.text, range.to.text]).toEqual([from, to]);
  });
});
