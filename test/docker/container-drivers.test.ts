import { describe, expect, test } from 'vitest';

import type { Json } from '../../src/core/json.ts';
import { containerKeep } from '../../src/drivers/docker/container-keep.ts';
import { containerRemove } from '../../src/drivers/docker/container-remove.ts';
import { containerStart, startOnce } from '../../src/drivers/docker/container-start.ts';
import { containerStop } from '../../src/drivers/docker/container-stop.ts';
import { networkCreate } from '../../src/drivers/docker/network.ts';
import { resourceLimit } from '../../src/drivers/resource-limit.ts';
import { driverContract, type TestFramework } from '../../src/testing/driver-contract.ts';
import { testContext } from '../../src/testing/test-context.ts';
import {
  appliedContainer,
  clearDocker,
  describeDocker,
  dockerRoot,
  dockerWorld,
  NAME,
  SPEC,
} from './docker-world.ts';

const framework: TestFramework = { describe, test, expect };

describeDocker('containers', (docker) => {
  const scene = async (kind: string, args: Json, more: Record<string, unknown> = {}) => {
    const root = dockerRoot();
    const context = testContext({ root, kind, args, ...more });
    return {
      context,
      world: () => dockerWorld(docker().api(), root),
      dispose: () => clearDocker(docker().api()),
    };
  };

  /** A device on which `main` runs in a container that an earlier update started. */
  const running = async (kind: string, args: Json) => {
    const { context, ...rest } = await scene(kind, args, { update: 'u2' });
    const service = { chute: 'hello', service: 'main', spec: SPEC };
    const instance = await startOnce(
      { ...context, mark: 'u1/hello/main/container.start' },
      service,
    );
    await docker()
      .api()
      .updateContainer(instance.container, { RestartPolicy: { Name: 'unless-stopped' } });
    return { ...rest, instance, context: { ...context, applied: appliedContainer(instance) } };
  };

  const startArgs = { chute: 'hello', service: 'main', spec: SPEC };
  const arrangeStart = async (spec = SPEC) => {
    const args = { ...startArgs, spec };
    return { args, ...(await scene('container.start@1', args)) };
  };

  driverContract(framework, {
    kind: 'container.start@1',
    driver: containerStart,
    arrange: () => arrangeStart(),
    prefixes: [
      {
        name: 'a start whose outcome was never recorded',
        state: 'done',
        reach: async ({ context, args }) => void (await startOnce(context, args)),
      },
      {
        name: 'a container that was made and not started',
        state: 'partial',
        reach: async ({ context, args }) => {
          const { container } = await startOnce(context, args);
          const { Config } = (await docker().api().container(container)) ?? {
            Config: { Labels: {} },
          };
          await docker().api().removeContainer(container);
          await docker()
            .api()
            .createContainer(NAME, {
              Image: SPEC.image,
              Labels: Config.Labels ?? {},
              HostConfig: {},
            });
        },
      },
      {
        name: 'a container that ended before anybody looked',
        state: 'partial',
        reach: async ({ context, args }) => {
          const { container } = await startOnce(context, args);
          await docker().api().stopContainer(container, 0);
        },
      },
    ],
    failing: [
      {
        name: 'its image is not there',
        code: 'RIPCORD_DOCKER_REFUSED',
        arrange: () => arrangeStart({ ...SPEC, image: 'no-such-image:1' }),
      },
      {
        name: 'its network is not there',
        code: 'RIPCORD_RESOURCE_MISSING',
        arrange: () => arrangeStart({ ...SPEC, network: { name: 'hello-other', aliases: [] } }),
      },
      {
        name: 'a port of it is taken',
        code: 'RIPCORD_PORT_TAKEN',
        arrange: async () => {
          const api = docker().api();
          const id = await api.createContainer('other', {
            Image: SPEC.image,
            Labels: {},
            ExposedPorts: { '80/tcp': {} },
            HostConfig: { PortBindings: { '80/tcp': [{ HostPort: '18080' }] } },
          });
          await api.startContainer(id);
          const network = { name: 'hello-net', aliases: [] };
          const scenario = await arrangeStart({ ...SPEC, network, ports: { '18080/tcp': 80 } });
          await networkCreate.run(
            scenario.context,
            { chute: 'hello', network: network.name },
            { existed: false },
          );
          return scenario;
        },
      },
      {
        name: 'somebody else’s container has its name',
        code: 'RIPCORD_RESOURCE_TAKEN',
        arrange: async () => {
          await docker()
            .api()
            .createContainer(NAME, { Image: SPEC.image, Labels: {}, HostConfig: {} });
          return arrangeStart();
        },
      },
      {
        name: 'a container of another root has its name',
        code: 'RIPCORD_RESOURCE_TAKEN',
        arrange: async () => {
          await docker()
            .api()
            .createContainer(NAME, {
              Image: SPEC.image,
              Labels: {
                'ripcord.root': '/elsewhere',
                'ripcord.chute': 'hello',
                'ripcord.service': 'main',
              },
              HostConfig: {},
            });
          return arrangeStart();
        },
      },
    ],
  });

  const stopArgs = { ...startArgs, ready: null };
  driverContract(framework, {
    kind: 'container.stop@1',
    driver: containerStop,
    arrange: async () => ({ args: stopArgs, ...(await running('container.stop@1', stopArgs)) }),
    prefixes: [
      {
        name: 'a stop that got no further',
        state: 'partial',
        reach: async (_scenario, { instance }) =>
          docker()
            .api()
            .stopContainer(instance?.container ?? '', 1_000),
      },
      {
        name: 'a stop whose outcome was never recorded',
        state: 'done',
        reach: async ({ context }, { instance }) => {
          await docker()
            .api()
            .stopContainer(instance?.container ?? '', 1_000);
          await docker()
            .api()
            .renameContainer(instance?.container ?? '', `${NAME}.${context.update}`);
        },
      },
      {
        name: 'an undo that gave it back its name',
        state: 'partial',
        reach: async ({ context, args }, undo) => {
          await containerStop.run(context, args, undo);
          await docker()
            .api()
            .renameContainer(undo.instance?.container ?? '', NAME);
        },
      },
    ],
    failing: [
      {
        name: 'somebody else has the name it is put aside under',
        code: 'RIPCORD_RESOURCE_TAKEN',
        arrange: async () => {
          const made = { Image: SPEC.image, Labels: {}, HostConfig: {} };
          const scenario = await running('container.stop@1', stopArgs);
          await docker().api().createContainer(`${NAME}.u2`, made);
          return { args: stopArgs, ...scenario };
        },
      },
    ],
  });

  const keepArgs = { chute: 'hello', services: ['main'] };
  driverContract(framework, {
    kind: 'container.keep@1',
    driver: containerKeep,
    arrange: async () => {
      const scenario = await running('container.keep@1', keepArgs);
      await docker()
        .api()
        .updateContainer(scenario.instance.container, { RestartPolicy: { Name: 'no' } });
      return { args: keepArgs, ...scenario };
    },
  });

  driverContract(framework, {
    kind: 'container.remove@1',
    driver: containerRemove,
    arrange: async () => {
      const scenario = await running('container.remove@1', keepArgs);
      const old = { ...scenario.context, mark: 'u0/hello/main/container.start' };
      await startOnce(old, { ...startArgs, spec: { ...SPEC, name: `${NAME}.u1` } });
      await docker()
        .api()
        .createContainer('foreign', { Image: SPEC.image, Labels: {}, HostConfig: {} });
      return { args: keepArgs, ...scenario };
    },
  });

  const limitArgs = {
    chute: 'hello',
    services: { main: { shares: 512, memory: 64 * 1024 * 1024 } },
  };
  driverContract(framework, {
    kind: 'resource.limit@1',
    driver: resourceLimit,
    arrange: async () => {
      const scenario = await running('resource.limit@1', limitArgs);
      // Undoing says it in numbers where nothing was said before; the device is the same.
      const world = async (): Promise<Json> => {
        const found = await docker().api().container(scenario.instance.container);
        const { CpuShares = 0, Memory = 0 } = found?.HostConfig ?? {};
        return { shares: CpuShares || 1024, memory: Memory >= 2 ** 50 ? 0 : Memory };
      };
      return { args: limitArgs, ...scenario, world };
    },
  });
});
