import { chownSync, mkdirSync, realpathSync } from 'node:fs';
import { hostname } from 'node:os';

import type { ContainerSpec } from '../../core/container.ts';
import type { StepContext } from '../../core/driver.ts';
import { codeOf } from '../../core/errors.ts';
import { canonical } from '../../core/json.ts';
import { doing } from '../failure.ts';
import { newToken } from '../new-token.ts';
import { below } from '../service-environment.ts';
import type { ServiceArgs } from './containers.ts';
import type { ContainerBody, HostConfig } from './engine-types.ts';
import { hashOf, madeLabels } from './ours.ts';

/** Marks of processes: a container has labels, and must not be taken for a process of this root. */
const NOT_TOLD = new Set(['RIPCORD_ROOT', 'RIPCORD_STEP', 'RIPCORD_LIFE']);

/** Logs that nobody cuts fill the device. */
const LOG_CONFIG = { Type: 'json-file', Config: { 'max-size': '5m', 'max-file': '2' } } as const;

/** Where a container is attached and what it is made of, as the engine knows them. */
export type Surroundings = { readonly image: string; readonly network: string | null };

/**
 * What the engine is asked to make for a service. Restarts are left to us until the update is through:
 * an engine that starts what dies hides from the gate that it does.
 *
 * Throws RIPCORD_SECRET_MISSING.
 */
export async function bodyOf(
  context: StepContext,
  args: ServiceArgs,
  { image, network }: Surroundings,
): Promise<ContainerBody> {
  const { chute, service, spec } = args;
  const aliases = spec.network?.aliases ?? [];
  return {
    Image: image,
    ...(spec.command !== undefined && { Cmd: spec.command }),
    Env: await environmentOf(context, spec),
    User: `${spec.uid}:${spec.uid}`,
    Labels: madeLabels(
      { root: context.root, chute, service },
      { mark: context.mark, content: contentOf(spec, image) },
    ),
    StopSignal: spec.stop.signal,
    ExposedPorts: Object.fromEntries(insidePorts(spec).map(([inside]) => [inside, {}])),
    HostConfig: hostConfigOf(context, args, network),
    ...(network !== null && {
      NetworkingConfig: { EndpointsConfig: { [network]: { Aliases: aliases } } },
    }),
  };
}

/** Tells a container made of this from one that has the same mark by an earlier life of the root. */
export function contentOf(spec: ContainerSpec, image: string): string {
  return hashOf(canonical([spec, image]));
}

function hostConfigOf(
  { root, applied }: StepContext,
  { chute, service, spec }: ServiceArgs,
  network: string | null,
): HostConfig {
  const limits = applied.limits[chute]?.[service];
  return {
    // A first process that is no init ignores signals, and every stop lasts its whole grace.
    Init: true,
    NetworkMode: network ?? 'host',
    RestartPolicy: { Name: 'no' },
    LogConfig: LOG_CONFIG,
    Mounts: Object.entries(spec.mounts).map(([Target, { source, readOnly }]) => ({
      Type: 'bind',
      Source: below(realpathSync(root), source),
      Target,
      ReadOnly: readOnly,
    })),
    PortBindings: Object.fromEntries(
      insidePorts(spec).map(([inside, externals]) => [
        inside,
        externals.map((HostPort) => ({ HostPort })),
      ]),
    ),
    Privileged: spec.privileged,
    ...(spec.dns.length > 0 && { Dns: spec.dns }),
    ...(limits?.shares != null && { CpuShares: limits.shares }),
    ...(limits?.memory != null && { Memory: limits.memory, MemorySwap: -1 }),
  };
}

/** By port inside, `80/tcp`: the ports of the host it is published under. */
function insidePorts({
  network,
  ports,
}: ContainerSpec): readonly (readonly [string, readonly string[]])[] {
  const inside = new Map<string, string[]>();
  // Nothing is published of what listens on the host itself.
  for (const [key, port] of network === null ? [] : Object.entries(ports)) {
    const [external = '', protocol = 'tcp'] = key.split('/');
    const at = `${port}/${protocol}`;
    inside.set(at, [...(inside.get(at) ?? []), external]);
  }
  return [...inside];
}

async function environmentOf(
  context: StepContext,
  { environment }: ContainerSpec,
): Promise<readonly string[]> {
  const told: string[] = [];
  for (const [name, value] of Object.entries(environment)) {
    if (NOT_TOLD.has(name)) continue;
    if (typeof value === 'string') told.push(`${name}=${value}`);
    else if ('$host' in value) told.push(`${name}=${hostname()}`);
    // The socket of the local API is not inside: this device has no such feature for containers.
    else if ('$api' in value || '$path' in value) told.push(`${name}=`);
    else if ('$token' in value) {
      const token = await context.secret(value).catch((error: unknown) => {
        if (codeOf(error) !== 'RIPCORD_SECRET_MISSING') throw error;
        return newToken();
      });
      told.push(`${name}=${token}`);
    } else told.push(`${name}=${await context.secret(value)}`);
  }
  return told;
}

/**
 * Gives a service's own directories to the user its processes run as. Safe to repeat. Root needs nothing
 * given: another service of the chute, or the version before when it has to run again, is not root.
 */
export async function giveMounts(
  { root }: StepContext,
  { chute, service, spec }: ServiceArgs,
): Promise<void> {
  await doing(`give service ${service} of ${chute} its directories`, async () => {
    for (const { source, readOnly } of Object.values(spec.mounts)) {
      const path = below(realpathSync(root), source);
      mkdirSync(path, { recursive: true });
      if (!readOnly && spec.uid !== 0 && process.getuid?.() === 0)
        chownSync(path, spec.uid, spec.uid);
    }
  });
}
