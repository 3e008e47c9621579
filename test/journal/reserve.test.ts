import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, test } from 'vitest';

import { nodeDisk } from '../../journal/disk-node.ts';
import { openReserve } from '../../journal/reserve.ts';
import { dyingDisk, scratch } from './scratch.ts';

const MIB = 1024 * 1024;

describe('reserve', () => {
  test('keeps back what is asked for, at least its own size, and gives it up', async () => {
    const root = scratch();
    const reserve = openReserve(nodeDisk, root);
    expect(reserve.held()).toBe(false);
    expect(reserve.release()).toBe(false);
    await reserve.reserve(1);
    expect(statSync(join(root, 'ballast')).size).toBe(4 * MIB);
    await reserve.reserve(5 * MIB);
    expect(statSync(join(root, 'ballast')).size).toBe(5 * MIB);
    expect(reserve.release()).toBe(true);
    expect(existsSync(join(root, 'ballast'))).toBe(false);
    await reserve.reserve(0);
    expect(reserve.held()).toBe(true);
  });

  test('makes room for lanes that ask at the same time', async () => {
    const root = scratch();
    const reserve = openReserve(nodeDisk, root, { ballastBytes: MIB });
    await Promise.all([1, 3, 2].map(async (count) => await reserve.reserve(count * MIB)));
    expect(statSync(join(root, 'ballast')).size).toBe(3 * MIB);
  });

  test('takes real blocks of the disk', async () => {
    const root = scratch();
    await openReserve(nodeDisk, root, { ballastBytes: MIB }).reserve(0);
    expect(statSync(join(root, 'ballast')).blocks * 512).toBeGreaterThanOrEqual(MIB);
  });

  test('says what it needs and what there is', async () => {
    const root = scratch();
    const reserve = openReserve(nodeDisk, root, { freeBytes: () => 3 * MIB });
    await expect(reserve.reserve(12 * MIB)).rejects.toMatchObject({
      code: 'RIPCORD_DISK_FULL',
      message: 'cannot reserve room for the journal: needs 12.0 MiB, has 3.0 MiB',
      details: { needs: 12 * MIB, has: 3 * MIB },
    });
    expect(reserve.held()).toBe(false);
  });

  test('says so too when the disk only finds out while writing', async () => {
    const { disk } = dyingDisk(2, 'ENOSPC');
    await expect(openReserve(disk, scratch()).reserve(1)).rejects.toMatchObject({
      code: 'RIPCORD_DISK_FULL',
      message: expect.stringContaining('needs 4.0 MiB'),
    });
  });

  test('counts what it already holds as room', async () => {
    const root = scratch();
    let free = 4 * MIB;
    const reserve = openReserve(nodeDisk, root, { freeBytes: () => free });
    await reserve.reserve(4 * MIB);
    free = MIB;
    await reserve.reserve(5 * MIB);
    expect(statSync(join(root, 'ballast')).size).toBe(5 * MIB);
  });
});
