import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { alter, flip, type Line, segmentsOf } from './hurt.ts';

/** What `verify` says of damage. */
export type Problem = {
  readonly seq: number | null;
  readonly file: string;
  readonly offset: number | null;
};

/** One of them, from the end with a negative index. */
export const at = (lines: readonly Line[], index: number): Line => {
  const line = lines.at(index);
  if (!line) throw new Error(`no line ${index}`);
  return line;
};

/** A way to damage the journal of a root. */
export type Damage = {
  readonly name: string;
  /** Does it, and says what `verify` has to find first. */
  readonly hurt: (root: string, lines: readonly Line[]) => Partial<Problem>;
  /** Whether nothing can be kept: then the repair wants to be told that this is accepted. */
  readonly total?: true;
};

/** How large a record may be for a repair to look for its flipped bit. */
const SMALL_BYTES = 4096;

/** Flips a bit so many bytes into a line of a segment, or before its end: among the small or the large lines. */
const bitIn =
  (size: 'small' | 'large', segment: number, line: number, into: number) =>
  (root: string, lines: readonly Line[]): Partial<Problem> => {
    const file = segmentsOf(root).at(segment) ?? '';
    const among = lines.filter(
      (each) => each.file === file && each.length < SMALL_BYTES === (size === 'small'),
    );
    const { seq, offset, length } = at(among, line);
    flip(join(root, file), offset + (into < 0 ? length + into : into));
    return { seq, file, offset };
  };

const removeSegment =
  (index: number) =>
  (root: string, lines: readonly Line[]): Partial<Problem> => {
    const file = segmentsOf(root).at(index) ?? '';
    rmSync(join(root, file));
    return { seq: lines.find((line) => line.file === file)?.seq ?? null };
  };

/** What a repair gets back whole. */
export const HEALED: readonly Damage[] = [
  { name: 'a bit inside a sealed segment', hurt: bitIn('small', 0, 7, 90) },
  { name: 'a bit in the last small line of a sealed segment', hurt: bitIn('small', 1, -1, 400) },
  { name: 'a bit in the seq of a record of the last segment', hurt: bitIn('small', -1, -5, 8) },
  { name: 'a bit in the body of a record of the last segment', hurt: bitIn('small', -1, -5, 400) },
  { name: 'a bit in the hash of a record of the last segment', hurt: bitIn('small', -1, -3, -9) },
  { name: 'a bit in the very last record', hurt: bitIn('small', -1, -1, 100) },
  {
    name: 'the newline between two records',
    hurt: (root, lines) => {
      const { file, offset, seq } = at(lines, -6);
      flip(join(root, file), offset - 1, 2);
      return { seq: seq - 1 };
    },
  },
  {
    name: 'no ripcord.json',
    hurt: (root) => {
      rmSync(join(root, 'ripcord.json'));
      return { seq: null, file: 'ripcord.json' };
    },
  },
  {
    name: 'a bit in the id that ripcord.json gives',
    hurt: (root) => {
      flip(
        join(root, 'ripcord.json'),
        readFileSync(join(root, 'ripcord.json')).indexOf('uuid') + 9,
      );
      return { seq: null, file: 'ripcord.json' };
    },
  },
  {
    name: 'a broken ripcord.json',
    hurt: (root) => {
      writeFileSync(join(root, 'ripcord.json'), '{"uuid":');
      return { seq: null, file: 'ripcord.json' };
    },
  },
];

/** What costs records. */
export const LOSSES: readonly Damage[] = [
  {
    name: 'a sector of the last segment',
    hurt: (root, lines) => {
      const { file, offset, seq } = at(lines, -12);
      alter(join(root, file), (bytes) => void bytes.fill(0, offset + 10, offset + 522));
      return { seq, file, offset };
    },
  },
  {
    name: 'a bit in a record too large to be searched for it',
    hurt: bitIn('large', 1, 1, 9000),
  },
  { name: 'the link of a sealed segment to the one before', hurt: bitIn('large', 1, 0, 60) },
  { name: 'no first segment', hurt: removeSegment(0), total: true },
  { name: 'no segment in the middle', hurt: removeSegment(1) },
  { name: 'no last segment', hurt: removeSegment(-1) },
  {
    name: 'no log',
    hurt: (root) => {
      rmSync(join(root, 'log'), { recursive: true });
      return { seq: 1 };
    },
    total: true,
  },
  {
    name: 'a log that is shorter than HEAD knows',
    hurt: (root, lines) => {
      const { file, offset, seq } = at(lines, -4);
      alter(join(root, file), (bytes) => void bytes.fill(0x0a, offset));
      return { seq };
    },
  },
  {
    name: 'an emptied last segment',
    hurt: (root, lines) => {
      const file = segmentsOf(root).at(-1) ?? '';
      alter(join(root, file), (bytes) => void bytes.fill(0x0a));
      return { seq: lines.find((line) => line.file === file)?.seq ?? null };
    },
  },
];
