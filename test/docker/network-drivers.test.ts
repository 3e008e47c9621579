import { describe, expect, test } from 'vitest';

import { networkCreate, networkRemove } from '../../src/drivers/docker/network.ts';
import { driverContract, type TestFramework } from '../../src/testing/driver-contract.ts';
import { testContext } from '../../src/testing/test-context.ts';
import { clearDocker, describeDocker, dockerRoot, dockerWorld } from './docker-world.ts';

const framework: TestFramework = { describe, test, expect };

describeDocker('networks', (docker) => {
  const netArgs = { chute: 'hello', network: 'hello-net' };
  const networked = () => {
    const root = dockerRoot();
    return {
      args: netArgs,
      context: testContext({ root, kind: 'network.create@1', args: netArgs }),
      world: () => dockerWorld(docker().api(), root),
      dispose: () => clearDocker(docker().api()),
    };
  };
  const foreignNetwork = async (): Promise<void> => {
    await docker().api().createNetwork({
      Name: netArgs.network,
      Driver: 'bridge',
      CheckDuplicate: true,
      Labels: {},
    });
  };
  driverContract(framework, {
    kind: 'network.create@1',
    driver: networkCreate,
    arrange: async () => networked(),
    failing: [
      {
        name: 'somebody else has a network of its name',
        code: 'RIPCORD_RESOURCE_TAKEN',
        arrange: async () => {
          await foreignNetwork();
          return networked();
        },
      },
    ],
  });

  driverContract(framework, {
    kind: 'network.remove@1',
    driver: networkRemove,
    arrange: async () => {
      const scenario = networked();
      await networkCreate.run(scenario.context, netArgs, { existed: false });
      return scenario;
    },
  });

  test('a network that somebody else uses is not removed, and they are named', async () => {
    const { context, args } = networked();
    await networkCreate.run(context, args, { existed: false });
    const api = docker().api();
    const id = await api.createContainer('guest', {
      Image: 'busybox:test',
      Labels: {},
      HostConfig: { NetworkMode: args.network },
    });
    await api.startContainer(id);
    await expect(networkCreate.undo?.(context, args, { existed: false })).rejects.toMatchObject({
      code: 'RIPCORD_DOCKER_REFUSED',
      message: 'cannot remove network hello-net: guest uses it',
    });
  });
});
