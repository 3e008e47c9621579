/**
 * Repair: keeps every record that follows from the first one, moves the rest aside, names what is lost.
 *
 * A crash at any moment leaves a root that is still damaged, and can be repaired again, or one that is
 * whole: HEAD first witnesses the last record that is known of, so that a shorter log is damage; the
 * new HEAD, put in place last, makes it whole. `repair.json` then says what is still to be recorded.
 */
import { randomUUID } from 'node:crypto';
import { basename, dirname, join } from 'node:path';

import { checkLine } from './chain.ts';
import { nodeDisk } from './disk-node.ts';
import type { Disk } from './disk.ts';
import {
  makeDirectory,
  namesIn,
  readIfThere,
  removeQuietly,
  writeDurably,
} from './durable-file.ts';
import { JournalError } from './errors.ts';
import { createHeadFile, readHead, writeHead } from './head.ts';
import { takeLock } from './lock.ts';
import type { Head } from './record.ts';
import { type SeqRange, surveyRoot, type Survey } from './repair-survey.ts';
import { rootPaths, writeFacts } from './root.ts';
import { settleSecrets } from './secrets-check.ts';
import { freeSpace, SEGMENT_BYTES_DEFAULT, segmentName, segmentsAmong } from './segment.ts';

export interface RepairOptions {
  /** Names this repair's folder in `quarantine/`: a time, in words that suit a file name. */
  readonly stamp: string;
  /** Goes on even if no record can be kept. Default false. */
  readonly acceptLoss?: boolean;
  /** What a new `ripcord.json` says beside the uuid, where the old one cannot be read: by what is kept. */
  readonly genesis?: Readonly<Record<string, string>> | GenesisOf;
  readonly disk?: Disk;
}

/** Finds in the records that are kept what the root was made for. */
export type GenesisOf = (records: Iterable<unknown>) => Readonly<Record<string, string>>;

/** What a repair did. The caller records it as the first thing in the repaired journal: see `untoldRepair`. */
export type Repair = {
  /** Whether there was anything to do. */
  readonly changed: boolean;
  /** The last record now. */
  readonly head: Head;
  /** Records that can be read nowhere any more. */
  readonly lost: readonly SeqRange[];
  /** Records that are no longer part of the log, as one before them is lost, and where they lie now. */
  readonly setAside: readonly (SeqRange & { readonly file: string })[];
  /** Records in which one flipped bit was found and put right. */
  readonly healed: Survey['healed'];
  /** The folder with everything that was moved or replaced, bit for bit, and `report.json`. */
  readonly quarantine: string | null;
  /** What is in it, by the paths of before. */
  readonly files: readonly string[];
  /** What was damaged of `secrets/`: put right, or kept there under another name. */
  readonly secrets: readonly { readonly file: string; readonly healed: boolean }[];
};

/**
 * Makes a damaged root whole again, on copies. Safe to repeat.
 *
 * Throws RIPCORD_JOURNAL_LOCKED; RIPCORD_JOURNAL_DAMAGED, having changed nothing, when no record could
 * be kept and `acceptLoss` is not set; RIPCORD_SCHEMA_NEWER, RIPCORD_SCHEMA_OLDER, RIPCORD_ROOT_MISSING, RIPCORD_DISK_FULL.
 */
export async function repairRoot(root: string, options: RepairOptions): Promise<Repair> {
  const disk = options.disk ?? nodeDisk;
  if (disk.sizeSync(root) === null) {
    throw new JournalError('RIPCORD_ROOT_MISSING', `cannot repair ${root}: it does not exist`);
  }
  const lock = await takeLock(disk, root, { command: 'journal repair', since: options.stamp });
  try {
    const survey = surveyRoot(disk, root);
    const files = filesToKeep(survey);
    const { head, healed, readable: setAside } = survey;
    const lost = rangesLost(survey);
    const secrets = survey.secrets.map((each) => ({ ...each, healed: each.healed !== null }));
    if (files.length + secrets.length === 0 && survey.segments > 0) {
      return { changed: false, head, lost, setAside, healed, quarantine: null, files, secrets };
    }
    if (options.acceptLoss !== true) refuseToEmpty(root, survey);
    const quarantine = freeFolder(disk, root, options.stamp);
    const moved = setAside.map((range) => ({ ...range, file: join(quarantine, range.file) }));
    const said = { head, lost, setAside: moved, healed, quarantine, files, secrets };
    const repair = { changed: true, ...said };
    await carryOut(disk, root, survey, { repair, quarantine, genesis: options.genesis });
    return repair;
  } finally {
    await lock.release();
  }
}

/** Stands in a root from its repair on until that has been recorded. */
const UNTOLD = 'repair.json';

/**
 * What a repair did that nobody has recorded yet, as a crash may come in between; or null. Where the note
 * has rotted, the report in quarantine that ends where HEAD does says the same. Throws
 * RIPCORD_JOURNAL_DAMAGED when there is none such.
 */
export function untoldRepair(root: string, disk: Disk = nodeDisk): Repair | null {
  if (disk.sizeSync(join(root, UNTOLD)) === null) return null;
  const told = repairIn(disk, join(root, UNTOLD));
  if (told) return told;
  const head = readHead(disk, rootPaths(root).head);
  // An older repair ended elsewhere, and the names may lie: clocks jump.
  const report = namesIn(disk, join(root, 'quarantine'))
    .map((name) => repairIn(disk, join(root, 'quarantine', name, 'report.json')))
    .find((each) => each !== null && head !== null && each.head.hash === head.hash);
  if (report) return report;
  const why = `neither ${UNTOLD} nor a report in quarantine can be read`;
  throw new JournalError('RIPCORD_JOURNAL_DAMAGED', `cannot tell what was repaired: ${why}`, {
    details: { seq: null, file: UNTOLD, offset: null },
  });
}

/** Null where it is not there, or cannot be read. */
function repairIn(disk: Disk, path: string): Repair | null {
  const bytes = readIfThere(disk, path);
  try {
    return bytes === null ? null : (JSON.parse(bytes.toString('utf8')) as Repair);
  } catch {
    return null;
  }
}

/** Takes note that a repair has been recorded. Safe to repeat. */
export function forgetRepair(root: string, disk: Disk = nodeDisk): void {
  removeQuietly(disk, join(root, UNTOLD));
}

async function carryOut(
  disk: Disk,
  root: string,
  survey: Survey,
  order: {
    readonly repair: Repair;
    readonly quarantine: string;
    readonly genesis: RepairOptions['genesis'];
  },
): Promise<void> {
  const { repair, quarantine, genesis } = order;
  const paths = rootPaths(root);
  for (const file of repair.files) {
    const bytes = readIfThere(disk, join(root, file));
    if (bytes === null) continue;
    makeDirectory(disk, join(root, quarantine, dirname(file)));
    // oxlint-disable-next-line no-await-in-loop -- copies first, one at a time: they may be large
    await writeDurably(disk, join(root, quarantine, file), bytes);
  }
  const report = Buffer.from(`${JSON.stringify(repair, null, 2)}\n`);
  makeDirectory(disk, join(root, quarantine));
  await writeDurably(disk, join(root, quarantine, 'report.json'), report);
  if (survey.known.seq > survey.head.seq) writeHead(disk, paths.head, survey.known);
  for (const file of survey.removed.toReversed()) disk.unlinkSync(join(root, file));
  for (const directory of new Set(survey.removed.map((file) => dirname(file)))) {
    disk.syncDirSync(join(root, directory));
  }
  await settleSecrets(disk, root, survey.secrets);
  for (const { file, bytes } of survey.replaced) {
    // oxlint-disable-next-line no-await-in-loop -- as above
    await writeDurably(disk, join(root, file), bytes);
  }
  await makeLogUsable(disk, root, survey);
  if (survey.healedFacts !== null) await writeDurably(disk, paths.facts, survey.healedFacts);
  else if (survey.facts === null) {
    const told = typeof genesis === 'function' ? genesis(recordsIn(disk, paths.log)) : genesis;
    await writeFacts(disk, root, { ...told, uuid: survey.uuid ?? randomUUID() });
  }
  await writeDurably(disk, join(root, UNTOLD), report);
  replaceHead(disk, root, survey.head);
}

/** What stands in the log once it is mended, in order. */
function* recordsIn(disk: Disk, log: string): Generator {
  for (const { name } of segmentsAmong(namesIn(disk, log))) {
    const text = readIfThere(disk, join(log, name))?.toString('utf8') ?? '';
    for (const line of text.split('\n')) if (isRecord(line)) yield JSON.parse(line);
  }
}

const isRecord = (line: string): boolean => checkLine(Buffer.from(line)).ok;

/** A log needs a segment to go on in. */
async function makeLogUsable(disk: Disk, root: string, survey: Survey): Promise<void> {
  const { log } = rootPaths(root);
  const gone = survey.removed.filter((file) => dirname(file) === 'log').length;
  if (survey.segments > gone) return;
  makeDirectory(disk, log);
  await writeDurably(disk, join(log, segmentName(1)), freeSpace(SEGMENT_BYTES_DEFAULT));
}

function replaceHead(disk: Disk, root: string, head: Head): void {
  const path = rootPaths(root).head;
  const draft = `${path}.tmp`;
  removeQuietly(disk, draft);
  createHeadFile(disk, draft);
  if (head.seq > 0) writeHead(disk, draft, head);
  disk.renameSync(draft, path);
  disk.syncDirSync(root);
}

/** Every file that the repair will change, by its path in the root; none where all is well. */
function filesToKeep(survey: Survey): string[] {
  const files = [...survey.replaced.map(({ file }) => file), ...survey.removed];
  if (survey.facts === null) files.push('ripcord.json');
  if (files.length > 0 || !survey.witnessed) files.push('HEAD');
  return files;
}

/** What lies between the kept end and the last record known, less what can be read elsewhere. */
function rangesLost(survey: Survey): SeqRange[] {
  const lost: SeqRange[] = [];
  let next = survey.head.seq + 1;
  for (const { from, to } of survey.readable.toSorted((one, other) => one.from - other.from)) {
    if (from > next) lost.push({ from: next, to: from - 1 });
    next = Math.max(next, to + 1);
  }
  if (survey.known.seq >= next) lost.push({ from: next, to: survey.known.seq });
  return lost;
}

function refuseToEmpty(root: string, survey: Survey): void {
  if (survey.head.seq > 0 || (survey.segments > 0 && survey.known.seq === 0)) return;
  const reason =
    survey.segments === 0
      ? 'the log is gone'
      : `none of its ${survey.known.seq} records follows from the first`;
  throw new JournalError(
    'RIPCORD_JOURNAL_DAMAGED',
    `cannot repair ${root}: ${reason}, and an empty journal would forget what runs`,
    { details: { lost: rangesLost(survey) } },
  );
}

function freeFolder(disk: Disk, root: string, stamp: string): string {
  for (let n = 1; ; n += 1) {
    const folder = join('quarantine', basename(n === 1 ? stamp : `${stamp}-${n}`));
    if (disk.sizeSync(join(root, folder)) === null) return folder;
  }
}
