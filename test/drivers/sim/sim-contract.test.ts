import { describe, expect, test } from 'vitest';

import { NEW_CHUTE, NOTHING_APPLIED, type Applied } from '../../../src/core/applied.ts';
import type { FileSections } from '../../../src/core/host-file.ts';
import type { Json } from '../../../src/core/json.ts';
import type { ArgsOf, BuiltInKind, ProcessSpec, ResultOf, UndoOf } from '../../../src/core/step.ts';
import { simDrivers } from '../../../src/drivers/sim/all.ts';
import { SimDevice } from '../../../src/drivers/sim/device.ts';
import { emptyWorld, specHash, type SimWorld } from '../../../src/drivers/sim/sim-world.ts';
import {
  driverContract,
  type DriverContract,
  type Scenario,
} from '../../../src/testing/driver-contract.ts';
import { testContext } from '../../../src/testing/test-context.ts';
import { digest, sha256 } from '../../core/plan-model.ts';
import { type Case, CONTAINER_CASES } from './container-cases.ts';

const A = digest('a');
const B = digest('b');
const hex = (letter: string): string => letter.repeat(64);
const RELEASES = 'chutes/hello/releases';
const CURRENT = 'chutes/hello/services/main/current';
const MAIN = { chute: 'hello', service: 'main' } as const;
const CONFIG = 'host/config/dnsmasq.conf';
const SPEC: ProcessSpec = {
  command: ['serve'],
  directory: 'chutes/hello/data',
  environment: {},
  log: 'chutes/hello/logs/main.log',
  stop: { signal: 'SIGTERM', graceMs: 100 },
};
const INSTANCE = { pid: 7, startTicks: 7, boot: 'sim', mark: 'u0/hello/main/process.start' };
const RUNS: Applied = {
  ...NOTHING_APPLIED,
  chutes: {
    hello: {
      ...NEW_CHUTE,
      services: { main: { state: 'running', spec: SPEC, instance: INSTANCE } },
    },
  },
};
const RUNNING: Partial<SimWorld> = {
  directories: { 'chutes/hello/data': true },
  processes: [
    { pid: 7, ...MAIN, mark: INSTANCE.mark, spec: specHash(SPEC, sha256), isEnding: false },
  ],
};
const hashed = (content: string): string => `sha256:${sha256(content)}`;
const own = (text: string): FileSections => ({ hello: { '0': text } });
const FILE = { path: CONFIG, mode: 0o600, service: 'dhcp' } as const;
const HEALTH = {
  check: { type: 'alive' },
  intervalMs: 1,
  timeoutMs: 1,
  retries: 0,
  settleMs: 0,
  withinMs: 1,
} as const;

const CASES: { readonly [K in BuiltInKind]: Case<K> } = {
  'directory.create@1': { args: { path: 'chutes/hello' } },
  'directory.remove@1': {
    args: { path: 'chutes/hello' },
    world: { directories: { 'chutes/hello': true, 'chutes/hello/data': true } },
  },
  'release.fetch@1': {
    args: { chute: 'hello', digest: A, location: { type: 'local', path: '/src' } },
    partway: ['partial'],
    failing: {
      name: 'the disk is full',
      code: 'RIPCORD_STEP_FAILED',
      world: { diskBytes: 10, releaseBytes: 6, sizes: { other: 5 } },
    },
  },
  'release.switch@1': {
    args: { ...MAIN, digest: B },
    world: {
      directories: { [`${RELEASES}/${hex('a')}`]: true, [`${RELEASES}/${hex('b')}`]: true },
      links: { [CURRENT]: A },
    },
    failing: { name: 'the release is not there', code: 'RIPCORD_STEP_FAILED', world: {} },
  },
  'release.drop@1': {
    args: { chute: 'hello', keep: [A] },
    world: {
      directories: {
        [`${RELEASES}/${hex('a')}`]: true,
        [`${RELEASES}/${hex('b')}`]: true,
        [`${RELEASES}/${hex('c')}`]: true,
      },
    },
  },
  'volume.create@1': { args: { chute: 'hello', volume: 'data' } },
  'volume.remove@1': {
    args: { chute: 'hello', volume: 'data' },
    world: { directories: { 'chutes/hello/volumes/data': true } },
  },
  'port.check@1': {
    args: { chute: 'hello', ports: ['80/tcp'] },
    failing: {
      name: 'somebody has the port',
      code: 'RIPCORD_PORT_TAKEN',
      world: { portsTaken: { '80/tcp': 'nginx' } },
    },
  },
  'secret.check@1': {
    args: { chute: 'hello', secrets: [{ $secret: 's1' }] },
    failing: {
      name: 'the secret is gone',
      code: 'RIPCORD_SECRET_MISSING',
      world: { secretsMissing: ['s1'] },
    },
  },
  'resource.limit@1': {
    args: { chute: 'hello', services: { main: { shares: 512, memory: null } } },
    world: RUNNING,
  },
  'process.stop@1': {
    args: { ...MAIN, spec: SPEC, ready: null },
    world: RUNNING,
    applied: RUNS,
    partway: ['partial'],
  },
  'process.start@1': {
    args: { ...MAIN, spec: SPEC },
    world: { directories: { 'chutes/hello/data': true } },
    failing: { name: 'its directory is not there', code: 'RIPCORD_PROCESS_FAILED', world: {} },
  },
  ...CONTAINER_CASES,
  'gate.check@1': {
    args: { checks: [{ ...MAIN, health: HEALTH, directory: SPEC.directory }], withinMs: 1 },
    world: RUNNING,
    applied: RUNS,
    failing: {
      name: 'the service is unwell',
      code: 'RIPCORD_GATE_FAILED',
      world: { ...RUNNING, unwell: ['hello/main'] },
    },
  },
  'config.check@1': { args: { files: [{ ...FILE, sections: own('port=0'), tool: 'dnsmasq' }] } },
  'config.restore@1': { args: { service: 'dhcp', paths: [CONFIG] } },
  'config.write@1': {
    args: { ...FILE, sections: own('new') },
    applied: {
      ...NOTHING_APPLIED,
      host: { files: { [CONFIG]: { mode: 0o600, service: 'dhcp', sections: own('old') } } },
    },
    world: {
      files: { [CONFIG]: { hash: hashed('old'), mode: 0o600 } },
      loaded: { [CONFIG]: hashed('old') },
    },
  },
  'config.reload@1': {
    args: { service: 'dhcp', paths: [CONFIG, 'host/config/other.conf'] },
    world: {
      files: {
        [CONFIG]: { hash: hashed('new'), mode: 0o600 },
        'host/config/other.conf': { hash: hashed('new'), mode: 0o600 },
      },
      loaded: { [CONFIG]: hashed('old') },
    },
    partway: ['not-done'],
  },
  'chute.save@1': {
    args: { chute: 'hello', patch: [{ op: 'add', path: '/chutes/hello', value: NEW_CHUTE }] },
  },
  'host.save@1': {
    args: { patch: [{ op: 'add', path: '/host/config', value: {} }] },
  },
};

/** What two worlds share: who a process is differs from run to run. */
function seen(world: SimWorld): Json {
  const { nextPid: _next, processes, containers, ...rest } = structuredClone(world);
  return {
    ...rest,
    processes: processes.map(({ pid: _pid, mark: _mark, ...process }) => process),
    containers: containers.map(({ id: _id, mark: _mark, ...container }) => container),
  };
}

for (const kind of Object.keys(CASES) as BuiltInKind[]) {
  // Its one effect is that of its undo.
  if (kind !== 'config.restore@1') contractOf(kind, CASES[kind] as Case<typeof kind>);
}

function contractOf<K extends BuiltInKind>(
  kind: K,
  { args, world = {}, applied = NOTHING_APPLIED, partway = [], failing }: Case<K>,
): void {
  // One device for all tests of a kind, which come one after the other: each begins with its own world.
  const device = new SimDevice({ sha256 });
  const arrange = async (before: Partial<SimWorld>): Promise<Scenario<ArgsOf<K>>> => {
    Object.assign(device.world, emptyWorld(), structuredClone(before));
    const context = testContext({ root: '/nowhere', kind, args, applied });
    return { args, context, world: async () => seen(device.world) };
  };
  const contract: DriverContract<ArgsOf<K>, UndoOf<K>, ResultOf<K>> = {
    kind: `${kind} on a simulated device`,
    driver: simDrivers(device)[kind],
    arrange: async () => await arrange(world),
    prefixes: partway.map((state, at) => ({
      name: `${at + 1} of its parts`,
      state,
      reach: async ({ context }, undo) => {
        const fault = { on: 'run', steps: '*', when: 'partway', parts: at + 1 } as const;
        const faults = [{ ...fault, answer: 'unknown' }] as const;
        const cutOff = new SimDevice({ sha256, world: device.world, faults });
        const run = simDrivers(cutOff)[kind].run(context, args, undo);
        await expect(run).rejects.toMatchObject({ code: 'RIPCORD_FAULT_INJECTED' });
        Object.assign(device.world, cutOff.world);
      },
    })),
    failing: failing
      ? [
          {
            name: failing.name,
            code: failing.code,
            arrange: async () => await arrange(failing.world),
          },
        ]
      : [],
  };
  driverContract({ describe, test, expect }, contract);
}
