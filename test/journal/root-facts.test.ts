import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, test } from 'vitest';

import { repairRoot } from '../../journal/repair.ts';
import { verifyRoot } from '../../journal/verify.ts';
import { flipBit } from './scratch.ts';
import { writtenRoot } from './written-root.ts';

const stamp = '2026-11-22T10-00-00Z';

describe('a repair', () => {
  test('puts any one flipped bit of ripcord.json right, and tells of each that means something', async () => {
    const root = await writtenRoot(3);
    const path = join(root, 'ripcord.json');
    const written = readFileSync(path);
    const facts = JSON.parse(written.toString('utf8')) as { readonly uuid: string };
    for (let byte = 0; byte < written.length; byte += 2) {
      flipBit(path, byte, byte % 5);
      const { ok, problems } = await verifyRoot(root);
      if (ok) {
        // White space, or the name under which the sum stands.
        expect(JSON.parse(readFileSync(path, 'utf8')), `byte ${byte}`).toMatchObject({
          uuid: facts.uuid,
        });
      } else if (problems[0]?.code === 'RIPCORD_JOURNAL_DAMAGED') {
        expect(problems[0]).toMatchObject({ file: 'ripcord.json' });
        expect(await repairRoot(root, { stamp })).toMatchObject({
          files: ['ripcord.json', 'HEAD'],
        });
        expect(JSON.parse(readFileSync(path, 'utf8')), `byte ${byte}`).toEqual(facts);
      } else expect(problems[0]?.code, `byte ${byte}`).toMatch(/^RIPCORD_SCHEMA_/);
      writeFileSync(path, written);
    }
  });

  test('finds in the records what a lost ripcord.json said', async () => {
    const root = await writtenRoot();
    rmSync(join(root, 'ripcord.json'));
    const genesis = (records: Iterable<unknown>) => ({ runtime: `of ${[...records].length}` });
    await repairRoot(root, { stamp, genesis });
    expect(JSON.parse(readFileSync(join(root, 'ripcord.json'), 'utf8'))).toMatchObject({
      runtime: 'of 30',
    });
    expect(await verifyRoot(root)).toMatchObject({ ok: true });
  });
});
