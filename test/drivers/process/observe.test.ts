import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';

import { describe, expect, onTestFinished, test } from 'vitest';

import { portCheck } from '../../../src/drivers/port-check.ts';
import { observeHost, observeServices } from '../../../src/drivers/process/observe.ts';
import { foreignPorts, listeningPorts } from '../../../src/drivers/process/ports.ts';
import { driverContract } from '../../../src/testing/driver-contract.ts';
import { testContext } from '../../../src/testing/test-context.ts';
import { temporaryRoot } from '../world.ts';
import { runningService, serviceRoot, serviceWorld, shell } from './service-world.ts';

async function takenPort(): Promise<string> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return `${(server.address() as AddressInfo).port}/tcp`;
}

function checking(ports: readonly string[], root = serviceRoot()) {
  const args = { chute: 'hello', ports };
  const context = testContext({ root, kind: 'port.check@1', args });
  return { root, args, context, world: async () => serviceWorld(root) };
}

driverContract(
  { describe, test, expect },
  {
    kind: 'port.check@1',
    driver: portCheck,
    arrange: async () => checking(['1/tcp', '1/udp']),
    failing: [
      {
        name: 'somebody listens on the port',
        code: 'RIPCORD_PORT_TAKEN',
        arrange: async () => checking(['1/tcp', await takenPort()]),
      },
    ],
  },
);

test('tells who listens on a port, and that it is not one of our services', async () => {
  const port = await takenPort();
  const listener = listeningPorts().find((each) => each.port === port);
  expect(listener).toMatchObject({ pid: process.pid });
  expect(foreignPorts(temporaryRoot())).toMatchObject({ [port]: listener?.program });
});

test('does not count the ports of our own services', async () => {
  const root = serviceRoot();
  const script = `require('net').createServer().listen(0, '127.0.0.1', function () {
    console.log(this.address().port + '/tcp\\nready') })`;
  const spec = { ...shell(''), command: ['node', '-e', script] };
  const { pid } = await runningService(root, spec);
  const port = listeningPorts().find((each) => each.pid === pid)?.port ?? 'none';

  expect(Object.keys(foreignPorts(temporaryRoot()))).toContain(port);
  expect(Object.keys(foreignPorts(root))).not.toContain(port);
  const { context, args } = checking([port], root);
  expect(await portCheck.run(context, args, null)).toEqual({ result: null });
});

test('observes the services of one root only', async () => {
  const [root, other] = [serviceRoot(), serviceRoot()];
  const spec = shell('echo ready; sleep 60 & wait');
  const instance = await runningService(root, spec);
  await runningService(other, spec);
  expect(observeServices(root)).toEqual([{ instance, chute: 'hello', service: 'main' }]);
  expect(observeServices('/nowhere')).toEqual([]);
});

test('observes the same host twice', () => {
  const root = temporaryRoot();
  const facts = observeHost(root, { runtime: 'process', host: 'render' });
  expect(facts).toMatchObject({ runtime: 'process', host: 'render' });
  expect(facts.cpus).toBeGreaterThan(0);
  expect(facts.memoryMiB).toBeGreaterThan(0);
  expect(facts.diskMiB).toBe(observeHost(`${root}/not/there`, facts).diskMiB);
  const again = observeHost(root, { runtime: 'process', host: 'render' });
  // What others listen on is theirs to change in between.
  expect({ ...again, portsTaken: facts.portsTaken }).toEqual(facts);
});
