import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { at, type Damage, HEALED, LOSSES, type Problem } from './damages.ts';
import { Device } from './device.ts';
import { journalFootprint } from './footprint.ts';
import { alter, type Line, linesOf } from './hurt.ts';

type Status = {
  readonly head: { readonly seq: number };
  readonly stateHash: string;
  readonly chutes: Readonly<Record<string, { readonly version: number; readonly state: string }>>;
};
type Verified = {
  readonly ok: boolean;
  readonly events: number;
  readonly problems: readonly Problem[];
};
type Repaired = {
  readonly head: { readonly seq: number };
  readonly lost: readonly object[];
  readonly setAside: readonly object[];
};
type Event = { readonly seq: number; readonly type: string };

const V1 = 'Hello from ripcord: version 1';
const V2 = 'Hello again from ripcord: version 2';

const devices: Device[] = [];

afterAll(() => {
  for (const device of devices) device.destroy();
});

/** A device with three updates in several segments, and version 2 running. */
async function lived(): Promise<Device> {
  const device = await Device.make();
  devices.push(device);
  for (const letter of ['x', 'y']) await device.install(filled(device, letter));
  await device.install('hello-v2');
  return device;
}

/** A variant of hello whose definition takes a third of a segment wherever it is journaled. */
function filled(device: Device, letter: string): string {
  const lines = Array.from({ length: 12 }, (_, n) => `      FILL_${n}: ${letter.repeat(9000)}`);
  return device.vary(`filled-${letter}`, (text) =>
    text.replace('environment:', `environment:\n${lines.join('\n')}`),
  );
}

const statusOf = async (device: Device): Promise<Status> =>
  (await device.json(['status'])) as Status;
const verified = async (device: Device): Promise<Verified> =>
  (await device.json(['verify'])) as Verified;
const events = async (device: Device): Promise<readonly Event[]> =>
  (await device.json(['log', '--events'])) as readonly Event[];

/** After all of it an update goes through, and everything is sound. */
async function expectUsable(device: Device): Promise<void> {
  await device.install('hello', '--allow-downgrade');
  expect(await device.answer()).toBe(V1);
  expect(device.processes()).toHaveLength(1);
  expect(await statusOf(device)).toMatchObject({
    running: null,
    stuck: [],
    chutes: { hello: { state: 'running', version: 1 } },
  });
  expect(await verified(device)).toMatchObject({ ok: true, problems: [] });
}

/** Hurts a device, and sees that all of it is told and nothing is done. */
async function expectTold(device: Device, { hurt }: Damage): Promise<void> {
  const { root } = device;
  const serving = device.processes();
  const problem = hurt(root, linesOf(root));
  const hurtRoot = journalFootprint(root);
  const walked = await device.ripcord(['verify', '-o', 'json']);
  expect(walked.code).toBe(9);
  const found = JSON.parse(walked.out) as Verified;
  expect(found.ok).toBe(false);
  expect(found.problems[0]).toMatchObject(problem);

  for (const command of ['status', 'log', 'stop hello'])
    await expectRefused(device, command, problem);
  const { code, out } = await device.ripcord(['apply', 'hello', '-y', '-o', 'json']);
  expect(code).toBe(9);
  expect(JSON.parse(out)).toMatchObject({ error: { code: 'RIPCORD_JOURNAL_DAMAGED' } });
  expect(journalFootprint(root)).toEqual(hurtRoot);
  expect(await device.answer()).toBe(V2);
  expect(device.processes()).toEqual(serving);
}

async function expectRefused(
  device: Device,
  command: string,
  problem: Partial<Problem>,
): Promise<void> {
  const { code, err } = await device.ripcord(command.split(' '));
  expect(code, `${command}: ${err}`).toBe(9);
  expect(err).toContain('RIPCORD_JOURNAL_DAMAGED');
  if (typeof problem.seq === 'number') expect(err).toContain(`record ${problem.seq}`);
  if (problem.file !== undefined) expect(err).toContain(problem.file);
  if (typeof problem.offset === 'number') expect(err).toContain(`offset ${problem.offset}`);
}

describe('what a repair gets back', () => {
  let device: Device;

  beforeAll(async () => {
    device = await lived();
  });

  test.each(HEALED)('$name', async (damage) => {
    const before = await statusOf(device);
    const serving = device.processes();
    await expectTold(device, damage);
    const { code, err } = await device.ripcord(['journal', 'repair']);
    expect(code, err).toBe(0);
    expect(await verified(device)).toMatchObject({ ok: true, problems: [] });
    expect(at(linesOf(device.root), -1).type).toBe('journal.repaired');
    expect(await statusOf(device)).toMatchObject({
      stateHash: before.stateHash,
      chutes: before.chutes,
    });
    expect(device.processes()).toEqual(serving);
  });

  test('and then updates go through', async () => {
    await expectUsable(device);
    const repairs = (await events(device)).filter(({ type }) => type === 'journal.repaired');
    expect(repairs).toHaveLength(HEALED.length);
  });
});

describe.concurrent.each(LOSSES)('what is lost with $name', (damage) => {
  test('is named by the repair, and then updates go through', async () => {
    const device = await lived();
    await expectTold(device, damage);
    const accept = damage.total ? ['--accept-loss'] : [];
    if (damage.total) {
      const hurtRoot = journalFootprint(device.root);
      expect((await device.ripcord(['journal', 'repair'])).code).toBe(9);
      expect(journalFootprint(device.root)).toEqual(hurtRoot);
    }
    const { code, err, out } = await device.ripcord(['journal', 'repair', ...accept, '-o', 'json']);
    expect(code, err).toBe(0);
    const { lost, setAside, head } = JSON.parse(out) as Repaired;
    expect(lost.length + setAside.length).toBeGreaterThan(0);
    expect(await device.answer()).toBe(V2);
    expect(await verified(device)).toMatchObject({ ok: true, events: head.seq + 1 });
    const told = at(linesOf(device.root), -1);
    expect(told).toMatchObject({ seq: head.seq + 1, type: 'journal.repaired' });
    expect(await device.json(['show', `@${told.seq}`])).toMatchObject({
      lost: { lost, setAside },
      quarantine: expect.stringMatching(/^quarantine\//),
    });
    // What is left unfinished at the end of what is left is finished now.
    const { chutes } = await statusOf(device);
    expect(Object.keys(chutes)).toEqual(damage.total ? [] : ['hello']);
    expect(device.processes()).toHaveLength(1);
    await expectUsable(device);
  });
});

describe.concurrent('a torn tail', () => {
  test.each([
    [
      'half a record',
      (bytes: Buffer, { offset, length }: Line) => bytes.fill(0x0a, offset + (length >> 1)),
    ],
    [
      'a record without its newline',
      (bytes: Buffer, { offset, length }: Line) => bytes.subarray(0, offset + length),
    ],
    [
      'a record that was never written',
      (bytes: Buffer, { offset }: Line) => bytes.fill(0x0a, offset),
    ],
    [
      'a segment cut off in the middle of a record',
      (bytes: Buffer, { offset }: Line) => bytes.subarray(0, offset + 50),
    ],
    [
      'garbage behind the last record',
      (bytes: Buffer, { offset, length }: Line) =>
        bytes.fill('{"seq":', offset + length + 1, offset + length + 8),
    ],
    [
      'zeros behind the last record',
      (bytes: Buffer, { offset, length }: Line) =>
        bytes.fill(0, offset + length + 1, offset + length + 700),
    ],
  ])('%s is cut, journaled, and the update goes on', async (_name, tear) => {
    const device = await Device.make();
    devices.push(device);
    await device.install('hello');
    const killed = await device.ripcord(['apply', 'hello-v2', '-y'], 'kill@append=6');
    expect(killed.signal).toBe('SIGKILL');
    const last = at(linesOf(device.root), -1);
    alter(join(device.root, last.file), (bytes) => tear(bytes, last));
    expect(await verified(device)).toMatchObject({ ok: true });

    expect(await statusOf(device)).toMatchObject({
      running: null,
      chutes: { hello: { state: 'running', version: 2 } },
    });
    expect(await device.answer()).toContain('version 2');
    expect(device.processes()).toHaveLength(1);
    const log = (await device.json(['log'])) as readonly { readonly outcome: string }[];
    expect(log.map(({ outcome }) => outcome)).toEqual(['committed', 'committed']);
    const kinds = (await events(device)).map(({ type }) => type);
    expect(kinds.filter((type) => type === 'journal.tailCut').length).toBeLessThanOrEqual(1);
    if (!_name.includes('never')) expect(kinds).toContain('journal.tailCut');
    expect(await verified(device)).toMatchObject({ ok: true });
  });
});
