import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, test } from 'vitest';

import {
  expectAtRest,
  expectSound,
  outcomeOf,
  planOf,
  run,
  statusOf,
  storyOf,
  V1,
  V2,
} from './checks.ts';
import type { Device } from './device.ts';
import { alter, flip, linesOf, rechain } from './hurt.ts';
import { type Event, eventsOf } from './scenarios.ts';
import { device as made, printed, slowChute } from './shell.ts';

/*
 * The failures from real life that every engine of this kind has been reported for, by their numbers:
 * here those in which something dies or breaks.
 */

/** A device that runs version 1, and its state hash. */
async function ready(): Promise<{ device: Device; stateHash: string }> {
  const device = await made();
  await run(device, 'apply hello -y', 0);
  return { device, stateHash: (await statusOf(device)).stateHash };
}

/** Which effect of an update to version 2 a step has, counted from 1. */
async function effectOf(device: Device, kind: string): Promise<number> {
  const steps = await planOf(device, 'hello-v2');
  const index = steps.findIndex((each) => each.kind === kind);
  expect(index, kind).toBeGreaterThanOrEqual(0);
  return index + 1;
}

async function killed(device: Device, words: string, fault: string): Promise<void> {
  const { signal, out, err } = await device.ripcord(words.split(' '), fault);
  expect(signal, `${fault}: ${out}${err}`).toBe('SIGKILL');
}

const timesOf = (events: readonly Event[], type: string, step: string): number =>
  events.filter((each) => each.type === type && each['step'] === step).length;

describe.concurrent('something dies', () => {
  test('1: an effect was done and the engine died before it wrote so: it is found, and not done twice', async () => {
    const { device } = await ready();
    const start = await effectOf(device, 'process.start@1');
    await killed(device, 'apply hello-v2 -y', `kill@effect=${start}`);
    expect(device.processes()).toHaveLength(1);
    const [before] = device.processes();
    await run(device, 'status', 0);
    expect(device.processes()).toEqual([before]);
    const events = await eventsOf(device);
    const step = 'hello/main/process.start';
    const behind = events.slice(events.findIndex(({ update }) => update === 'u2'));
    expect(behind).toContainEqual(
      expect.objectContaining({ type: 'step.probed', step, state: 'done', again: false }),
    );
    expect(timesOf(behind, 'step.intended', step)).toBe(1);
    expect(await storyOf(device, 'u2')).toMatchObject({ outcome: 'committed' });
    await expectAtRest(device, { answer: V2 });
  });

  test('3: the engine dies while it undoes, and again while it recovers: the end is the same', async () => {
    const { device, stateHash } = await ready();
    const gate = await effectOf(device, 'gate.check@1');
    const failing = 'fail@step=hello/gate.check';
    // The effects of the undo come behind those of the update.
    await killed(device, 'apply hello-v2 -y', `${failing},kill@effect=${gate + 1}`);
    await killed(device, 'status', 'kill@effect=1');
    await killed(device, 'status', 'kill@before-append=2');
    await run(device, 'status', 0);
    expect(await storyOf(device, 'u2')).toMatchObject({ outcome: 'reverted', verified: true });
    const events = (await eventsOf(device)).filter(({ update }) => update === 'u2');
    const undone = events.filter(({ type }) => type === 'compensation.succeeded');
    expect(new Set(undone.map(({ step }) => step)).size).toBe(undone.length);
    const starts = (await eventsOf(device)).filter(({ type }) => type === 'engine.started');
    expect(starts.length).toBeGreaterThanOrEqual(4);
    await expectAtRest(device, { answer: V1, stateHash });
  });

  test('6: the program that goes on does not know a step of the plan: it says so and does not guess', async () => {
    const { device } = await ready();
    const start = await effectOf(device, 'process.start@1');
    await killed(device, 'apply hello-v2 -y', `kill@effect=${start}`);
    const newer = (text: string): string =>
      text.replaceAll('"kind":"process.start@1"', '"kind":"process.start@9"');
    rechain(device.root, (record) =>
      record['update'] === 'u2'
        ? (JSON.parse(newer(JSON.stringify(record))) as Readonly<Record<string, unknown>>)
        : record,
    );
    const { code, out, err } = await device.ripcord(['status']);
    expect(`${out}${err}`).toContain('process.start@9');
    expect(`${out}${err}`).toContain('no driver knows it');
    expect(code).not.toBe(9);
    expect((await statusOf(device)).stuck[0]).toMatchObject({
      step: 'hello/main/process.start',
      reason: { code: 'RIPCORD_DRIVER_MISSING' },
    });
    await expectSound(device);
  });

  test('16: an update that takes the engine down again and again is rolled back, and refused for a while', async () => {
    const { device, stateHash } = await ready();
    const start = await effectOf(device, 'process.start@1');
    await killed(device, 'apply hello-v2 -y', `kill@before-effect=${start}`);
    for (let boot = 0; boot < 2; boot++) await killed(device, 'status', 'kill@before-effect=1');
    await run(device, 'status', 0);
    await expectAtRest(device, { answer: V1, stateHash });
    expect(await storyOf(device, 'u2')).toMatchObject({ outcome: 'reverted' });
    const again = await outcomeOf(device, 'apply hello-v2 -y', 8);
    expect(again).toMatchObject({
      outcome: 'rejected',
      error: {
        code: 'RIPCORD_VERSION_QUARANTINED',
        message: expect.stringContaining('3') as string,
      },
    });
    await run(device, 'apply hello-v2 -y --allow-quarantined', 0);
    await expectAtRest(device, { answer: V2 });
  });

  test('20: a killed engine leaves its lock behind: nobody has to unlock, and a live holder is named', async () => {
    const { device } = await ready();
    const slow = await slowChute(device);
    const holder = device.begin(['apply', slow.directory, '-y']);
    await printed(holder, 'start main of slow');
    holder.child.kill('SIGSTOP');
    const { code, err } = await device.ripcord(['apply', 'hello-v2', '-y']);
    expect(code, err).toBe(6);
    expect(err).toContain(`process ${holder.child.pid} (ripcord apply `);
    holder.child.kill('SIGKILL');
    await holder.ended;
    slow.finish();
    await run(device, 'apply hello-v2 -y', 0);
    expect(await device.answer()).toBe(V2);
    expect(await statusOf(device)).toMatchObject({
      running: null,
      chutes: { slow: { state: 'running' }, hello: { version: 2 } },
    });
  });

  test('23: the engine dies while an app takes its time to be well: its deadline goes on, and one of it is left', async () => {
    const { device } = await ready();
    const slow = await slowChute(device);
    const first = device.begin(['apply', slow.directory, '-y']);
    await printed(first, 'start main of slow');
    first.child.kill('SIGKILL');
    await first.ended;
    expect(device.processes()).toHaveLength(2);
    const second = device.begin(['watch']);
    slow.finish();
    await second.ended;
    await run(device, 'status', 0);
    expect(device.processes()).toHaveLength(2);
    expect(await storyOf(device, 'u2')).toMatchObject({ outcome: 'committed' });
    const events = await eventsOf(device);
    const gates = events.filter(({ type, update }) => type === 'gate.started' && update === 'u2');
    expect(new Set(gates.map((each) => each['deadlineUp']))).toEqual(new Set([expect.any(Number)]));
    expect(await device.answer()).toBe(V1);
  });
});

describe.concurrent('something dies, and the time is over', () => {
  test('23: the engine dies while an app takes its time, and that runs out: the app is gone, the old ones stay', async () => {
    const { device, stateHash } = await ready();
    const slow = await slowChute(device);
    alter(join(slow.directory, 'chute.yaml'), (bytes) =>
      Buffer.from(bytes.toString().replace('"withinMs":600000', '"withinMs":3000')),
    );
    const first = device.begin(['apply', slow.directory, '-y']);
    await printed(first, 'start main of slow');
    first.child.kill('SIGKILL');
    await first.ended;
    await run(device, 'status', 0);
    expect(await storyOf(device, 'u2')).toMatchObject({ outcome: 'reverted', verified: true });
    await expectAtRest(device, { answer: V1, stateHash });
  });
});

describe.concurrent('something cannot be undone', () => {
  test('4: an undo cannot succeed: the others are undone, the blocker is named, other chutes go on', async () => {
    const { device } = await ready();
    const other = device.define(
      'other',
      'name: other\nservices:\n  main: { image: node, command: [sleep, "600"], health: { settleMs: 0 } }\n',
    );
    const fault = 'fail@step=hello/gate.check,fail@undo=release.switch';
    expect(await outcomeOf(device, 'apply hello-v2 -y', 5, fault)).toMatchObject({
      outcome: 'stuck',
    });
    const { stuck } = await statusOf(device);
    expect(stuck[0]).toMatchObject({ step: 'hello/main/release.switch', state: 'failed' });
    const { out } = await run(device, 'status', 0);
    expect(out).toContain('hello/main/release.switch');
    expect(out).toContain('ripcord resolve');
    expect((await storyOf(device, 'u2')).undone).toContain('hello/main/process.start');
    expect(await device.answer()).toBe(V1);
    await run(device, `apply ${other} -y`, 0);
    await run(device, `resolve ${stuck[0]?.ref} --as retry -m mended`, 0);
    await expectSound(device);
  });

  test('5: what is to be undone never was, or is gone already: that is no error', async () => {
    const { device, stateHash } = await ready();
    const before = 'fail@step=hello/main/process.start';
    expect(await outcomeOf(device, 'apply hello-v2 -y', 4, before)).toMatchObject({
      outcome: 'reverted',
    });
    await expectAtRest(device, { answer: V1, stateHash });

    const slow = await slowChute(device);
    const holder = device.begin(['apply', slow.directory, '-y']);
    await printed(holder, 'start main of slow');
    const mine = device.processes().find(({ mark }) => mark.includes('slow/'));
    if (mine) process.kill(-mine.pid, 'SIGKILL');
    rmSync(join(device.root, 'chutes/slow'), { recursive: true });
    expect(await holder.ended).toMatchObject({ code: 4 });
    await expectAtRest(device, { answer: V1, stateHash });
  });
});

describe.concurrent('the journal is damaged', () => {
  test('14: an index that is broken is made again without a word', async () => {
    const { device, stateHash } = await ready();
    const index = join(device.root, 'index');
    const files = readdirSync(index, { recursive: true, encoding: 'utf8' });
    const tables = files.filter((name) => /\.(ldb|log)$/.test(name));
    expect(tables.length).toBeGreaterThan(0);
    for (const name of tables) alter(join(index, name), (bytes) => void bytes.fill(0));
    await expectAtRest(device, { answer: V1, stateHash });
    await run(device, 'apply hello-v2 -y', 0);
  });

  test('14: a torn tail is cut and recorded', async () => {
    const { device } = await ready();
    const last = linesOf(device.root).at(-1);
    if (!last) throw new Error('no line');
    const torn = `{"seq":${last.seq + 1},"end":${last.seq + 1},"type":"update.re`;
    alter(join(device.root, last.file), (bytes) => {
      bytes.write(torn, last.offset + last.length + 1);
    });
    await run(device, 'apply hello-v2 -y', 0);
    expect((await eventsOf(device)).map(({ type }) => type)).toContain('journal.tailCut');
    await expectAtRest(device, { answer: V2 });
  });

  test('14: a record in the middle is broken: nothing is changed, what runs goes on, and it is repaired on record', async () => {
    const { device } = await ready();
    await run(device, 'apply hello-v2 -y', 0);
    const serving = device.processes();
    const line = linesOf(device.root).at(6);
    if (!line) throw new Error('no line');
    flip(join(device.root, line.file), line.offset + 90);
    const { code, err } = await device.ripcord(['apply', 'hello', '-y', '--allow-downgrade']);
    expect(code, err).toBe(9);
    expect(err).toContain(line.file);
    expect(err).toContain(String(line.seq));
    expect(device.processes()).toEqual(serving);
    expect(await device.answer()).toBe(V2);
    const { code: repaired } = await device.ripcord(['journal', 'repair', '-y']);
    expect(repaired).toBe(0);
    expect((await eventsOf(device)).map(({ type }) => type)).toContain('journal.repaired');
    await run(device, 'apply hello -y --allow-downgrade', 0);
    await expectAtRest(device, { answer: V1 });
  });
});
