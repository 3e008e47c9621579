import { readdirSync, readFileSync, statSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, test } from 'vitest';

import { openBlobs } from '../../journal/blobs.ts';
import { nodeDisk } from '../../journal/disk-node.ts';
import { dyingDisk, flipBit, scratch } from './scratch.ts';

const text = Buffer.from('what the file held before the step');
const pathOf = (root: string, key: string): string =>
  join(root, 'blobs', 'sha256', key.slice(7, 9), key.slice(7));

describe('blobs', () => {
  test('give back what was put, in this process and the next', async () => {
    const root = scratch();
    const blobs = openBlobs(nodeDisk, root);
    const key = await blobs.put(text);
    expect(key).toMatch(/^sha256:[0-9a-f]{64}$/);
    expect(blobs.has(key)).toBe(true);
    expect(Buffer.from(blobs.get(key))).toEqual(text);
    expect(Buffer.from(openBlobs(nodeDisk, root).get(key))).toEqual(text);
    expect(openBlobs(nodeDisk, root).keys()).toEqual([key]);
  });

  test('keep equal bytes once, also when put at the same time', async () => {
    const root = scratch();
    const blobs = openBlobs(nodeDisk, root);
    const keys = await Promise.all([blobs.put(text), blobs.put(text), blobs.put(text)]);
    const { ino } = statSync(pathOf(root, keys[0]));
    expect(new Set(keys).size).toBe(1);
    expect(await openBlobs(nodeDisk, root).put(text)).toBe(keys[0]);
    expect(statSync(pathOf(root, keys[0])).ino).toBe(ino);
  });

  test('are empty bytes too', async () => {
    const blobs = openBlobs(nodeDisk, scratch());
    expect(blobs.get(await blobs.put(new Uint8Array())).length).toBe(0);
  });

  test('are refused with any bit flipped, and healed by putting them again', async () => {
    const root = scratch();
    const blobs = openBlobs(nodeDisk, root);
    const key = await blobs.put(text);
    const path = pathOf(root, key);
    for (let byte = 0; byte < text.length; byte += 1) {
      flipBit(path, byte, byte % 8);
      expect(() => blobs.get(key)).toThrow(
        expect.objectContaining({ code: 'RIPCORD_BLOB_DAMAGED' }),
      );
      flipBit(path, byte, byte % 8);
    }
    writeFileSync(path, text.subarray(0, 5));
    expect(() => blobs.get(key)).toThrow(expect.objectContaining({ code: 'RIPCORD_BLOB_DAMAGED' }));
    await blobs.put(text);
    expect(readFileSync(path)).toEqual(text);
  });

  test.each(['sha256:../../ripcord.json', 'md5:00', ''])('know no key like "%s"', (key) => {
    const blobs = openBlobs(nodeDisk, scratch());
    expect(() => blobs.get(key)).toThrow(expect.objectContaining({ code: 'RIPCORD_BLOB_MISSING' }));
  });

  test('say when one is missing', async () => {
    const root = scratch();
    const blobs = openBlobs(nodeDisk, root);
    const key = await blobs.put(text);
    unlinkSync(pathOf(root, key));
    expect(blobs.has(key)).toBe(false);
    expect(() => blobs.get(key)).toThrow(expect.objectContaining({ code: 'RIPCORD_BLOB_MISSING' }));
  });

  test('are whole or absent whichever call the disk refuses', async () => {
    let nth = 1;
    for (let dead = true; dead; nth += 1) {
      const root = scratch();
      const { disk, died } = dyingDisk(nth);
      const outcome = await openBlobs(disk, root)
        .put(text)
        .then(
          () => 'kept',
          () => 'refused',
        );
      dead = died();
      expect(outcome).toBe(dead ? 'refused' : 'kept');
      const again = openBlobs(nodeDisk, root);
      for (const key of again.keys()) expect(Buffer.from(again.get(key))).toEqual(text);
      const key = await again.put(text);
      expect(Buffer.from(again.get(key))).toEqual(text);
      expect(readdirSync(join(root, 'blobs', 'sha256', key.slice(7, 9)))).toContain(key.slice(7));
    }
    expect(nth).toBeGreaterThan(8);
  });

  test('say that the disk is full', async () => {
    const { disk } = dyingDisk(7, 'ENOSPC');
    await expect(openBlobs(disk, scratch()).put(text)).rejects.toMatchObject({
      code: 'RIPCORD_DISK_FULL',
    });
  });
});
