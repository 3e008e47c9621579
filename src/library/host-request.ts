import { RipcordError } from '../core/errors.ts';
import type { ChuteRequest, HostRequest } from '../core/events.ts';
import { documentOf, type HostDocument } from '../core/host-config/document.ts';
import { patchDocument } from '../core/host-config/patch-document.ts';
import { type DefinitionPolicy, policyOf } from '../core/host-config/policy.ts';
import type { Json, JsonObject } from '../core/json.ts';
import type { Asked } from '../engine/asked.ts';
import {
  type MarkSecret,
  markedWith,
  type ReadDefinition,
  requestOf,
  type SourcedDefinition,
} from './definitions.ts';

/** What a file asks of the device itself, its secrets still apart. */
export type ReadHost = {
  readonly host: HostRequest;
  /** Values that must not be journaled, by the placeholder that stands for them. */
  readonly secrets: ReadonlyMap<string, string>;
  readonly requestId?: string | null;
  /** The file it was read from, and the directory with it; none where it was none. */
  readonly path?: string | null;
  readonly directory?: string;
};

/** What is asked of chutes and of the device itself. */
export type Wanted = Pick<Asked, 'chutes' | 'host'>;

/**
 * What files ask for, their secrets under their marks, and who has signed them, of those whom the
 * device trusts as `configured` or is to trust. Throws RIPCORD_USAGE_INVALID for two of the device.
 */
export async function wantedFrom(
  read: readonly (SourcedDefinition | ReadHost)[],
  mark: MarkSecret,
  configured: Configured,
): Promise<Wanted> {
  const signed = read.some((each) => !('host' in each) && each.signed !== undefined);
  const keys = signed ? (await policiesOf(read, configured)).flatMap(({ trust }) => trust) : [];
  const chutes: ChuteRequest[] = [];
  const hosts: HostRequest[] = [];
  for (const each of read)
    if ('host' in each) hosts.push(await hostRequestOf(each, mark));
    else chutes.push(await requestOf(each, mark, keys));
  refuseSecondHost(hosts.length);
  const [host] = hosts;
  return { chutes, ...(host && { host }) };
}

/** How the device is configured, asked for only where that matters. */
export type Configured = () => Promise<HostDocument | undefined>;

/** Whether one of these files, or the device as it is configured, allows to take what is found. */
export async function allowsUnpinned(
  read: readonly (ReadDefinition | ReadHost)[],
  configured: Configured,
): Promise<boolean> {
  const policies = await policiesOf(read, configured);
  return policies.some(({ allowUnpinnedDownloads }) => allowUnpinnedDownloads);
}

/**
 * What the device asks of definitions: as it is configured, and as these files configure it. Which of
 * the two counts is planned.
 */
async function policiesOf(
  read: readonly (ReadDefinition | ReadHost)[],
  configured: Configured,
): Promise<readonly DefinitionPolicy[]> {
  const stored = await configured();
  const asked = read.flatMap((each) => {
    if (!('host' in each)) return [];
    const { config, patch } = each.host;
    if (config !== null) return [config];
    const patched = patchDocument(documentOf(stored), patch);
    return 'document' in patched ? [patched.document] : [];
  });
  return [stored, ...asked].map(policyOf);
}

/** Throws RIPCORD_USAGE_INVALID when more than one file is about the device itself. */
export function refuseSecondHost(count: number): void {
  if (count <= 1) return;
  throw new RipcordError(
    'RIPCORD_USAGE_INVALID',
    `cannot ask the device itself for ${count} things in one update`,
    { hint: 'give one host configuration at a time' },
  );
}

/** What is asked of the device itself, its secrets under their marks. */
async function hostRequestOf({ host, secrets }: ReadHost, mark: MarkSecret): Promise<HostRequest> {
  const { config, patch, operation } = host;
  const marked = async (value: Json): Promise<Json> => await markedWith(value, secrets, mark);
  return {
    operation,
    config: config && ((await marked(config)) as JsonObject),
    patch: (await marked(patch)) as readonly JsonObject[],
  };
}
