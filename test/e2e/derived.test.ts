import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { at } from './damages.ts';
import { Device } from './device.ts';
import { footprint, journalFootprint } from './footprint.ts';
import { alter, flip, linesOf, rechain } from './hurt.ts';

type Status = { readonly head: { readonly seq: number }; readonly stateHash: string };

let device: Device;
const devices: Device[] = [];

async function installed(...names: readonly string[]): Promise<Device> {
  const made = await Device.make();
  devices.push(made);
  for (const name of names) await made.install(name, '--allow-downgrade');
  return made;
}

beforeAll(async () => {
  device = await installed(...MANY);
});

afterAll(() => {
  for (const each of devices) each.destroy();
});

const statusOf = async (of: Device): Promise<Status> => (await of.json(['status'])) as Status;

/** Enough updates for a snapshot. */
const MANY = ['hello', 'hello-v2', 'hello', 'hello-v2', 'hello', 'hello-v2'];

/** Every byte of these files becomes another one. */
function garble(root: string, part: string, pattern: RegExp): void {
  const paths = Object.keys(footprint(root, part)).filter((path) => pattern.test(path));
  expect(paths).not.toEqual([]);
  for (const path of paths)
    alter(join(root, path), (bytes) =>
      bytes.map((byte, offset) => (byte * 7 + offset * 13 + 1) & 255),
    );
}

const remove = (root: string, part: string): void =>
  rmSync(join(root, part), { recursive: true, force: true });

describe('what is derived can be lost without a word', () => {
  test.each<[string, (root: string) => void]>([
    ['no index', (root) => remove(root, 'index')],
    ['an index of garbage', (root) => garble(root, 'index', /./)],
    ['an index with a broken manifest', (root) => garble(root, 'index', /MANIFEST/)],
    ['an index with broken tables', (root) => garble(root, 'index', /\.(ldb|log)$/)],
    ['an index with a flipped bit', (root) => flip(join(root, tableOf(root)), 40)],
    ['an index without its marker of the current files', (root) => remove(root, 'index/CURRENT')],
    ['an index under a seal of garbage', (root) => garble(root, 'index', /seal/)],
    [
      'an index that is a file',
      (root) => {
        remove(root, 'index');
        writeFileSync(join(root, 'index'), 'no directory');
      },
    ],
    ['no snapshots', (root) => remove(root, 'snapshots')],
    ['no ballast', (root) => remove(root, 'ballast')],
    ['no next segment', (root) => remove(root, 'log/next')],
    ['a next segment of garbage', (root) => writeFileSync(join(root, 'log/next'), 'garbage')],
    ['a holder that is long gone', (root) => writeFileSync(join(root, 'holder.json'), '{"pid":1,')],
    ['drafts of files', (root) => writeFileSync(join(root, 'HEAD.tmp'), 'half')],
    ['one slot of HEAD broken', (root) => flip(join(root, 'HEAD'), 12)],
    ['the other slot of HEAD broken', (root) => flip(join(root, 'HEAD'), 512 + 12)],
  ])('%s', async (_name, hurt) => {
    const before = await statusOf(device);
    const serving = device.processes();
    const version = (await device.answer())?.endsWith('1') ? 'hello-v2' : 'hello';
    hurt(device.root);
    expect(await statusOf(device)).toEqual(before);
    expect(await device.json(['verify'])).toMatchObject({ ok: true, events: before.head.seq });
    expect(device.processes()).toEqual(serving);
    // A writer mends it on the way.
    const updates = ((await device.json(['log'])) as readonly unknown[]).length;
    await device.install(version, '--allow-downgrade');
    expect(await device.json(['log'])).toHaveLength(updates + 1);
    expect(existsSync(join(device.root, 'index/CURRENT'))).toBe(true);
    expect(await device.json(['verify'])).toMatchObject({ ok: true });
  });
});

function tableOf(root: string): string {
  return Object.keys(footprint(root, 'index')).find((path) => /\.(ldb|log)$/.test(path)) ?? '';
}

describe.concurrent('what only verify sees', () => {
  test.each<[string, string]>([
    ['a broken snapshot', 'snapshots'],
    ['a HEAD of which nothing can be read', 'HEAD'],
  ])('%s stops nothing and is repaired', async (_name, part) => {
    const hurt = await installed(...MANY);
    const before = await statusOf(hurt);
    const serving = hurt.processes();
    garble(hurt.root, part, /./);
    expect(await statusOf(hurt)).toEqual(before);
    const found = await hurt.ripcord(['verify', '-o', 'json']);
    expect(found.code).toBe(9);
    expect(JSON.parse(found.out)).toMatchObject({
      ok: false,
      problems: [{ file: expect.stringContaining(part) }],
    });
    expect((await hurt.ripcord(['journal', 'repair'])).code).toBe(0);
    expect(await hurt.json(['verify'])).toMatchObject({ ok: true, problems: [] });
    expect(hurt.processes()).toEqual(serving);
    await hurt.install('hello', '--allow-downgrade');
    expect(await hurt.json(['verify'])).toMatchObject({ ok: true });
  });

  test('a bit in the last segment, however old, is no such thing', async () => {
    const hurt = await installed(...MANY);
    const before = await statusOf(hurt);
    // The check on open sees the last segment whole: so this is told at once.
    const { seq, file, offset } = at(linesOf(hurt.root), 30);
    flip(join(hurt.root, file), offset + 100);
    for (const command of ['status', 'log', 'apply hello -y']) {
      const { code, err } = await hurt.ripcord(command.split(' '));
      expect(code, command).toBe(9);
      expect(err).toContain(`record ${seq}`);
    }
    expect((await hurt.ripcord(['journal', 'repair'])).code).toBe(0);
    expect((await statusOf(hurt)).stateHash).toBe(before.stateHash);
  });
});

describe.concurrent('secrets that are gone', () => {
  test('keep nobody from running, and a restart is refused before it stops anything', async () => {
    const hushed = await installed();
    const secretive = (word: string): string =>
      hushed.vary(`hushed-${word}`, (text) =>
        text.replace(/GREETING: .*/, `GREETING: { secret: ${word} }`),
      );
    await hushed.install(secretive('hunter2'));
    const serving = hushed.processes();
    const before = await statusOf(hushed);
    rmSync(join(hushed.root, 'secrets'), { recursive: true });
    expect(await statusOf(hushed)).toEqual(before);
    const { code, err } = await hushed.ripcord(['restart', 'hello']);
    expect(code, err).toBe(4);
    expect(err).toContain('RIPCORD_SECRET_MISSING');
    expect(hushed.processes()).toEqual(serving);
    expect(await hushed.answer()).toBe('hunter2: version 1');
    // Whoever has the secret brings it back.
    await hushed.install('hushed-hunter2');
    expect(await hushed.answer()).toBe('hunter2: version 1');
    await hushed.install(secretive('hunter3'));
    expect(await hushed.answer()).toBe('hunter3: version 1');
    expect(await hushed.json(['verify'])).toMatchObject({ ok: true });
  });
});

describe.concurrent('a root of a newer program', () => {
  test('is refused, not guessed at, and stays as it is', async () => {
    const newer = await installed('hello');
    const serving = newer.processes();
    alter(join(newer.root, 'ripcord.json'), (bytes) =>
      Buffer.from(bytes.toString('utf8').replace('"schema": 2', '"schema": 3')),
    );
    const before = footprint(newer.root);
    for (const command of [
      'status',
      'apply hello-v2 -y',
      'log',
      'verify',
      'journal repair',
      'journal cat',
    ]) {
      const { code, err, out } = await newer.ripcord(command.split(' '));
      expect(code, `${command} ${err}`).toBe(9);
      expect(`${out}${err}`, command).toContain('RIPCORD_SCHEMA_NEWER');
    }
    expect(footprint(newer.root)).toEqual(before);
    expect(newer.processes()).toEqual(serving);
  });

  test('is refused too when only its records are', async () => {
    const newer = await installed('hello');
    const serving = newer.processes();
    rechain(newer.root, (record) =>
      record['type'] === 'update.committed' ? { ...record, v: 9 } : record,
    );
    expect(await newer.json(['verify'])).toMatchObject({
      head: { seq: at(linesOf(newer.root), -1).seq },
    });
    const before = journalFootprint(newer.root);
    for (const command of ['status', 'apply hello-v2 -y', 'log', 'journal cat']) {
      const { code, err } = await newer.ripcord(command.split(' '));
      expect(code, `${command} ${err}`).toBe(9);
      expect(err, command).toContain('RIPCORD_SCHEMA_NEWER');
    }
    expect(journalFootprint(newer.root)).toEqual(before);
    expect(newer.processes()).toEqual(serving);
  });
});
