/**
 * The root directory and its birth. `ripcord.json` is written last: a root that has it is finished,
 * one that does not has never held a record.
 */
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';

import { sha256 } from './chain.ts';
import type { Disk } from './disk.ts';
import {
  makeDirectory,
  nameDirectory,
  namesIn,
  readIfThere,
  writeDurably,
} from './durable-file.ts';
import { JournalError } from './errors.ts';
import { createHeadFile } from './head.ts';
import { createSegment, isFree, segmentName, segmentsAmong } from './segment.ts';

/** The layout of the root that this program writes. A higher one is refused, not guessed at. */
const ROOT_SCHEMA = 2;

/** No `ripcord.json` is larger: so far one is searched for its flipped bit. */
const FACTS_BYTES_MAX = 4096;

/** What `ripcord.json` says. `sum` is the SHA-256 of the rest: nothing else would show a flipped bit. */
export type RootFacts = {
  readonly uuid: string;
  readonly schema: number;
  readonly [fact: string]: unknown;
};

export type RootPaths = {
  readonly root: string;
  readonly facts: string;
  readonly log: string;
  readonly head: string;
};

/** Where the journal's files lie under a root. Pure. */
export function rootPaths(root: string): RootPaths {
  return {
    root,
    facts: join(root, 'ripcord.json'),
    log: join(root, 'log'),
    head: join(root, 'HEAD'),
  };
}

/**
 * What `ripcord.json` says, or null where there is no finished root.
 *
 * Throws RIPCORD_SCHEMA_NEWER when a newer program made it, RIPCORD_SCHEMA_OLDER when one did that
 * nobody can lift any more, RIPCORD_JOURNAL_DAMAGED when it cannot be understood or is missing beside a log with records.
 */
export function readRoot(disk: Disk, root: string): RootFacts | null {
  const paths = rootPaths(root);
  const bytes = readIfThere(disk, paths.facts);
  if (bytes === null) {
    refuseRecordsWithoutFacts(disk, paths);
    return null;
  }
  const facts = parseFacts(bytes);
  if (facts === null) {
    throw damaged(root, 'ripcord.json', 'it is no JSON object with a uuid and a schema');
  }
  // One of another layout may have another sum, and is refused as such.
  if (facts.schema === ROOT_SCHEMA && !isAsWritten(facts)) {
    throw damaged(root, 'ripcord.json', 'its bytes have changed');
  }
  if (facts.schema > ROOT_SCHEMA) {
    throw new JournalError(
      'RIPCORD_SCHEMA_NEWER',
      `cannot open ${root}: it has layout ${facts.schema}, this program knows up to ${ROOT_SCHEMA}`,
      { details: { schema: facts.schema, known: ROOT_SCHEMA } },
    );
  }
  if (facts.schema < ROOT_SCHEMA) {
    throw new JournalError(
      'RIPCORD_SCHEMA_OLDER',
      `cannot open ${root}: it has layout ${facts.schema} of before the first release, this program knows ${ROOT_SCHEMA}`,
      { details: { schema: facts.schema, known: ROOT_SCHEMA } },
    );
  }
  return facts;
}

/** Makes a root with an empty log. On disk on return. Safe to repeat until it has returned once. */
export async function makeRoot(
  disk: Disk,
  root: string,
  genesis: Readonly<Record<string, string>>,
  segmentBytes: number,
): Promise<RootFacts> {
  const paths = rootPaths(root);
  makeDirectory(disk, root);
  for (const name of ['log', 'snapshots', 'blobs', 'chutes', 'quarantine']) {
    nameDirectory(disk, join(root, name));
  }
  nameDirectory(disk, join(root, 'secrets'), 0o700);
  createSegment(disk, join(paths.log, segmentName(1)), segmentBytes);
  disk.syncDirSync(paths.log);
  createHeadFile(disk, paths.head);
  // All of it, before the file that says that the root is finished.
  disk.syncDirSync(root);
  return await writeFacts(disk, root, { ...genesis, uuid: randomUUID() });
}

/** Puts `ripcord.json` in place. On disk on return. */
export async function writeFacts(
  disk: Disk,
  root: string,
  told: Readonly<Record<string, string>> & { readonly uuid: string },
): Promise<RootFacts> {
  const bare = { ...told, schema: ROOT_SCHEMA };
  const facts = { ...bare, sum: sumOf(bare) };
  const text = `${JSON.stringify(facts, null, 2)}\n`;
  await writeDurably(disk, rootPaths(root).facts, Buffer.from(text));
  return facts;
}

/** The bytes of a `ripcord.json` with the one bit turned that makes it what was written; null if none does. */
export function healFacts(bytes: Uint8Array | null): Buffer | null {
  if (bytes === null) return null;
  const trial = Buffer.from(bytes.subarray(0, FACTS_BYTES_MAX));
  for (let at = 0; at < trial.length; at += 1) {
    const was = trial[at] ?? 0;
    for (let bit = 0; bit < 8; bit += 1) {
      trial[at] = was ^ (1 << bit);
      const facts = parseFacts(trial);
      if (facts?.['sum'] !== undefined && isAsWritten(facts)) return trial;
    }
    trial[at] = was;
  }
  return null;
}

function isAsWritten({ sum, ...bare }: RootFacts): boolean {
  return sum === undefined || sum === sumOf(bare);
}

function sumOf(bare: Readonly<Record<string, unknown>>): string {
  return sha256(JSON.stringify(bare));
}

function parseFacts(bytes: Uint8Array): RootFacts | null {
  try {
    const facts: unknown = JSON.parse(Buffer.from(bytes).toString('utf8'));
    return isFacts(facts) ? facts : null;
  } catch {
    return null;
  }
}

function isFacts(facts: unknown): facts is RootFacts {
  if (typeof facts !== 'object' || facts === null) return false;
  if (!('uuid' in facts && 'schema' in facts)) return false;
  return typeof facts.uuid === 'string' && Number.isInteger(facts.schema);
}

/** An unfinished birth leaves at most one empty segment; with records in it something was removed. */
function refuseRecordsWithoutFacts(disk: Disk, paths: RootPaths): void {
  for (const { name } of segmentsAmong(namesIn(disk, paths.log))) {
    const bytes = readIfThere(disk, join(paths.log, name));
    if (bytes !== null && !isFree(bytes)) {
      throw damaged(paths.root, 'ripcord.json', 'it is missing, though the log has records');
    }
  }
}

function damaged(root: string, file: string, reason: string): JournalError {
  return new JournalError(
    'RIPCORD_JOURNAL_DAMAGED',
    `cannot open ${root}: ${file} is damaged: ${reason}`,
    { details: { seq: null, file, offset: null } },
  );
}
