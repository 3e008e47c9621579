import {
  cpSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';

import { describe, expect, test } from 'vitest';

import { nodeDisk } from '../../journal/disk-node.ts';
import { createHeadFile, readHead, writeHead } from '../../journal/head.ts';
import { repairRoot } from '../../journal/repair.ts';
import { verifyRoot } from '../../journal/verify.ts';
import { flipBit, scratch } from './scratch.ts';
import {
  bytesBelow,
  openSmall,
  overwrite,
  placeOf,
  segmentsOf,
  writtenRoot,
} from './written-root.ts';

const snapshotOf = (root: string): string =>
  join(root, 'snapshots', readdirSync(join(root, 'snapshots'))[0] ?? '');
const blobOf = (root: string): string => {
  const top = join(root, 'blobs', 'sha256');
  const half = join(top, readdirSync(top)[0] ?? '');
  return join(half, readdirSync(half)[0] ?? '');
};

describe('verify', () => {
  test('finds nothing wrong with a root as it was written, and changes nothing', async () => {
    const root = await writtenRoot(30);
    const before = bytesBelow(root);
    const last = JSON.parse(
      readFileSync(placeOf(root, 30).path, 'utf8').trim().split('\n').at(-1) ?? '',
    );
    for (const deep of [false, true]) {
      expect(await verifyRoot(root, { deep })).toEqual({
        ok: true,
        events: 30,
        head: { seq: 30, hash: last.hash },
        problems: [],
        torn: null,
      });
    }
    expect(bytesBelow(root)).toEqual(before);
    expect(segmentsOf(root).length).toBeGreaterThan(3);
  });

  test('finds nothing wrong with an empty root, nor while a writer is at work', async () => {
    const root = scratch();
    const journal = await openSmall(root);
    expect(await verifyRoot(root)).toMatchObject({ ok: true, events: 0, head: { seq: 0 } });
    await journal.append([{ type: 'step', n: 1 }]);
    expect(await verifyRoot(root)).toMatchObject({ ok: true, events: 1, head: { seq: 1 } });
    await journal.close();
  });

  test('knows no journal where there is none', async () => {
    await expect(verifyRoot(scratch())).rejects.toMatchObject({ code: 'RIPCORD_ROOT_MISSING' });
  });

  test('names the record, the file and the offset of any changed byte of any line', async () => {
    const root = await writtenRoot(12);
    const [path = ''] = segmentsOf(root);
    for (const seq of [1, 2, 5]) {
      const { offset, size } = placeOf(root, seq);
      for (let byte = offset; byte < offset + size; byte += 1) {
        flipBit(path, byte, byte % 8);
        const { ok, problems, head } = await verifyRoot(root);
        expect(ok, `byte ${byte}`).toBe(false);
        expect(problems[0]).toMatchObject({ seq, file: join('log', '0000000000000001.ndjson') });
        expect(problems[0]?.offset).toBe(offset);
        expect(head.seq).toBeLessThan(seq);
        flipBit(path, byte, byte % 8);
      }
    }
    expect((await verifyRoot(root)).ok).toBe(true);
  });

  test.each<[story: string, damage: (root: string) => void, found: object]>([
    [
      'a removed segment',
      (root) => rmSync(segmentsOf(root)[1] ?? ''),
      { seq: expect.any(Number), offset: 0, message: expect.stringContaining('missing') },
    ],
    [
      'the first segment removed',
      (root) => rmSync(segmentsOf(root)[0] ?? ''),
      { seq: 1, offset: 0 },
    ],
    ['the last segment removed', (root) => rmSync(segmentsOf(root).at(-1) ?? ''), { file: 'HEAD' }],
    ['the whole log removed', (root) => rmSync(join(root, 'log'), { recursive: true }), { seq: 1 }],
    [
      'a segment that was cut',
      (root) => truncateSync(segmentsOf(root)[0] ?? '', 400),
      { message: expect.stringMatching(/broken|too early/) },
    ],
    [
      'garbage in free space',
      (root) =>
        overwrite(
          segmentsOf(root).at(-1) ?? '',
          1800,
          '{"seq":99,"end":99,"synced":98,"prev":"' + '0'.repeat(64) + '",',
        ),
      { offset: expect.any(Number) },
    ],
    [
      'a last record that HEAD has seen and that has changed since',
      (root) => flipBit(placeOf(root, 30).path, placeOf(root, 30).offset + 100),
      { seq: 28, file: expect.stringMatching(/^log/), offset: expect.any(Number) },
    ],
    [
      'a HEAD ahead of the log',
      (root) => writeHead(nodeDisk, join(root, 'HEAD'), { seq: 99, hash: 'f'.repeat(64) }),
      { seq: 31, file: 'HEAD' },
    ],
    [
      'a HEAD that has seen another record',
      (root) => {
        rmSync(join(root, 'HEAD'));
        writeHead(nodeDisk, join(root, 'HEAD'), { seq: 9, hash: 'f'.repeat(64) });
      },
      { seq: 9, file: 'HEAD' },
    ],
    ['a HEAD that is gone', (root) => rmSync(join(root, 'HEAD')), { file: 'HEAD' }],
    ['a HEAD that was cut', (root) => truncateSync(join(root, 'HEAD'), 700), { file: 'HEAD' }],
    ['a changed snapshot', (root) => flipBit(snapshotOf(root), 20), { seq: null }],
    [
      'a changed blob',
      (root) => flipBit(blobOf(root), 3),
      { seq: 7, code: 'RIPCORD_BLOB_DAMAGED' },
    ],
    [
      'a blob that is gone',
      (root) => rmSync(blobOf(root)),
      { seq: 7, code: 'RIPCORD_BLOB_MISSING' },
    ],
    ['no ripcord.json', (root) => rmSync(join(root, 'ripcord.json')), { file: 'ripcord.json' }],
    [
      'a cut ripcord.json',
      (root) => truncateSync(join(root, 'ripcord.json'), 9),
      { file: 'ripcord.json' },
    ],
  ])('tells of %s', async (_story, damage, expected) => {
    const root = await writtenRoot();
    damage(root);
    const { ok, problems } = await verifyRoot(root);
    expect(ok).toBe(false);
    expect(problems[0]).toMatchObject({ code: expect.stringMatching(/^RIPCORD_/), ...expected });
  });

  test('tells of each place that is broken, not only of the first', async () => {
    const root = await writtenRoot();
    for (const seq of [2, 20]) flipBit(placeOf(root, seq).path, placeOf(root, seq).offset + 99);
    const { problems, head, events } = await verifyRoot(root);
    expect(problems.map(({ seq }) => seq).slice(0, 2)).toEqual([2, 20]);
    expect(head.seq).toBe(0);
    expect(events).toBeLessThan(30);
  });

  test('does not call an unfinished last write a problem', async () => {
    const root = await writtenRoot();
    const last = segmentsOf(root).at(-1) ?? '';
    const copy = scratch();
    cpSync(root, copy, { recursive: true });
    const free = readFileSync(last, 'latin1').trimEnd().length + 1;
    overwrite(last, free, '{"seq":31,"end":31,"sy');
    const { ok, torn, head } = await verifyRoot(root);
    expect({ ok, seq: head.seq }).toEqual({ ok: true, seq: 30 });
    expect(torn).toMatchObject({ offset: free });
    expect(statSync(last).size).toBe(statSync(segmentsOf(copy).at(-1) ?? '').size);
  });

  test('does not call the unfinished first write of HEAD a problem, however little got there', async () => {
    const root = await writtenRoot();
    const path = join(root, 'HEAD');
    rmSync(path);
    createHeadFile(nodeDisk, path);
    const made = readFileSync(path);
    const { head } = await verifyRoot(root);
    writeHead(nodeDisk, path, head);
    const witness = readFileSync(path);
    const length = witness.indexOf('\n');
    for (let bytes = 0; bytes <= length; bytes += 1) {
      writeFileSync(path, Buffer.concat([witness.subarray(0, bytes), made.subarray(bytes)]));
      expect(await verifyRoot(root), `${bytes} bytes`).toMatchObject({ ok: true, problems: [] });
      if (bytes % 20 > 0) continue;
      expect((await repairRoot(root, { stamp: 'now' })).changed, `${bytes} bytes`).toBe(false);
      await (await openSmall(root)).close();
      expect(readHead(nodeDisk, path), `${bytes} bytes`).toEqual(head);
    }
    // Nothing begins like this: it was whole, and a bit of it is another one.
    for (let byte = 0; byte < length; byte += 1) {
      writeFileSync(path, witness);
      flipBit(path, byte, byte % 7);
      const { problems } = await verifyRoot(root);
      expect(problems, `byte ${byte}`).toMatchObject([{ file: 'HEAD' }]);
    }
  });

  test('reads blobs that no record names only when asked to look deep', async () => {
    const root = scratch();
    const journal = await openSmall(root);
    await journal.putBlob(Buffer.from('nobody’s'));
    await journal.close();
    flipBit(blobOf(root), 0);
    expect((await verifyRoot(root)).ok).toBe(true);
    expect((await verifyRoot(root, { deep: true })).problems).toMatchObject([
      { seq: null, code: 'RIPCORD_BLOB_DAMAGED' },
    ]);
  });
});
