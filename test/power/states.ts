/**
 * Every disk that a power cut may leave at one moment, as choices: which of the pending changes are
 * there, and which of them only in part.
 */
import { dice } from '../journal/sim-disk.ts';
import {
  applyName,
  type DirectoryNode,
  type FileNode,
  type FileSystem,
  type Node,
  type Pending,
  resized,
  written,
} from './file-system.ts';
import type { Entry, Image } from './image.ts';

const SECTOR_BYTES = 512;
const PAGE_BYTES = 4096;

/**
 * How much of a change got there. `head`: its first bytes. `sectors`: those whose number is among
 * them. `grown`: the file has its new size and zeros. `zeroed`: a cut that had cleared the rest of its
 * page and not yet changed the size.
 */
export type Tear =
  | { readonly type: 'head'; readonly bytes: number }
  | { readonly type: 'sectors'; readonly kept: readonly number[] }
  | { readonly type: 'grown' }
  | { readonly type: 'zeroed' };

/** By the place among the pending changes. What is not named is lost. */
export type Choice = ReadonlyMap<number, Tear | 'whole'>;

/** The disk after a cut in which just these changes got there. */
export function imageAfter(system: FileSystem, choice: Choice): Image {
  const kept = system.pending.flatMap((change, at) => {
    const how = choice.get(at);
    return how === undefined ? [] : [{ change, how }];
  });
  const directories = new Map<DirectoryNode, Map<string, Node>>();
  const entriesOf = (directory: DirectoryNode): Map<string, Node> => {
    const known = directories.get(directory) ?? new Map(directory.durable);
    directories.set(directory, known);
    return known;
  };
  const files = new Map<FileNode, { change: Pending; how: Tear | 'whole' }[]>();
  for (const each of kept) {
    const { change } = each;
    if (change.type === 'name') applyName(change, entriesOf);
    else files.set(change.file, [...(files.get(change.file) ?? []), each]);
  }
  const image = new Map<string, Entry>();
  const walk = (directory: DirectoryNode, path: string): void => {
    const entries = directories.get(directory) ?? directory.durable;
    for (const [name, node] of [...entries].toSorted(([a], [b]) => (a < b ? -1 : 1))) {
      const below = path === '' ? name : `${path}/${name}`;
      if (node.kind === 'link') image.set(below, { kind: 'link', target: node.target });
      else if (node.kind === 'file') image.set(below, fileAfter(node, files.get(node) ?? []));
      else {
        image.set(below, { kind: 'directory' });
        walk(node, below);
      }
    }
  };
  walk(system.top, '');
  return image;
}

function fileAfter(
  { durable, durableMode }: FileNode,
  changes: readonly { readonly change: Pending; readonly how: Tear | 'whole' }[],
): Entry {
  let bytes = durable;
  let mode = durableMode;
  for (const { change, how } of changes) {
    if (change.type === 'mode') ({ mode } = change);
    if (change.type === 'bytes') bytes = writtenPartly(bytes, change, how);
    if (change.type === 'size') bytes = cutPartly(bytes, change.length, how);
  }
  return { kind: 'file', bytes, mode };
}

function writtenPartly(
  before: Buffer,
  { at, bytes }: { readonly at: number; readonly bytes: Buffer },
  how: Tear | 'whole',
): Buffer {
  if (how === 'whole') return written(before, bytes, at);
  const size = Math.max(before.length, at + bytes.length);
  switch (how.type) {
    case 'head':
      return written(before, bytes.subarray(0, how.bytes), at);
    case 'sectors': {
      const after = written(resized(before, size), Buffer.alloc(0), 0);
      for (const sector of how.kept) {
        const { from, to } = sectorRange(at, bytes.length, sector);
        if (from < to) bytes.copy(after, from, from - at, to - at);
      }
      return after;
    }
    default:
      return resized(before, size);
  }
}

function cutPartly(before: Buffer, length: number, how: Tear | 'whole'): Buffer {
  if (how === 'whole' || length >= before.length) return resized(before, length);
  const end = Math.min(before.length, Math.ceil(length / PAGE_BYTES) * PAGE_BYTES);
  return written(before, Buffer.alloc(end - length), length);
}

function sectorRange(
  at: number,
  length: number,
  sector: number,
): { readonly from: number; readonly to: number } {
  const first = Math.floor(at / SECTOR_BYTES);
  const from = Math.max(at, (first + sector) * SECTOR_BYTES);
  const to = Math.min(at + length, (first + sector + 1) * SECTOR_BYTES);
  return { from, to };
}

function sectorsOf({ at, bytes }: { readonly at: number; readonly bytes: Buffer }): number {
  const last = Math.floor((at + Math.max(1, bytes.length) - 1) / SECTOR_BYTES);
  return last - Math.floor(at / SECTOR_BYTES) + 1;
}

/** The ways in which one change may be there in part. */
function tearsOf(change: Pending): readonly Tear[] {
  if (change.type === 'size') return [{ type: 'zeroed' }];
  if (change.type !== 'bytes') return [];
  const { length } = change.bytes;
  const count = sectorsOf(change);
  const all = Array.from({ length: Math.min(count, 2048) }, (_, sector) => sector);
  const half = Math.ceil(count / 2);
  // What lies in one sector that is there already is written as a whole or not at all.
  const grows = change.at + length > change.file.durable.length;
  const heads = [1, Math.floor(length / 2), length - 1].filter(
    (n) => n > 0 && n < length && (grows || count > 1),
  );
  const some: readonly (readonly number[])[] = [
    all.filter((sector) => sector < half),
    all.filter((sector) => sector >= half),
    all.filter((sector) => sector % 2 === 0),
    all.filter((sector) => sector % 2 === 1),
    all.slice(0, -1),
    all.slice(1),
  ];
  return [
    { type: 'grown' },
    ...heads.map((bytes) => ({ type: 'head', bytes }) as const),
    ...(count > 1 ? some.map((kept) => ({ type: 'sectors', kept }) as const) : []),
  ];
}

/** How many of each kind of choice are made at a cut. */
export type Width = {
  /** Random choices. */
  readonly random: number;
  /** Changes, newest first, of which every tear is tried. */
  readonly torn: number;
  /** Up to so many pending changes, every subset is tried. */
  readonly subsets: number;
};

/** The choices at a cut, each once: systematic ones first, then random ones by the seed. */
export function* choicesOf(
  pending: readonly Pending[],
  width: Width,
  seed: number,
): Generator<Choice> {
  const seen = new Set<string>();
  for (const choice of allChoices(pending, width, dice(seed))) {
    const key = choiceText(choice);
    if (seen.has(key)) continue;
    seen.add(key);
    yield choice;
  }
}

function* allChoices(
  pending: readonly Pending[],
  width: Width,
  roll: () => number,
): Generator<Choice> {
  const all = pending.map((_, at) => at);
  const names = all.filter((at) => pending[at]?.type === 'name');
  const data = all.filter((at) => pending[at]?.type !== 'name');
  yield whole(all);
  yield whole([]);
  yield whole(names);
  yield whole(data);
  for (const at of all) {
    yield whole(all.filter((each) => each !== at));
    yield whole([at]);
    yield whole(all.filter((each) => each < at));
  }
  // A journal of the file system's own keeps names in order; bytes come when they come.
  for (const at of names) {
    const before = names.filter((each) => each < at);
    yield whole(before);
    yield whole([...before, ...data]);
  }
  if (pending.length <= width.subsets)
    for (let mask = 0; mask < 2 ** pending.length; mask += 1)
      yield whole(all.filter((at) => ((mask >> at) & 1) === 1));
  for (const at of data.slice(-width.torn))
    for (const tear of tearsOf(pending[at] as Pending)) {
      yield new Map([...whole(all), [at, tear]]);
      yield new Map([...whole(all.filter((each) => each < at)), [at, tear]]);
      yield new Map([[at, tear]]);
    }
  const count = pending.length === 0 ? 0 : width.random;
  for (let n = 0; n < count; n += 1) {
    const bias = 0.2 + roll() * 0.7;
    const choice = new Map<number, Tear | 'whole'>();
    for (const at of all)
      if (roll() < bias) choice.set(at, roll() < 0.4 ? randomTear(pending[at], roll) : 'whole');
    yield choice;
  }
}

function randomTear(change: Pending | undefined, roll: () => number): Tear | 'whole' {
  if (change?.type === 'size') return { type: 'zeroed' };
  if (change?.type !== 'bytes') return 'whole';
  const count = Math.min(sectorsOf(change), 64);
  const kept = Array.from({ length: count }, (_, sector) => sector).filter(() => roll() < 0.6);
  return { type: 'sectors', kept };
}

function whole(kept: readonly number[]): Map<number, Tear | 'whole'> {
  return new Map(kept.map((at) => [at, 'whole']));
}

/** A choice in words that `choiceNamed` reads: `0 1 3=head:17 4=sectors:0,2 5=grown`. */
export function choiceText(choice: Choice): string {
  return [...choice]
    .toSorted(([a], [b]) => a - b)
    .map(([at, how]) => {
      if (how === 'whole') return `${at}`;
      if (how.type === 'head') return `${at}=head:${how.bytes}`;
      return how.type === 'sectors' ? `${at}=sectors:${how.kept.join(',')}` : `${at}=${how.type}`;
    })
    .join(' ');
}

/** The choice that `choiceText` wrote. */
export function choiceNamed(text: string): Choice {
  const words = text.split(' ').filter((word) => word !== '');
  return new Map(
    words.map((word) => {
      const [at = '', how = 'whole'] = word.split('=');
      const [type = '', value = ''] = how.split(':');
      return [Number(at), tearNamed(type, value)] as const;
    }),
  );
}

function tearNamed(type: string, value: string): Tear | 'whole' {
  if (type === 'head') return { type, bytes: Number(value) };
  if (type === 'sectors')
    return {
      type,
      kept: value
        .split(',')
        .filter((each) => each !== '')
        .map(Number),
    };
  return type === 'grown' || type === 'zeroed' ? { type } : 'whole';
}
