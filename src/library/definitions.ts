import { createHmac, scryptSync } from 'node:crypto';
import { existsSync, readFileSync, realpathSync } from 'node:fs';
import { join } from 'node:path';

import type { Secrets } from '../../journal/secrets-store.ts';
import type { Definition, SecretRef, Source, SourceLocation } from '../core/chute.ts';
import type { Complaint } from '../core/definition/complaint.ts';
import { DEFINITION_NAMES } from '../core/definition/file-names.ts';
import { complete, type RawDefinition } from '../core/definition/raw.ts';
import { RipcordError } from '../core/errors.ts';
import type { ChuteRequest } from '../core/events.ts';
import type { TrustedKey } from '../core/host-config/policy.ts';
import type { Json } from '../core/json.ts';
import type { Operation } from '../core/plan.ts';
import { unseenRepository } from '../drivers/files/git.ts';
import { type ObservedSource, observeSource } from '../drivers/files/observe-source.ts';
import { definitionsBeside } from './definitions-beside.ts';
import { signatureOf, signaturePath, type SignedFile } from './signed-file.ts';

/** A definition that was read and checked, its secrets still apart, its sources not yet looked at. */
export type ReadDefinition = RawDefinition & {
  /** What relative sources are relative to. */
  readonly directory: string;
  /** The file it was read from; null when it was none. */
  readonly path: string | null;
  /** Values that must not be journaled, by the placeholder that stands for them. */
  readonly secrets: ReadonlyMap<string, string>;
  readonly warnings: readonly Complaint[];
  /** What is to be done with it; absent: it is applied. */
  readonly operation?: Operation;
  /** The id that an update object gives its request. */
  readonly requestId?: string | null;
  /** Where it was found, when another definition named that place; the request tells it. */
  readonly foundAt?: ObservedSource;
  /** The file as it was read, where there are signatures on it. */
  readonly signed?: SignedFile;
};

/**
 * Keeps secrets apart while a definition is read: nothing is written before the whole of it is known
 * to be good.
 */
export class SecretDrawer {
  readonly values: Map<string, string> = new Map();

  /** What stands for a value until it is stored. */
  readonly keep = (value: string): SecretRef => {
    const placeholder = `unstored-${this.values.size}`;
    this.values.set(placeholder, value);
    return { $secret: placeholder };
  };
}

/** Gives the mark that stands for a secret in everything that is journaled. */
export type MarkSecret = (value: string) => Promise<string>;

/** Keeps secrets under a root and gives their marks. On disk on return. */
export function storingSecrets(secrets: Pick<Secrets, 'put'>): MarkSecret {
  return async (value) => (await secrets.put(value)).$secret;
}

/**
 * The marks that secrets have under a root, without writing anything: for plans. Where no secret was
 * ever kept there is no key yet: the same secrets then have the same marks on every host, so that a
 * plan is the same whenever it is made, and trying out what stands behind one costs dearly.
 */
export function comparingSecrets(root: string): MarkSecret {
  let key: Uint8Array;
  try {
    key = readFileSync(join(root, 'secrets', 'key'));
  } catch {
    return async (value) => scryptSync(value, 'a plan of ripcord', 32).toString('hex');
  }
  return async (value) => createHmac('sha256', key).update(value).digest('hex');
}

/** A definition whose sources were looked at: nothing of it can be missing any more. */
export type SourcedDefinition = ReadDefinition & {
  readonly found: {
    /** What each service is made of, by content. */
    readonly sources: Readonly<Record<string, Source>>;
    /** Where that content was found, by its digest. */
    readonly locations: Readonly<Record<string, SourceLocation>>;
  };
};

/** Hears why a source could not be looked at. */
type TellUnseen = (message: string) => void;

/** How sources are looked at. */
type Looking = {
  readonly root: string;
  readonly tellUnseen?: TellUnseen;
  /** Files of the other definitions that are asked for at the same time. */
  readonly others?: readonly FileRead[];
  /** Whether an archive from the network may be named by what is found there. */
  readonly allowUnpinned: () => Promise<boolean>;
};

/**
 * Looks at the sources of a definition. Writes nothing. Throws RIPCORD_SOURCE_…; with `tellUnseen` a
 * repository that cannot be reached from here is told of instead, and counts as new.
 */
export async function withSources(
  read: ReadDefinition,
  { root, tellUnseen, others = [], allowUnpinned }: Looking,
): Promise<SourcedDefinition> {
  // A root below the definition's own directory is no part of its files.
  const real = existsSync(root) ? realpathSync(root) : root;
  const definitions = [read, ...others].flatMap(filesOf);
  const observing = { root: real, definitions, definitionsIn: definitionsBeside, allowUnpinned };
  const sources: Record<string, Source> = {};
  const locations: Record<string, SourceLocation> = {};
  const { foundAt } = read;
  if (foundAt) locations[foundAt.source.digest] = foundAt.location;
  for (const [service, reference] of Object.entries(read.sources)) {
    const looking = observeSource(reference, read.directory, observing);
    const found = await looking.catch((error: unknown) => {
      if (tellUnseen === undefined || reference.type !== 'git') throw error;
      if (!(error instanceof RipcordError) || error.code !== 'RIPCORD_SOURCE_UNREACHABLE')
        throw error;
      tellUnseen(error.message);
      return unseenRepository(reference.url, reference.checkout ?? 'HEAD');
    });
    sources[service] = found.source;
    locations[found.source.digest] = found.location;
  }
  return { ...read, found: { sources, locations } };
}

/** Where something was read: a definition, or what is asked of the device. */
type FileRead = Partial<Pick<ReadDefinition, 'directory' | 'path'>>;

/**
 * Where definitions are, which hold secrets as they are written: the one that was read, and what else
 * is a definition by its name beside it. Signatures on them are no part of the files either: what is
 * signed may name these.
 */
function filesOf({ directory, path = null }: FileRead): readonly string[] {
  if (directory === undefined) return [];
  const named = DEFINITION_NAMES.map((name) => join(directory, name));
  const all = path === null ? named : [...named, path];
  const files = all.flatMap((each) => [each, signaturePath(each)]);
  return files.filter((each) => existsSync(each)).map((each) => realpathSync(each));
}

/** What a definition asks for, its secrets under their marks, and who of `keys` has signed it. */
export async function requestOf(
  read: SourcedDefinition,
  mark: MarkSecret,
  keys: readonly TrustedKey[],
): Promise<ChuteRequest> {
  const { sources, locations } = read.found;
  const whole = complete(read, sources);
  const definition = (await markedWith(whole, read.secrets, mark)) as Definition;
  const { operation = 'apply' } = read;
  const chute = definition.name;
  if (saysNothing(definition)) {
    // Who deletes by an object expects of it what it has always done: the data goes as well.
    const purge = operation === 'delete';
    return { chute, operation, definition: null, sources: {}, ...(purge && { purge }) };
  }
  const signature = read.signed && signatureOf(read.signed, keys);
  return { chute, operation, definition, sources: locations, ...(signature && { signature }) };
}

/** Whether there is nothing to it but the name. */
function saysNothing({ services, environment, web, description }: Definition): boolean {
  const empty = Object.keys(services).length === 0 && Object.keys(environment).length === 0;
  return empty && web === undefined && description === undefined;
}

/** The value with the marks of secrets where their placeholders are. */
export async function markedWith(
  value: Json,
  secrets: ReadonlyMap<string, string>,
  mark: MarkSecret,
): Promise<Json> {
  const marks = new Map<string, string>();
  for (const [placeholder, secret] of secrets) marks.set(placeholder, await mark(secret));
  return marked(value, marks);
}

function marked(value: Json, marks: ReadonlyMap<string, string>): Json {
  if (value === null || typeof value !== 'object') return value;
  if (Array.isArray(value)) return (value as readonly Json[]).map((each) => marked(each, marks));
  return Object.fromEntries(
    Object.entries(value).map(([key, member]) => [
      key,
      key === '$secret' && typeof member === 'string'
        ? (marks.get(member) ?? member)
        : marked(member, marks),
    ]),
  );
}
