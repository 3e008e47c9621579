import {
  existsSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';

import { describe, expect, test } from 'vitest';

import { nodeDisk } from '../../journal/disk-node.ts';
import { repairRoot } from '../../journal/repair.ts';
import { openSecrets, type SecretRef } from '../../journal/secrets-store.ts';
import { verifyRoot } from '../../journal/verify.ts';
import { flipBit } from './scratch.ts';
import { writtenRoot } from './written-root.ts';

const stamp = '2026-11-22T10-00-00Z';

type Kept = { readonly root: string; readonly refs: readonly SecretRef[] };

async function withSecrets(): Promise<Kept> {
  const root = await writtenRoot();
  const secrets = openSecrets(nodeDisk, root);
  const refs = [await secrets.put('hunter2'), await secrets.put('a much longer value')];
  return { root, refs };
}

const fileOf = ({ refs }: Kept, at: number): string => join('secrets', refs[at]?.$secret ?? '');
const valuesOf = ({ root, refs }: Kept): string[] =>
  refs.map((ref) => Buffer.from(openSecrets(nodeDisk, root).get(ref)).toString());

const VALUES = ['hunter2', 'a much longer value'];

describe('a bit of a secret or of their key', () => {
  test('is told with its file, and put right where it lies', async () => {
    const kept = await withSecrets();
    const { root } = kept;
    for (const file of [fileOf(kept, 0), fileOf(kept, 1), join('secrets', 'key')]) {
      for (const byte of [0, 3, 6]) {
        flipBit(join(root, file), byte, byte);
        const { ok, problems } = await verifyRoot(root);
        expect({ ok, problems }).toMatchObject({
          ok: false,
          problems: [{ file, code: 'RIPCORD_SECRET_DAMAGED' }],
        });
        const repair = await repairRoot(root, { stamp });
        expect(repair.secrets).toMatchObject([{ file, healed: true }]);
        expect(await verifyRoot(root)).toMatchObject({ ok: true });
        expect(valuesOf(kept)).toEqual(VALUES);
      }
    }
    for (const folder of readdirSync(join(root, 'quarantine')))
      expect(readdirSync(join(root, 'quarantine', folder))).toEqual(['report.json']);
  });
});

describe('what cannot be put right', () => {
  test('of a value is kept aside, and the value can be given again', async () => {
    const kept = await withSecrets();
    truncateSync(join(kept.root, fileOf(kept, 1)), 4);
    expect(await verifyRoot(kept.root)).toMatchObject({ problems: [{ file: fileOf(kept, 1) }] });
    const { secrets } = await repairRoot(kept.root, { stamp });
    expect(secrets).toMatchObject([{ file: fileOf(kept, 1), healed: false }]);
    expect(existsSync(join(kept.root, `${fileOf(kept, 1)}.damaged`))).toBe(true);
    expect(await verifyRoot(kept.root)).toMatchObject({ ok: true });
    await openSecrets(nodeDisk, kept.root).put(VALUES[1] ?? '');
    expect(valuesOf(kept)).toEqual(VALUES);
  });

  test.each<[string, (key: string) => void]>([
    ['gone', (key) => rmSync(key)],
    ['cut', (key) => truncateSync(key, 31)],
    ['another', (key) => writeFileSync(key, Buffer.alloc(32, 7))],
  ])('of the key that is %s is told before anything is kept under it', async (_name, hurt) => {
    const kept = await withSecrets();
    const key = join(kept.root, 'secrets', 'key');
    hurt(key);
    expect(await verifyRoot(kept.root)).toMatchObject({ problems: [{ file: 'secrets/key' }] });
    const put = openSecrets(nodeDisk, kept.root).put('hunter3');
    await expect(put).rejects.toMatchObject({ code: 'RIPCORD_SECRET_DAMAGED' });
    await repairRoot(kept.root, { stamp });
    expect(await verifyRoot(kept.root)).toMatchObject({ ok: true });
    const again = openSecrets(nodeDisk, kept.root);
    const ref = await again.put('hunter2');
    expect(Buffer.from(again.get(ref)).toString()).toBe('hunter2');
    const values = readdirSync(join(kept.root, 'secrets')).filter((name) => name.length === 64);
    expect(values).toEqual([ref.$secret]);
    expect(readFileSync(key)).toHaveLength(32);
  });
});
