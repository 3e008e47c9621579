import { mkdirSync, readdirSync, readFileSync, statSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, test } from 'vitest';

import { nodeDisk } from '../../journal/disk-node.ts';
import { openSecrets } from '../../journal/secrets-store.ts';
import { dyingDisk, flipBit, scratch } from './scratch.ts';

describe('secrets', () => {
  test('come back by their name, in this process and the next', async () => {
    const root = scratch();
    const ref = await openSecrets(nodeDisk, root).put('hunter2');
    expect(ref).toEqual({ $secret: expect.stringMatching(/^[0-9a-f]{64}$/) });
    const next = openSecrets(nodeDisk, root);
    expect(Buffer.from(next.get(ref)).toString()).toBe('hunter2');
    expect(await next.put('hunter2')).toEqual(ref);
    expect(await next.digest('hunter2')).toBe(ref.$secret);
  });

  test('are readable by their owner only', async () => {
    const root = scratch();
    await openSecrets(nodeDisk, root).put('hunter2');
    const directory = join(root, 'secrets');
    expect(statSync(directory).mode & 0o777).toBe(0o700);
    for (const name of readdirSync(directory)) {
      expect(statSync(join(directory, name)).mode & 0o777).toBe(0o600);
    }
  });

  test('leave nothing of one that its writer did not live to put in place', async () => {
    const root = scratch();
    await openSecrets(nodeDisk, root).put('hunter2');
    const draft = join(root, 'secrets', `${'a'.repeat(64)}.tmp`);
    writeFileSync(draft, 'hunter3');
    const next = openSecrets(nodeDisk, root);
    next.get(await next.put('hunter2'));
    expect(readdirSync(join(root, 'secrets'))).toHaveLength(2);
  });

  test('are kept also when somebody else clears their draft away', async () => {
    const root = scratch();
    await openSecrets(nodeDisk, root).put('hunter2');
    let cleared = 0;
    const disk = {
      ...nodeDisk,
      renameSync: (from: string, to: string) => {
        cleared += 1;
        if (cleared === 1) unlinkSync(from);
        nodeDisk.renameSync(from, to);
      },
    };
    const ref = await openSecrets(disk, root).put('hunter3');
    expect(Buffer.from(openSecrets(nodeDisk, root).get(ref)).toString()).toBe('hunter3');
    expect(cleared).toBe(2);
  });

  test('have other names on another device', async () => {
    const one = await openSecrets(nodeDisk, scratch()).put('hunter2');
    const other = await openSecrets(nodeDisk, scratch()).put('hunter2');
    expect(one).not.toEqual(other);
  });

  test('can be put at the same time', async () => {
    const secrets = openSecrets(nodeDisk, scratch());
    const refs = await Promise.all(['a', 'b', 'a', 'c', 'a'].map((value) => secrets.put(value)));
    expect(new Set(refs.map((ref) => ref.$secret)).size).toBe(3);
    expect(refs.map((ref) => Buffer.from(secrets.get(ref)).toString()).join('')).toBe('abaca');
  });

  test('are gone once dropped', async () => {
    const root = scratch();
    const secrets = openSecrets(nodeDisk, root);
    const ref = await secrets.put(Buffer.from([0, 255, 10]));
    expect(Buffer.from(secrets.get(ref))).toEqual(Buffer.from([0, 255, 10]));
    secrets.drop(ref);
    secrets.drop(ref);
    expect(() => secrets.get(ref)).toThrow(
      expect.objectContaining({ code: 'RIPCORD_SECRET_MISSING' }),
    );
    expect(readdirSync(join(root, 'secrets'))).toEqual(['key']);
  });

  test('with a bit flipped in the value or the key are refused', async () => {
    const root = scratch();
    const secrets = openSecrets(nodeDisk, root);
    const ref = await secrets.put('hunter2');
    for (const name of ['key', ref.$secret]) {
      const path = join(root, 'secrets', name);
      for (let byte = 0; byte < readFileSync(path).length; byte += 1) {
        flipBit(path, byte, byte % 8);
        expect(() => secrets.get(ref)).toThrow(
          expect.objectContaining({ code: 'RIPCORD_SECRET_DAMAGED' }),
        );
        flipBit(path, byte, byte % 8);
      }
    }
  });

  test('are not given a new key while values of the old one lie there', async () => {
    const root = scratch();
    await openSecrets(nodeDisk, root).put('hunter2');
    unlinkSync(join(root, 'secrets', 'key'));
    await expect(openSecrets(nodeDisk, root).put('hunter2')).rejects.toMatchObject({
      code: 'RIPCORD_SECRET_DAMAGED',
    });
  });

  test('never leave their directory', () => {
    const root = scratch();
    mkdirSync(join(root, 'secrets'));
    expect(() => openSecrets(nodeDisk, root).get({ $secret: '../ripcord.json' })).toThrow(
      expect.objectContaining({ code: 'RIPCORD_SECRET_MISSING' }),
    );
  });

  test('can be put again whichever call the disk refuses', async () => {
    let nth = 1;
    for (let dead = true; dead; nth += 1) {
      const root = scratch();
      const { disk, died } = dyingDisk(nth);
      await openSecrets(disk, root)
        .put('hunter2')
        .catch(() => 'refused');
      dead = died();
      const secrets = openSecrets(nodeDisk, root);
      const ref = await secrets.put('hunter2');
      expect(Buffer.from(secrets.get(ref)).toString()).toBe('hunter2');
    }
    expect(nth).toBeGreaterThan(6);
  });
});
