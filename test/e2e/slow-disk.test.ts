import { describe, expect, test } from 'vitest';

import { expectAtRest, V1, V2 } from './checks.ts';
import type { Begun, Device } from './device.ts';
import { device as made, jsonLines, printed, slowChute } from './shell.ts';

/** What one sync takes, ten times the worst of a bad card. */
const SYNC_MS = 300;

/** Loaded before the program: every sync takes its time, in the pool and on the event loop. */
const SLOW = `import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
const cell = new Int32Array(new SharedArrayBuffer(4));
const rest = () => new Promise((done) => setTimeout(done, ${SYNC_MS}));
for (const name of ['fsync', 'fdatasync']) {
  const [now, later] = [fs[name + 'Sync'], fs[name]];
  fs[name + 'Sync'] = (fd) => { Atomics.wait(cell, 0, 0, ${SYNC_MS}); now(fd); };
  fs[name] = (fd, done) => setTimeout(() => later(fd, done), ${SYNC_MS});
}
const file = await fs.promises.open(process.execPath);
const handles = Object.getPrototypeOf(file);
await file.close();
for (const name of ['sync', 'datasync']) {
  const real = handles[name];
  handles[name] = async function () { await rest(); return await real.call(this); };
}
const write = fs.promises.writeFile;
fs.promises.writeFile = async (path, data, options) => {
  if (options?.flush) await rest();
  return await write(path, data, options);
};
syncBuiltinESMExports();`;

const ON_SLOW_DISK = { NODE_OPTIONS: `--import data:text/javascript,${encodeURIComponent(SLOW)}` };

const begin = (device: Device, words: string): Begun =>
  device.begin([...words.split(' '), '-o', 'json'], ON_SLOW_DISK);

async function outcome(begun: Begun): Promise<Record<string, unknown> | undefined> {
  const { out, err } = await begun.ended;
  expect(out, err).not.toBe('');
  return jsonLines(out).at(-1);
}

async function kindsOf(device: Device): Promise<readonly string[]> {
  const events = (await device.json(['log', '--events'])) as readonly { readonly type: string }[];
  return events.map(({ type }) => type);
}

describe.concurrent('a disk on which each sync takes 300 ms', () => {
  test('makes updates slow and nothing else: no step is late, none is unknown', async () => {
    const device = await made();
    const begun = performance.now();
    expect(await outcome(begin(device, 'apply hello -y'))).toMatchObject({ outcome: 'committed' });
    // Otherwise this shows nothing.
    expect(performance.now() - begun).toBeGreaterThan(10 * SYNC_MS);
    await expectAtRest(device, { answer: V1 });
    expect(await outcome(begin(device, 'apply hello-v2 -y'))).toMatchObject({
      outcome: 'committed',
    });
    await expectAtRest(device, { answer: V2 });
    const broken = await outcome(begin(device, 'apply hello-broken -y'));
    expect(broken).toMatchObject({ outcome: 'reverted', error: { code: 'RIPCORD_GATE_FAILED' } });
    await expectAtRest(device, { answer: V2 });
    const kinds = await kindsOf(device);
    expect(kinds).not.toContain('step.timedOut');
    expect(kinds).not.toContain('step.probed');
  });

  test('keeps nobody from asking, and lets a second update in while the first is on its way', async () => {
    const device = await made();
    const chute = await slowChute(device);
    const holder = begin(device, `apply ${chute.directory} -y`);
    await printed(holder, 'gate.started');
    for (let n = 0; n < 3; n += 1)
      expect(await outcome(begin(device, 'status'))).toMatchObject({ running: 'u1' });
    const others = ['apply hello -y', 'status', 'log'].map((words) => begin(device, words));
    const [second] = await Promise.all(others.map(async ({ ended }) => await ended));
    expect(second?.code, second?.err).toBe(0);
    expect(jsonLines(second?.out ?? '').at(-1)).toMatchObject({
      update: 'u2',
      outcome: 'committed',
    });
    chute.finish();
    expect(await holder.ended).toMatchObject({ code: 0 });
    // Who comes while the holder is still putting its things away waits for it.
    expect(await outcome(begin(device, 'restart hello'))).toMatchObject({ outcome: 'committed' });
    expect(await kindsOf(device)).not.toContain('step.timedOut');
    expect(await device.json(['verify'])).toMatchObject({ ok: true });
  });
});
