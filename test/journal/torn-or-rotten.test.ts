import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, test } from 'vitest';

import { nodeDisk } from '../../journal/disk-node.ts';
import { writeHead } from '../../journal/head.ts';
import { checkLog } from '../../journal/log-check.ts';
import { flipBit, scratch } from './scratch.ts';
import { openSmall, overwrite, placeOf, writtenRoot } from './written-root.ts';

const SECTOR = 512;

/** A root whose last flushes nobody has witnessed: batches of the given records, long ones as said. */
async function unwitnessed(batches: readonly (readonly { long: boolean }[])[]): Promise<string> {
  const root = scratch();
  const journal = await openSmall(root);
  await journal.append([{ type: 'step', n: 0 }]);
  await journal.sealHead();
  const witness = readFileSync(join(root, 'HEAD'));
  for (const batch of batches)
    // oxlint-disable-next-line no-await-in-loop -- one flush after the other
    await journal.append(
      batch.map(({ long }, n) => ({ type: 'step', n, ...(long && { text: 'x'.repeat(1200) }) })),
    );
  await journal.close();
  writeFileSync(join(root, 'HEAD'), witness);
  return root;
}

const short = { long: false };

describe('no power cut explains', () => {
  test('a flipped bit in a flush of which the rest is whole', async () => {
    const root = await unwitnessed([[short, short, short]]);
    for (const seq of [2, 3]) {
      const { path, offset } = placeOf(root, seq);
      flipBit(path, offset + 120);
      // All of a batch is lost with one of its records: 2 is the first.
      expect(checkLog(nodeDisk, root)).toMatchObject({
        damage: { seq: 2, offset, message: expect.stringContaining(`record ${seq} is broken`) },
        torn: null,
      });
      flipBit(path, offset + 120);
    }
    expect(checkLog(nodeDisk, root)).toMatchObject({ damage: null, head: { seq: 4 } });
  });

  test('a sector of free space in a record that the very next one knows to be on disk', async () => {
    const root = await unwitnessed([[{ long: true }], [short]]);
    const { path, offset } = placeOf(root, 2);
    overwrite(path, Math.ceil(offset / SECTOR) * SECTOR, '\n'.repeat(SECTOR));
    expect(checkLog(nodeDisk, root)).toMatchObject({ damage: { seq: 2, offset }, torn: null });
  });

  test('a HEAD that has seen another last record', async () => {
    const root = await writtenRoot(6);
    const head = join(root, 'HEAD');
    rmSync(head);
    writeHead(nodeDisk, head, { seq: 6, hash: 'f'.repeat(64) });
    expect(checkLog(nodeDisk, root)).toMatchObject({ damage: { seq: 6 } });
  });
});

test('a power cut explains a sector of free space in a flush that nobody knows to be on disk', async () => {
  const root = await unwitnessed([[{ long: true }, short]]);
  const { path, offset } = placeOf(root, 2);
  overwrite(path, Math.ceil(offset / SECTOR) * SECTOR, '\n'.repeat(SECTOR));
  expect(checkLog(nodeDisk, root)).toMatchObject({ damage: null, torn: { atSeq: 2, offset } });
});
