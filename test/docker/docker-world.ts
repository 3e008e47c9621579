import { mkdirSync } from 'node:fs';
import { join } from 'node:path';

import { afterAll, afterEach, beforeAll, describe } from 'vitest';

import { NEW_CHUTE, NOTHING_APPLIED, type Applied } from '../../src/core/applied.ts';
import type { ContainerInstance, ContainerSpec } from '../../src/core/container.ts';
import type { Json } from '../../src/core/json.ts';
import type { EngineApi } from '../../src/drivers/docker/engine-api.ts';
import { markOf, rootLabels } from '../../src/drivers/docker/ours.ts';
import { temporaryRoot } from '../drivers/world.ts';
import { loadBusybox, PrivateDocker, whyNoDocker } from './private-docker.ts';

export const NAME = 'hello-main';

/** A service in a container that does nothing but run. */
export const SPEC: ContainerSpec = {
  name: NAME,
  image: 'busybox:test',
  command: ['sh', '-c', 'echo ready; exec sleep 100000'],
  environment: {},
  // A network of its own takes longer to come and go than all the rest.
  network: null,
  ports: {},
  mounts: { '/data': { source: 'chutes/hello/data', readOnly: false } },
  uid: 1000,
  privileged: false,
  dns: [],
  stop: { signal: 'SIGTERM', graceMs: 5_000 },
};

/** A root with the directories of the chute `hello`; it goes away with its test. */
export function dockerRoot(): string {
  const root = temporaryRoot();
  mkdirSync(join(root, 'chutes/hello/data'), { recursive: true });
  return root;
}

/** Everything of a root in the engine, by names and marks; and whatever else has a name that it uses. */
export async function dockerWorld(api: EngineApi, root: string): Promise<Json> {
  const labels = rootLabels(root);
  const containers: Json[] = [];
  for (const { Id } of await api.containers({})) {
    const found = await api.container(Id);
    if (!found) continue;
    containers.push({
      name: found.Name,
      state: found.State.Running ? 'running' : found.State.Status,
      mark: markOf(found.Config.Labels, { root }),
      restart: found.HostConfig.RestartPolicy.Name,
      shares: found.HostConfig.CpuShares,
      memory: found.HostConfig.Memory,
    });
  }
  const images = await api.images({});
  const networks = await api.networksNamed('hello');
  return {
    containers: sorted(containers),
    images: sorted(
      images.map(({ RepoTags, Labels }) => ({
        // Names that say whose it is are hashes of a root.
        names: (RepoTags ?? [])
          .map((name) => name.replace(/^(ripcord-pulled\/.*):.*/, '$1'))
          .toSorted(),
        mark: markOf(Labels, { root, made: 'image' }),
      })),
    ),
    networks: sorted(
      networks.map(({ Name, Labels }) => ({
        name: Name,
        isOurs: Object.entries(labels).every(([key, value]) => Labels?.[key] === value),
      })),
    ),
  };
}

/** Removes every container and network, and every image but those that tests begin with. */
export async function clearDocker(api: EngineApi): Promise<void> {
  for (const { Id } of await api.containers({})) await api.removeContainer(Id);
  for (const name of ['hello', 'pair'])
    for (const { Id } of await api.networksNamed(name)) await api.removeNetwork(Id);
  for (const { Id, RepoTags } of await api.images({})) {
    const tags = (RepoTags ?? []).filter((tag) => tag !== '<none>:<none>');
    if (tags.includes('busybox:test')) {
      for (const tag of tags) if (tag !== 'busybox:test') await api.removeImage(tag);
    } else for (const each of tags.length === 0 ? [Id] : tags) await api.removeImage(each);
  }
}

/** What is applied while `main` of `hello` runs as this container. */
export function appliedContainer(instance: ContainerInstance | null, spec = SPEC): Applied {
  const main = { state: instance ? 'running' : 'exited', spec, instance } as const;
  const hello = { ...NEW_CHUTE, run: 'running', services: { main } } as const;
  return { ...NOTHING_APPLIED, chutes: { hello } };
}

const sorted = (all: readonly Json[]): Json =>
  all.toSorted((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));

/**
 * Tests that share a Docker Engine of their own, which has `busybox:test` and is cleared after each of
 * them. Where none can be had they are skipped, and their title says why.
 */
export function describeDocker(title: string, body: (docker: () => PrivateDocker) => void): void {
  const missing = whyNoDocker();
  describe.skipIf(missing !== null)(`${title}${missing ? ` (skipped: ${missing})` : ''}`, () => {
    let docker: PrivateDocker | undefined;
    const mine = (): PrivateDocker => {
      if (docker === undefined) throw new Error('its Docker Engine was not started');
      return docker;
    };
    beforeAll(async () => {
      docker = await PrivateDocker.start();
      process.env['RIPCORD_DOCKER'] = docker.socket;
      await loadBusybox(docker);
    });
    afterEach(async () => clearDocker(mine().api()));
    afterAll(async () => {
      delete process.env['RIPCORD_DOCKER'];
      await docker?.destroy();
    });
    body(mine);
  });
}
