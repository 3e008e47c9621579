import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, test } from 'vitest';

import { expectAtRest, expectSound, type OutcomeLine, run, statusOf, V1, V2 } from './checks.ts';
import type { Device } from './device.ts';
import { until } from './scenarios.ts';
import { device as made, printed, slowChute } from './shell.ts';
import { type FileSystem, SmallDisk, whyNoDisk } from './small-disk.ts';

const DISKS: readonly FileSystem[] = ['ext4', 'tmpfs'];
const KIBIBYTE = 1024;
/** Room for a segment, what is reserved, an index and two releases, and little more. */
const DISK_MIB = 24;
/** More boundaries than any of these updates has. */
const BOUNDARIES_MAX = 40;

const WHY_NOT_ALL = DISKS.map(whyNoDisk);
/** The first kind of disk that can be had here. */
const TYPE: FileSystem = DISKS[WHY_NOT_ALL.indexOf(null)] ?? 'tmpfs';
const WHY_NOT = WHY_NOT_ALL.includes(null) ? null : (WHY_NOT_ALL[0] ?? null);

type Side = { readonly words: string; readonly answer: string; readonly stateHash: string };

/**
 * A device on a small disk that runs the first of three versions, and how to go to each. In a circle:
 * the next one has to be fetched every time, since only the one before is kept.
 */
async function ready(): Promise<{ device: Device; disk: SmallDisk; sides: Circle }> {
  const device = await made();
  const disk = await SmallDisk.under(device, TYPE, DISK_MIB);
  device.vary('hello-v3', (text) =>
    text.replace('version: 1', 'version: 3').replace('GREETING: Hello', 'GREETING: Third'),
  );
  writeFileSync(join(device.home, 'hello-v3/third'), '');
  const sides: Side[] = [];
  for (const [name, answer] of [
    ['hello-v2', V2],
    ['hello-v3', 'Third from ripcord: version 3'],
    ['hello', V1],
  ] as const) {
    const words = `apply ${name} -y --allow-downgrade`;
    await run(device, words, 0);
    sides.push({ words, answer, stateHash: await hashOf(device) });
  }
  return { device, disk, sides: new Circle(sides) };
}

/** Sides one after the other, for ever; the last one is where it begins. */
class Circle {
  readonly #sides: readonly Side[];
  #at = 0;

  constructor(sides: readonly Side[]) {
    this.#sides = sides;
  }

  /** The side that is left and the one that is gone to. */
  next(): { readonly old: Side; readonly wanted: Side } {
    const old = this.#sides.at((this.#at - 1) % this.#sides.length);
    const wanted = this.#sides[this.#at % this.#sides.length];
    this.#at += 1;
    if (!old || !wanted) throw new Error('a circle has sides');
    return { old, wanted };
  }
}

const hashOf = async (device: Device): Promise<string> => (await statusOf(device)).stateHash;

/** Runs a command to its end, whatever that is, and gives its exit code and its last line. */
async function endOf(
  device: Device,
  words: string,
  fault = '',
): Promise<{ readonly code: number | null; readonly line: OutcomeLine; readonly told: string }> {
  const { code, signal, out, err } = await device.ripcord(
    [...words.split(' '), '-o', 'json'],
    fault,
  );
  expect(signal, `${words} ${fault}: ${out}${err}`).toBe(null);
  return {
    code,
    line: JSON.parse(out.trim().split('\n').at(-1) ?? '') as OutcomeLine,
    told: `${out}${err}`,
  };
}

/* A test that is skipped says why in its title. */

describe.skipIf(WHY_NOT !== null).concurrent(`a small disk (${WHY_NOT ?? TYPE})`, () => {
  test('that is full refuses an update with what it needs and what there is', async () => {
    const device = await made();
    const disk = await SmallDisk.under(device, TYPE, DISK_MIB);
    await run(device, 'apply hello -y', 0);
    const { stateHash } = await statusOf(device);
    writeFileSync(join(device.home, 'hello-v2/film'), Buffer.alloc(3 * KIBIBYTE * KIBIBYTE, 7));
    disk.fill(700 * KIBIBYTE);
    const { code, line, told } = await endOf(device, 'apply hello-v2 -y');
    expect(code, told).toBe(8);
    expect(line).toMatchObject({
      outcome: 'rejected',
      error: {
        code: 'RIPCORD_DISK_FULL',
        message: expect.stringMatching(
          /^cannot fetch the files of hello: needs 3\.\d MiB, has \d+ KiB$/,
        ) as string,
      },
    });
    await expectAtRest(device, { answer: V1, stateHash });
    disk.free();
    await run(device, 'apply hello-v2 -y', 0);
    await expectAtRest(device, { answer: V2 });
    disk.release();
  });

  test('that is full refuses the first update of all when the reserve has no room', async () => {
    const device = await made();
    const disk = await SmallDisk.under(device, TYPE, DISK_MIB);
    disk.fill(4000 * KIBIBYTE);
    const { code, line, told } = await endOf(device, 'apply hello -y');
    expect(code, told).toBe(8);
    expect(line.error).toMatchObject({
      code: 'RIPCORD_DISK_FULL',
      message: expect.stringMatching(/needs 4\.0 MiB, has \d\.\d MiB$/) as string,
    });
    expect(device.processes()).toEqual([]);
    disk.free();
    await run(device, 'apply hello -y', 0);
    await expectAtRest(device, { answer: V1 });
    disk.release();
  });

  test('with any room left gets an update through, takes it back or refuses it', async () => {
    const { device, disk, sides } = await ready();
    const codes = new Set<number | null>();
    for (const kibibytes of [0, 3, 4, 8, 12, 16, 20, 28, 40, 60]) {
      const { old, wanted } = sides.next();
      disk.fill(kibibytes * KIBIBYTE);
      const { code, line, told } = await endOf(device, wanted.words);
      const story = `${kibibytes} KiB left, exit ${code}: ${told}`;
      codes.add(code);
      expect([0, 4, 8], story).toContain(code);
      if (code !== 0) expect(line.error?.code, story).toBe('RIPCORD_DISK_FULL');
      await expectAtRest(device, code === 0 ? wanted : old, story);
      disk.free();
      if (code === 0) continue;
      await run(device, wanted.words, 0);
      expect(await device.answer(), story).toBe(wanted.answer);
    }
    expect(codes).toContain(0);
    expect(codes.size).toBeGreaterThan(1);
    disk.release();
  });

  test('that is full when an update was killed settles it out of the reserve, wherever that was', async () => {
    const { device, disk, sides } = await ready();
    for (let k = 1, killed = true; killed; k++) {
      expect(k).toBeLessThan(BOUNDARIES_MAX);
      const { old, wanted } = sides.next();
      const fault = `kill@append=${k}${k % 2 === 0 ? '' : ',fail@step=gate.check'}`;
      const { signal } = await device.ripcord(wanted.words.split(' '), fault);
      killed = signal === 'SIGKILL';
      disk.fill();
      const story = `${fault}, then a full disk`;
      const status = await statusOf(device);
      const { stateHash } = status;
      expect([old.stateHash, wanted.stateHash], `${story}: ${JSON.stringify(status)}`).toContain(
        stateHash,
      );
      await expectAtRest(device, stateHash === old.stateHash ? old : wanted, story);
      disk.free();
      await run(device, wanted.words, 0);
      expect(await device.answer(), story).toBe(wanted.answer);
    }
    disk.release();
  });

  test('that fills up behind its start keeps no update from its end, whichever that is', async () => {
    const device = await made();
    const disk = await SmallDisk.under(device, TYPE, DISK_MIB);
    await run(device, 'apply hello -y', 0);
    const { stateHash } = await statusOf(device);
    const slow = await slowChute(device);
    const cancelled = device.begin(['apply', slow.directory, '-y']);
    await printed(cancelled, 'start main of slow');
    disk.fill();
    await run(device, 'cancel u2', 0);
    expect(await cancelled.ended).toMatchObject({ code: 4 });
    await expectAtRest(device, { answer: V1, stateHash });

    disk.free();
    const finished = device.begin(['apply', slow.directory, '-y']);
    await printed(finished, 'start main of slow');
    disk.fill();
    slow.finish();
    expect(await finished.ended).toMatchObject({ code: 0 });
    expect(await statusOf(device)).toMatchObject({ chutes: { slow: { state: 'running' } } });
    await expectSound(device);
    disk.free();
    await run(device, 'apply hello-v2 -y', 0);
    disk.release();
  });

  test('that is read-only is read, and changed once it is writable again', async () => {
    const device = await made();
    const disk = await SmallDisk.under(device, TYPE, DISK_MIB);
    await run(device, 'apply hello -y', 0);
    // What runs writes its log: nothing may be open for a remount.
    await run(device, 'stop hello', 0);
    const { stateHash } = await statusOf(device);
    disk.remount('ro');
    const { code, out, err } = await device.ripcord(['apply', 'hello-v2', '-y']);
    expect(code, `${out}${err}`).toBe(1);
    expect(err).toContain('RIPCORD_JOURNAL_FENCED');
    expect(err).toContain('read-only file system');
    expect(await statusOf(device)).toMatchObject({ stateHash, running: null, stuck: [] });
    await run(device, 'log', 0);
    await expectSound(device);
    disk.remount('rw');

    // An update under way cannot be settled meanwhile, and is told of all the same.
    const killed = await device.ripcord(['apply', 'hello-v2', '-y'], 'kill@effect=2');
    expect(killed.signal).toBe('SIGKILL');
    disk.remount('ro');
    const status = await run(device, 'status', 0);
    expect(status.err).toContain('u3 cannot go on');
    expect(await statusOf(device)).toMatchObject({ running: 'u3', stuck: [] });
    disk.remount('rw');
    await run(device, 'status', 0);
    expect(await statusOf(device)).toMatchObject({ running: null, stuck: [] });
    await expectAtRest(device, { answer: V2 });
    disk.release();
  });
});

const WHY_NO_EXT4 = whyNoDisk('ext4');
describe
  .skipIf(WHY_NO_EXT4 !== null)
  .concurrent(`a disk that the kernel gives up (${WHY_NO_EXT4 ?? 'ext4'})`, () => {
    test.each(['start main of slow', 'fetch release'])(
      'in the middle of an update (%s) ends the engine with words, and the next start settles it',
      async (moment) => {
        const device = await made();
        const disk = await SmallDisk.under(device, 'ext4', DISK_MIB);
        await run(device, 'apply hello -y', 0);
        const { stateHash } = await statusOf(device);
        const slow = await slowChute(device);
        const hurt = device.begin(['apply', slow.directory, '-y']);
        await printed(hurt, moment);
        disk.abort();
        slow.finish();
        const { code, signal, out, err } = await hurt.ended;
        expect(signal).toBe(null);
        expect(code, `${out}${err}`).not.toBe(0);
        expect(`${out}${err}`).toMatch(/RIPCORD_\w+/);
        // What ran before still does; nothing can be written, all can be read.
        expect(await device.answer()).toBe(V1);

        device.endServices();
        await until(() => device.processes().length === 0);
        disk.mountAgain();
        const status = await statusOf(device);
        expect(status).toMatchObject({ running: null, stuck: [] });
        await expectSound(device);
        await run(device, 'apply hello -y', 0);
        expect(await device.answer()).toBe(V1);
        if (status.chutes['slow'] === undefined) expect(status.stateHash).toBe(stateHash);
        disk.release();
      },
    );
  });
