/** Whether a disk that a power cut left is one that the program may leave, and goes on from. */
import { createHash } from 'node:crypto';

import { Appender } from '../../journal/append.ts';
import { sha256 } from '../../journal/chain.ts';
import { checkLog } from '../../journal/log-check.ts';
import { LogSink } from '../../journal/log-sink.ts';
import { openReadOnly } from '../../journal/read-only.ts';
import type { Recorded } from '../../journal/record.ts';
import { repairRoot, untoldRepair } from '../../journal/repair.ts';
import { openReserve } from '../../journal/reserve.ts';
import { readRoot } from '../../journal/root.ts';
import { openSecrets } from '../../journal/secrets-store.ts';
import { openWriter } from '../../journal/segment-writer.ts';
import { verifyRoot } from '../../journal/verify.ts';
import { stateHash } from '../../src/core/applied.ts';
import type { ChuteEvent } from '../../src/core/events.ts';
import { fold } from '../../src/core/fold.ts';
import { NEW_STATE, type State } from '../../src/core/state.ts';
import { childrenOf, hashOf, type Image, imageHash, shortened } from './image.ts';
import { MemoryDisk, ROOT } from './memory-disk.ts';
import type { Recording } from './recording.ts';
import { worldProblems } from './world.ts';

export type Verdict = {
  /** The last record that is there; 0 without a root. */
  readonly head: number;
  readonly problems: readonly string[];
};

const SEGMENT_BYTES = 4096;
/** What the journal reads of a root. */
const OF_JOURNAL = /^root(\/(log|HEAD|snapshots|blobs|ripcord\.json)(\/|$)|$)/;

export class Judge {
  /** What the log holds in the end, in which everything before it is a beginning. */
  readonly #records: readonly Recorded<ChuteEvent>[];
  readonly #states: State[] = [NEW_STATE];
  /** By path, everything that was put in place there as a whole. */
  readonly #whole: ReadonlyMap<string, ReadonlySet<string>>;
  readonly #after: Image;
  readonly #releases = new Map<string, string>();
  /** By the hash of all that the journal reads: most changes of the disk are none of the log. */
  readonly #logs = new Map<string, Verdict>();
  readonly #rootBefore: boolean;
  readonly #damagedBefore: boolean;
  readonly #snapshotsBefore: number;

  constructor(recording: Recording, whole: ReadonlyMap<string, ReadonlySet<string>>) {
    const disk = new MemoryDisk(recording.after);
    this.#records = [...openReadOnly<ChuteEvent>(ROOT, { disk }).readFrom(1)];
    this.#whole = whole;
    this.#after = recording.after;
    const before = new MemoryDisk(recording.before);
    this.#rootBefore = recording.before.has('root/ripcord.json');
    const check = this.#rootBefore ? checkLog(before, ROOT) : null;
    this.#damagedBefore = check !== null && check.damage !== null;
    this.headBefore = this.#damagedBefore ? 0 : (check?.head.seq ?? 0);
    this.#snapshotsBefore = snapshotsIn(recording.before).length;
  }

  /** The last record before anything was recorded: it was told of long ago. */
  readonly headBefore: number;

  /** Whether it is a repair that was recorded, of a root that was damaged before. */
  get isRepair(): boolean {
    return this.#damagedBefore;
  }

  /** The hashes of what was applied whenever nothing was under way. */
  restHashes(): ReadonlySet<string> {
    this.#stateAt(this.#records.length);
    const rest = this.#states.filter(({ updates }) => Object.keys(updates).length === 0);
    return new Set(rest.map(({ applied }) => stateHash(applied, sha256)));
  }

  /** What `told` promises is there, and nothing is there that may not be. */
  async judge(whole: Image): Promise<Verdict> {
    const image = shortened(whole);
    const disk = new MemoryDisk(image);
    try {
      return await this.#judge(disk, image);
    } catch (error) {
      const text = error instanceof Error ? error.message : String(error);
      return { head: 0, problems: [`it cannot be opened: ${text}`] };
    }
  }

  async #judge(disk: MemoryDisk, image: Image): Promise<Verdict> {
    const problems = this.#tornFiles(image);
    if (!image.has('root') || readRoot(disk, ROOT) === null) {
      if (this.#rootBefore) problems.push('the root is gone');
      return { head: 0, problems };
    }
    if (this.#damagedBefore) return await this.#judgeRepair(disk, problems);
    const { head, problems: ofLog } = await this.#log(image);
    problems.push(...ofLog);
    const kept = Math.min(2, this.#snapshotsBefore);
    if (snapshotsIn(image).length < kept) problems.push(`fewer than ${kept} snapshots are left`);
    if (problems.length > 0) return { head, problems };
    const state = this.#stateAt(head);
    problems.push(...worldProblems(image, state), ...secretProblems(disk, image, state));
    return { head, problems };
  }

  /** The log is sound, holds a beginning of what was recorded, and can be gone on with. */
  async #log(whole: Image): Promise<Verdict> {
    const image = new Map([...whole].filter(([path]) => OF_JOURNAL.test(path)));
    const hash = imageHash(image);
    const known = this.#logs.get(hash);
    if (known !== undefined) return known;
    const disk = new MemoryDisk(image);
    const { damage, head } = checkLog(disk, ROOT);
    const problems = damage === null ? [] : [`taken for damaged: ${damage.message}`];
    problems.push(...(await this.#verified(disk, head.seq)));
    if (problems.length === 0) problems.push(...(await goOn(disk)));
    const verdict = { head: head.seq, problems };
    this.#logs.set(hash, verdict);
    return verdict;
  }

  /** The log holds a beginning of what was recorded, and everything beside it is sound. */
  async #verified(disk: MemoryDisk, head: number): Promise<readonly string[]> {
    const verified = await verifyRoot(ROOT, { disk });
    const problems = verified.problems.map(({ file, message }) => `verify: ${file}: ${message}`);
    const known = this.#records[head - 1];
    if (head > 0 && known?.hash !== verified.head.hash)
      problems.push(`record ${head} is another one than was written`);
    return problems;
  }

  /** Before a repair is over its root is damaged and can be repaired; then it is whole and says so. */
  async #judgeRepair(disk: MemoryDisk, problems: string[]): Promise<Verdict> {
    if (checkLog(disk, ROOT).damage !== null) {
      await repairRoot(ROOT, { disk, stamp: 'again' });
      if (untoldRepair(ROOT, disk) === null) problems.push('a repair leaves no word of itself');
    } else {
      const reader = openReadOnly<ChuteEvent>(ROOT, { disk });
      const told = [...reader.readFrom(1)].some(({ type }) => type === 'journal.repaired');
      if (!told && untoldRepair(ROOT, disk) === null) problems.push('a repair went unsaid');
    }
    const check = checkLog(disk, ROOT);
    if (check.damage !== null) problems.push(`not repaired: ${check.damage.message}`);
    const repaired = this.#records.findIndex(({ type }) => type === 'journal.repaired');
    const kept = this.#records.slice(0, repaired).filter(({ type }) => !/^engine|^host/.test(type));
    const last = kept.at(-1)?.seq ?? 0;
    if (check.head.seq < last) problems.push(`records up to ${last} could be kept and are gone`);
    problems.push(...(await this.#verified(disk, check.head.seq)));
    return { head: check.head.seq, problems };
  }

  #stateAt(seq: number): State {
    for (let at = this.#states.length; at <= seq; at += 1) {
      const record = this.#records[at - 1];
      const before = this.#states[at - 1];
      if (record === undefined || before === undefined) throw new Error(`no record ${at}`);
      this.#states.push(fold(before, [record]));
    }
    return this.#states[seq] ?? NEW_STATE;
  }

  #releaseAfter(path: string): string {
    const known = this.#releases.get(path) ?? digestOf(this.#after, path);
    this.#releases.set(path, known);
    return known;
  }

  /** Files that are put in place as a whole are old or new, and releases are what their name says. */
  #tornFiles(image: Image): string[] {
    const problems: string[] = [];
    for (const [path, entry] of image) {
      const known = this.#whole.get(path);
      if (known !== undefined && entry.kind === 'file' && !known.has(hashOf(entry.bytes)))
        problems.push(`${path} is torn`);
      const [, hex] = /^root\/chutes\/[^/]+\/releases\/([0-9a-f]{64})$/.exec(path) ?? [];
      if (hex === undefined) continue;
      // An archive has its own digest, its tree is known by where it was unpacked whole.
      const digest = digestOf(image, path);
      if (digest !== hex && digest !== this.#releaseAfter(path))
        problems.push(`${path} is not the release of that name`);
    }
    return problems;
  }
}

/** Goes on as a writer does: settles the end, appends, rolls, appends; then the log is sound. */
async function goOn(disk: MemoryDisk): Promise<readonly string[]> {
  const check = checkLog(disk, ROOT);
  const writer = openWriter({ disk, root: ROOT, segmentBytes: SEGMENT_BYTES }, check);
  const appender = new Appender<{ type: string }>({
    sink: new LogSink(writer, openReserve(disk, ROOT, { freeBytes: () => 0 })),
    clock: { now: () => '2026-11-22T10:00:00.000Z', up: () => 5, boot: 'next boot' },
    head: check.head,
    versionOf: () => 1,
    onFlush: () => {},
    faults: {},
  });
  await appender.append([{ type: 'note' }]);
  const first = checkLog(disk, ROOT);
  if (first.damage !== null || first.torn !== null || first.head.seq !== check.head.seq + 1)
    return [`unsound once it was appended to: ${first.damage?.message ?? 'a torn end'}`];
  writer.roll(check.head.seq + 2, 0);
  await appender.append([{ type: 'note' }, { type: 'note' }]);
  const after = checkLog(disk, ROOT);
  if (after.damage !== null) return [`damaged once it was gone on with: ${after.damage.message}`];
  return after.head.seq === check.head.seq + 3 && after.torn === null
    ? []
    : [`gone on with record ${check.head.seq + 3}, and it ends with ${after.head.seq}`];
}

function snapshotsIn(image: Image): readonly string[] {
  return childrenOf(image, 'root/snapshots').filter((path) => path.endsWith('.json'));
}

/** Every secret that the journal names can be read. */
function secretProblems(disk: MemoryDisk, image: Image, state: State): readonly string[] {
  const secrets = openSecrets(disk, ROOT);
  const named = JSON.stringify(state.applied).matchAll(/"\$secret":"([0-9a-f]{64})"/g);
  const there = childrenOf(image, 'root/secrets').map((path) =>
    path.slice(path.lastIndexOf('/') + 1),
  );
  const names = [...[...named].map(([, name]) => name ?? ''), ...there];
  return [...new Set(names)]
    .filter((name) => /^[0-9a-f]{64}$/.test(name))
    .flatMap((name) => {
      try {
        secrets.get({ $secret: name });
        return [];
      } catch (error) {
        return [`secret ${name.slice(0, 8)}: ${error instanceof Error ? error.message : ''}`];
      }
    });
}

/** The digest of a tree as `digestTree` makes it from a directory. */
function digestOf(image: Image, directory: string): string {
  const start = `${directory}/`;
  const paths = [...image.keys()].filter((path) => path.startsWith(start));
  const digest = createHash('sha256');
  for (const full of paths.toSorted((a, b) => (a < b ? -1 : 1))) {
    const entry = image.get(full);
    const path = full.slice(start.length);
    if (entry?.kind === 'link') digest.update(`${JSON.stringify(['link', path, entry.target])}\n`);
    if (entry?.kind === 'directory') digest.update(`${JSON.stringify(['directory', path])}\n`);
    if (entry?.kind !== 'file') continue;
    const { bytes, mode } = entry;
    const content = createHash('sha256').update(bytes).digest('hex');
    const text = JSON.stringify(['file', path, (mode & 0o100) !== 0, bytes.length, content]);
    digest.update(`${text}\n`);
  }
  return digest.digest('hex');
}
