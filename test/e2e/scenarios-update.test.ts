import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { join } from 'node:path';

import { c } from 'tar';
import { afterAll, describe, expect, test } from 'vitest';

import { hashFile } from '../../src/drivers/files/tree.ts';
import { expectAtRest, expectSound, outcomeOf, run, statusOf, storyOf, V1, V2 } from './checks.ts';
import type { Device } from './device.ts';
import { eventsOf, until } from './scenarios.ts';
import { device as made, printed, slowChute } from './shell.ts';
import { type FileSystem, SmallDisk, whyNoDisk } from './small-disk.ts';

/* The failures from real life, by their numbers: here those of one update after another, and of room. */

const DISKS: readonly FileSystem[] = ['ext4', 'tmpfs'];
const DISK = DISKS.find((type) => whyNoDisk(type) === null) ?? null;
const MEBIBYTE = 1024 * 1024;

/** A device that runs version 1, and its state hash. */
async function ready(): Promise<{ device: Device; stateHash: string }> {
  const device = await made();
  await run(device, 'apply hello -y', 0);
  return { device, stateHash: (await statusOf(device)).stateHash };
}

const servers: Server[] = [];

// Not when a test has finished: side by side it may be another one that has.
afterAll(() => {
  for (const server of servers) {
    server.close();
    server.closeAllConnections();
  }
});

/**
 * Version 2 as an archive on a server that does not tell its size; `stalls` keeps its last byte back.
 */
async function served(on: Device, stalls: boolean): Promise<string> {
  const archive = join(on.home, 'hello.tar');
  const from = join(on.home, 'hello-v2');
  await c(
    { file: archive, cwd: from },
    readdirSync(from).filter((name) => name !== 'chute.yaml'),
  );
  const body = readFileSync(archive);
  const server = createServer((_request, response) => {
    response.write(body.subarray(0, -1));
    if (!stalls) response.end(body.subarray(-1));
  });
  await new Promise<void>((done) => {
    server.listen(0, '127.0.0.1', done);
  });
  servers.push(server);
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  const sha256 = await hashFile(archive);
  const url = `http://127.0.0.1:${address.port}/hello.tar`;
  const text = readFileSync(join(from, 'chute.yaml'), 'utf8');
  return on.define(
    'served',
    text.replace('source: .', `source: { url: '${url}', sha256: ${sha256} }`),
  );
}

describe
  .skipIf(DISK === null)
  .concurrent(`the disk is full (${DISK ?? 'none can be mounted here'})`, () => {
    test('12: there is no room to write the journal: what is under way is undone, what is new is refused', async () => {
      const device = await made();
      const disk = await SmallDisk.under(device, DISK ?? 'tmpfs', 24);
      await run(device, 'apply hello -y', 0);
      const { stateHash } = await statusOf(device);
      const slow = await slowChute(device);
      const under = device.begin(['apply', slow.directory, '-y']);
      await printed(under, 'start main of slow');
      disk.fill();
      await run(device, 'cancel u2', 0);
      expect(await under.ended).toMatchObject({ code: 4 });
      await expectAtRest(device, { answer: V1, stateHash });
      writeFileSync(join(device.home, 'hello-v2/film'), Buffer.alloc(20 * MEBIBYTE));
      expect(await outcomeOf(device, 'apply hello-v2 -y', 8)).toMatchObject({
        error: {
          code: 'RIPCORD_DISK_FULL',
          message: expect.stringMatching(/needs \d+\.\d MiB, has \d/) as string,
        },
      });
      disk.release();
    });

    test('13: an image is larger than what is free, and nobody knew: nothing of it is left, the old one runs on', async () => {
      const device = await made();
      const disk = await SmallDisk.under(device, DISK ?? 'tmpfs', 24);
      await run(device, 'apply hello -y', 0);
      const { stateHash } = await statusOf(device);
      const serving = device.processes();
      writeFileSync(join(device.home, 'hello-v2/film'), Buffer.alloc(20 * MEBIBYTE, 1));
      const before = disk.freeBytes();
      const line = await outcomeOf(device, `apply ${await served(device, false)} -y`, 4);
      expect(line).toMatchObject({ outcome: 'reverted', error: { code: 'RIPCORD_DISK_FULL' } });
      expect(device.processes()).toEqual(serving);
      await expectAtRest(device, { answer: V1, stateHash });
      // The reserve was made, and a record takes its place.
      expect(before - disk.freeBytes()).toBeLessThan(6 * MEBIBYTE);
      expect(readdirSync(disk.path('chutes/hello/releases'))).toHaveLength(1);
      disk.release();
    });
  });

describe.concurrent('one update after another', () => {
  test('17: a bad version is offered again and again: it is tried once, and the old one is not touched again', async () => {
    const { device, stateHash } = await ready();
    const words = 'apply hello-broken -y --key fleet-7';
    const first = await outcomeOf(device, words, 4);
    const serving = device.processes();
    for (let offer = 0; offer < 3; offer++)
      expect(await outcomeOf(device, words, 4)).toEqual(first);
    expect(device.processes()).toEqual(serving);
    expect(await device.json(['log'])).toHaveLength(2);
    await expectAtRest(device, { answer: V1, stateHash });
  });

  test('18: a newer version comes during a download: that stops, and nothing is mixed', async () => {
    const { device } = await ready();
    const download = device.begin([
      'apply',
      await served(device, true),
      '-y',
      '--progress',
      'plain',
    ]);
    const releases = join(device.root, 'chutes/hello/releases');
    await until(() => readdirSync(releases).some((name) => name.startsWith('.fetch-')));
    const three = device.vary('hello-v3', (text) =>
      text.replace('version: 1', 'version: 3').replace('GREETING: Hello', 'GREETING: Third'),
    );
    await run(device, `apply ${three} -y --mode supersede`, 0);
    expect(await download.ended).toMatchObject({ code: 8 });
    const events = await eventsOf(device);
    expect(events).toContainEqual(
      expect.objectContaining({ type: 'update.superseded', update: 'u2', by: 'u3' }),
    );
    await expectAtRest(device, { answer: 'Third from ripcord: version 3' });
    const left = readdirSync(releases);
    expect(left.filter((name) => name.startsWith('.'))).toEqual([]);
  });

  test('19: two updates of one chute and one of another, and the first hangs: the other gets through at once', async () => {
    const device = await made();
    const slow = await slowChute(device);
    const next = await slowChute(device, 'slow', 2);
    const first = device.begin(['apply', slow.directory, '-y']);
    await printed(first, 'start main of slow');
    const second = device.begin(['apply', next.directory, '-y', '--mode', 'queue']);
    await printed(second, 'update.queued');
    await run(device, 'apply hello -y', 0);
    expect(await device.answer()).toBe(V1);
    expect(await device.json(['status'])).toMatchObject({ updates: [{ id: 'u1' }, { id: 'u2' }] });
    slow.finish();
    next.finish();
    expect(await first.ended).toMatchObject({ code: 0 });
    expect(await second.ended).toMatchObject({ code: 0 });
    expect(await statusOf(device)).toMatchObject({
      running: null,
      chutes: { slow: { version: 2 }, hello: { version: 1 } },
    });
  });

  test('22: another chute was broken before: the update that fails is rolled back without it', async () => {
    const { device } = await ready();
    const program = join(device.home, 'other-program');
    writeFileSync(program, '#!/bin/sh\nexec sleep 600\n', { mode: 0o755 });
    const other = device.define(
      'other',
      `name: other\nservices:\n  main: { image: node, command: [${program}], health: { settleMs: 0 } }\n`,
    );
    await run(device, `apply ${other} -y`, 0);
    // Whoever looks after it while the update is under way cannot start it again.
    rmSync(program);
    const ill = device.processes().find(({ mark }) => mark.includes('other/'));
    if (ill) process.kill(-ill.pid, 'SIGKILL');
    await until(() => device.processes().length === 1);
    const { update } = await outcomeOf(device, 'apply hello-broken -y', 4);
    expect(await device.answer()).toBe(V1);
    const started = (await eventsOf(device)).find(
      (event) => event.type === 'update.started' && event.update === update,
    );
    // Left out where somebody was about to start it just then.
    expect([{ other: false }, {}]).toContainEqual(started?.['baseline']);
    expect(await storyOf(device, update ?? '')).toMatchObject({
      outcome: 'reverted',
      verified: true,
    });
    await expectSound(device);
  });
});

/** Moves every clock on the wall by the number of seconds in a file; what counts from boot stays. */
const CLOCK = `import { readFileSync } from 'node:fs';
const Real = Date;
const shift = () => {
  try { return Number(readFileSync(process.env.CLOCK_SHIFT, 'utf8')) * 1000; } catch { return 0; }
};
globalThis.Date = class extends Real {
  constructor(...given) { if (given.length === 0) super(Real.now() + shift()); else super(...given); }
  static now() { return Real.now() + shift(); }
};
`;

describe.concurrent('the clock', () => {
  test('25: it starts in 1970, jumps to 2076 in the middle of an update, and back: nothing fires, the order stays', async () => {
    const device = await made();
    const code = join(device.home, 'clock.mjs');
    const shift = join(device.home, 'clock-shift');
    const year = 365.25 * 24 * 3600;
    const moveTo = (to: number): void => {
      writeFileSync(shift, String(Math.round((to - 1970) * year - Date.now() / 1000)));
    };
    writeFileSync(code, CLOCK);
    const more = { NODE_OPTIONS: `--import=${code}`, CLOCK_SHIFT: shift };
    moveTo(1970.01);
    const first = await device.begin(['apply', 'hello', '-y'], more).ended;
    expect(first.code, first.err).toBe(0);
    const slow = await slowChute(device);
    const update = device.begin(['apply', slow.directory, '-y'], more);
    await printed(update, 'start main of slow');
    moveTo(2076);
    const status = await device.begin(['status', '-o', 'json'], more).ended;
    expect(JSON.parse(status.out)).toMatchObject({ running: 'u2' });
    slow.finish();
    const ended = await update.ended;
    expect(ended.code, ended.err).toBe(0);
    moveTo(1971);
    const third = await device.begin(['apply', 'hello-v2', '-y'], more).ended;
    expect(third.code, third.err).toBe(0);
    const events = await eventsOf(device);
    const years = events.map((event) => Number(String(event['at']).slice(0, 4)));
    expect(new Set(years)).toEqual(new Set([1970, 2076, 1971]));
    expect(events.map(({ seq }) => seq)).toEqual(events.map((_, index) => index + 1));
    const log = (await device.json(['log'])) as readonly { id: string; outcome: string }[];
    expect(log.map(({ id, outcome }) => [id, outcome])).toEqual([
      ['u3', 'committed'],
      ['u2', 'committed'],
      ['u1', 'committed'],
    ]);
    expect(await device.answer()).toBe(V2);
    await expectSound(device);
  });
});
