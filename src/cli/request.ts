import type { Command } from 'commander';
import { Option } from 'commander';

import { sha256 } from '../../journal/chain.ts';
import { nodeDisk } from '../../journal/disk-node.ts';
import { openSecrets } from '../../journal/secrets-store.ts';
import { stateHash } from '../core/applied.ts';
import type { OnInterrupt } from '../core/chute.ts';
import { complaintText, definitionError } from '../core/definition/complaint.ts';
import { RipcordError } from '../core/errors.ts';
import type { ChuteRequest, QueueMode } from '../core/events.ts';
import { HOST } from '../core/host-config/document.ts';
import type { State } from '../core/state.ts';
import type { Said } from '../engine/asked.ts';
import { askedOf, localRequester, onInterruptOf } from '../library/asked.ts';
import { findElsewhere } from '../library/definition-elsewhere.ts';
import {
  comparingSecrets,
  type ReadDefinition,
  SecretDrawer,
  type SourcedDefinition,
  storingSecrets,
  withSources,
} from '../library/definitions.ts';
import {
  allowsUnpinned,
  type Configured,
  type ReadHost,
  refuseSecondHost,
  type Wanted,
  wantedFrom,
} from '../library/host-request.ts';
import { openServices, readSignatures } from '../library/signed-file.ts';
import type { Context } from './context.ts';
import { loadDefinition } from './definition-file.ts';
import { usageError } from './exit-code.ts';
import { peek } from './reader.ts';

/** The options of commands that ask for a change. */
export type RequestOptions = {
  readonly message?: string;
  readonly key?: string;
  readonly mode?: QueueMode;
  readonly onInterrupt?: OnInterrupt;
  readonly strict?: true;
  readonly allowDowngrade?: true;
  readonly allowQuarantined?: true;
};

/** Adds the options that every request for a change has. */
export function addRequestOptions(command: Command): void {
  command
    .option('-m, --message <text>', 'why, for the journal')
    .option('--key <id>', 'an id of your own: the same request is never taken twice')
    .addOption(
      new Option('--mode <mode>', 'when another update of the chute is on its way').choices([
        'refuse',
        'queue',
        'supersede',
      ]),
    )
    .addOption(
      new Option('--on-interrupt <how>', 'what a crash midway means').choices([
        'resume',
        'rollback',
      ]),
    )
    .option('--allow-quarantined', 'try again what kept crashing');
}

/** The request for these chutes, and for the device itself, as the engine takes it. */
export function askedFor(
  { chutes, host }: Wanted,
  options: RequestOptions,
  origin: Said['origin'] = null,
): Said {
  const onInterrupt = options.onInterrupt ?? onInterruptOf(chutes);
  return askedOf(chutes, {
    by: localRequester('cli'),
    requestId: options.key ?? null,
    message: options.message ?? null,
    ...(options.mode && { mode: options.mode }),
    onInterrupt,
    strict: options.strict ?? false,
    allowDowngrade: options.allowDowngrade ?? false,
    allowQuarantined: options.allowQuarantined ?? false,
    origin,
    ...(host && { host }),
  });
}

/**
 * A chute and what is asked of it, when its name says enough. Pure.
 *
 * Throws RIPCORD_USAGE_INVALID for the device itself, of which none of this can be asked.
 */
export function byName(
  chute: string,
  operation: 'start' | 'stop' | 'restart' | 'delete',
  purge = false,
): ChuteRequest {
  if (chute === HOST)
    throw usageError(
      `cannot ${operation === 'delete' ? 'remove' : operation} ${HOST}: it is the device itself, no chute`,
      'ripcord apply FILE configures it, ripcord rollback @host takes that back',
    );
  return { chute, operation, definition: null, sources: {}, ...(purge && { purge: true }) };
}

/**
 * The definitions that the arguments mean, checked, and their sources looked at; warnings go to
 * standard error. Nothing is written. For another host, a repository that this one does not reach is
 * no reason to refuse: it is told of, and counts as new.
 *
 * Throws RIPCORD_DEFINITION_… and RIPCORD_SOURCE_… for what cannot be used.
 */
export async function readDefinitions(
  context: Context,
  files: readonly string[],
  strict: boolean,
  forAnother = false,
): Promise<readonly ReadFile[]> {
  const read: (ReadDefinition | ReadHost)[] = [];
  const configured = configuredIn(context);
  const allowUnpinned = async (): Promise<boolean> => await allowsUnpinned(read, configured);
  for (const file of files) read.push(await readOne(context, file, { strict, allowUnpinned }));
  refuseSecondHost(read.filter((each) => 'host' in each).length);
  const sourced: ReadFile[] = [];
  const looking = {
    root: context.root,
    allowUnpinned,
    others: read,
    ...(forAnother && { tellUnseen: unseenTeller(context) }),
  };
  for (const each of read) sourced.push('host' in each ? each : await withSources(each, looking));
  return sourced;
}

function unseenTeller({ quiet, terminal }: Context): (message: string) => void {
  return (message) => {
    if (!quiet)
      terminal.err(`${terminal.yellow('warning:')} ${message}; planned as if it were new\n`);
  };
}

/** A definition, or what is asked of the device itself. */
export type ReadFile = SourcedDefinition | ReadHost;

async function readOne(
  context: Context,
  file: string,
  {
    strict,
    allowUnpinned,
  }: { readonly strict: boolean; readonly allowUnpinned: () => Promise<boolean> },
): Promise<ReadDefinition | ReadHost> {
  const drawer = new SecretDrawer();
  const options = { secret: drawer.keep, strict };
  const { found, parsed } = await loadDefinition(file, options);
  if (!parsed.ok) throw definitionError(parsed.complaints);
  const here = { directory: found.directory, path: file === '-' ? null : found.file };
  const whole =
    'elsewhere' in parsed
      ? await findElsewhere(parsed, here, { ...options, allowUnpinned })
      : parsed;
  if (!context.quiet)
    for (const warning of whole.warnings)
      context.terminal.err(`${context.terminal.yellow('warning:')} ${complaintText(warning)}\n`);
  const read = { ...here, ...whole, secrets: drawer.values };
  if (here.path === null || 'host' in read) return read;
  const signatures = await readSignatures(here.path);
  if (signatures === null) return read;
  const open = openServices(read.sources, 'elsewhere' in parsed ? parsed.elsewhere.source : null);
  return { ...read, signed: { bytes: found.bytes, signatures, open } };
}

/**
 * The options with the id that an update object gives its request, unless `--key` does. Of several
 * files none speaks for all.
 */
export function withRequestId<T extends RequestOptions>(
  options: T,
  read: readonly Pick<ReadDefinition, 'requestId'>[],
): T {
  const [only, ...others] = read;
  const key = others.length === 0 ? (only?.requestId ?? null) : null;
  return key === null || options.key !== undefined ? options : { ...options, key };
}

/** The requests for definitions; secrets go into the root's store with `store`, which needs the root. */
export async function requestsFor(
  context: Context,
  read: readonly ReadFile[],
  options: { readonly store: boolean },
): Promise<Wanted> {
  const { root } = context;
  const mark = options.store ? storingSecrets(openSecrets(nodeDisk, root)) : comparingSecrets(root);
  return await wantedFrom(read, mark, configuredIn(context));
}

/** How the device is configured, for files that depend on it. */
const configuredIn =
  (context: Context): Configured =>
  async () =>
    (await peek(context))?.state.applied.host.config;

/** Throws RIPCORD_PLAN_STALE when the device is not as it was at `base`, a state hash. */
export function refuseMovedBase({ applied }: State, base: string, ref: string): void {
  if (stateHash(applied, sha256) === base) return;
  throw new RipcordError(
    'RIPCORD_PLAN_STALE',
    `cannot take the request: the device has changed since ${ref}`,
    { hint: `ripcord diff ${ref}` },
  );
}
