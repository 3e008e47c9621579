import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

import { describe, expect, onTestFinished, test } from 'vitest';

import { type Applied, NOTHING_APPLIED, type ServiceLimits } from '../../../src/core/applied.ts';
import { findHierarchy } from '../../../src/drivers/cgroups.ts';
import { HostTree } from '../../../src/drivers/host-tree.ts';
import { markedProcesses } from '../../../src/drivers/marked.ts';
import { endProcesses } from '../../../src/drivers/process/end.ts';
import { Groups } from '../../../src/drivers/process/groups.ts';
import { processStart } from '../../../src/drivers/process/start.ts';
import { processStop } from '../../../src/drivers/process/stop.ts';
import { resourceLimit } from '../../../src/drivers/resource-limit.ts';
import { driverContract } from '../../../src/testing/driver-contract.ts';
import { testContext } from '../../../src/testing/test-context.ts';
import { temporaryRoot } from '../world.ts';
import { appliedService, ready, runningService, serviceRoot, shell } from './service-world.ts';

const host = new HostTree();
const real = { cpu: findHierarchy(host, 'cpu'), memory: findHierarchy(host, 'memory') };
/** Where the kernel lets nobody make groups, that is all there is to see. */
const CAN = real.cpu !== null && real.memory !== null;
const reason = CAN ? '' : ' (left out: no cgroup of this host can be written)';
const limited = CAN ? describe : describe.skip;

const STAYS = shell('sleep 60 & echo ready; wait');
const WANTED: ServiceLimits = { shares: 1536, memory: 64 * 1024 * 1024 };
const MAIN = { chute: 'hello', service: 'main' };

const groupDirectory = (root: string, controller: 'cpu' | 'memory'): string => {
  const { dev, ino } = statSync(root, { bigint: true });
  return join(real[controller]?.path ?? '/nowhere', `ripcord-${dev}-${ino}`, 'hello:main');
};

/** What the kernel holds a root's service to; null where it has no group. */
function kernelOf(root: string) {
  const text = (controller: 'cpu' | 'memory', v1: string, v2: string): string | null => {
    const file = real[controller]?.version === 1 ? v1 : v2;
    const path = join(groupDirectory(root, controller), file);
    return existsSync(path) ? readFileSync(path, 'utf8').trim() : null;
  };
  return {
    shares: text('cpu', 'cpu.shares', 'cpu.weight'),
    memory: text('memory', 'memory.limit_in_bytes', 'memory.max'),
    processes: text('cpu', 'cgroup.procs', 'cgroup.procs')?.split('\n').filter(Boolean).length ?? 0,
  };
}

const SHARES = real.cpu?.version === 2 ? '59' : '1536';

/** A root whose services end with the test, and their groups behind them: inodes are given out again. */
function limitedRoot(): string {
  const root = serviceRoot();
  onTestFinished(async () => {
    for (const { mark } of markedProcesses(root)) {
      const abort = new AbortController().signal;
      await endProcesses({ root, mark, instance: null }, { signal: 'SIGKILL', graceMs: 0, abort });
    }
    new Groups().drop({ root, ...MAIN });
  });
  return root;
}

async function arranged() {
  const root = limitedRoot();
  const instance = await runningService(root, STAYS);
  const args = { chute: 'hello', services: { main: WANTED } };
  const applied = appliedService({ state: 'running', spec: STAYS, instance });
  const context = testContext({ root, kind: 'resource.limit@1', args, applied, update: 'u2' });
  const world = async () => {
    const { shares, memory } = kernelOf(root);
    return { shares, memory };
  };
  return { root, args, context, world, instance };
}

limited(`limits of a running service${reason}`, () => {
  driverContract(
    { describe, test, expect },
    {
      kind: 'resource.limit@1',
      driver: resourceLimit,
      arrange: () => arranged(),
      prefixes: [
        {
          name: 'a group that is made and set',
          state: 'done',
          reach: async ({ context }) => {
            new Groups().set({ root: context.root, ...MAIN }, WANTED);
          },
        },
      ],
    },
  );

  test('hold all its processes at once', async () => {
    const { root, args, context } = await arranged();
    const { result, patch } = await resourceLimit.run(context, args, { before: {} });
    expect(kernelOf(root)).toEqual({ shares: SHARES, memory: '67108864', processes: 2 });
    expect(result).toEqual({ running: ['main'] });
    expect(patch).toEqual([{ op: 'add', path: '/limits/hello', value: args.services }]);
  });

  test('that it shall have no more are lifted', async () => {
    const { root, args, context } = await arranged();
    await resourceLimit.run(context, args, { before: {} });
    const applied = { ...context.applied, limits: { hello: args.services } };
    const none = { chute: 'hello', services: {} };
    const { patch } = await resourceLimit.run({ ...context, applied }, none, {
      before: args.services,
    });
    expect(kernelOf(root)).toEqual({ shares: null, memory: null, processes: 0 });
    expect(patch).toEqual([{ op: 'remove', path: '/limits/hello' }]);
  });

  test('that are taken back leave no group, and the service where it was', async () => {
    const { root, args, context, instance } = await arranged();
    const homes = (): string => readFileSync(`/proc/${instance.pid}/cgroup`, 'utf8');
    const before = homes();
    const undo = (await resourceLimit.prepare?.(context, args)) ?? { before: {} };
    await resourceLimit.run(context, args, undo);
    expect(homes()).not.toBe(before);
    await resourceLimit.undo?.(context, args, undo);
    expect(existsSync(dirname(groupDirectory(root, 'cpu')))).toBe(false);
    expect(existsSync(dirname(groupDirectory(root, 'memory')))).toBe(false);
    expect(homes()).toBe(before);
  });

  test('of one kind leave no group of the other', async () => {
    const { root, args, context } = await arranged();
    await resourceLimit.run(context, args, { before: {} });
    const memory = { ...args, services: { main: { ...WANTED, shares: null } } };
    await resourceLimit.run(context, memory, { before: args.services });
    const left = real.cpu?.version === 2 ? '100' : null;
    expect(kernelOf(root)).toMatchObject({ shares: left, memory: '67108864' });
  });

  test('a service that starts is in its group with what it starts, and the group ends with it', async () => {
    const root = limitedRoot();
    const applied: Applied = { ...NOTHING_APPLIED, limits: { hello: { main: WANTED } } };
    const args = { ...MAIN, spec: STAYS };
    const context = testContext({ root, kind: 'process.start@1', args, applied });
    const { result } = await processStart.run(context, args, null);
    await ready(root, STAYS);
    expect(kernelOf(root)).toEqual({ shares: SHARES, memory: '67108864', processes: 2 });
    const { instance } = result;
    const stop = { ...args, ready: null };
    const running = appliedService({ state: 'running', spec: STAYS, instance });
    await processStop.run({ ...context, applied: running }, stop, { instance });
    expect(existsSync(dirname(groupDirectory(root, 'cpu')))).toBe(false);
    expect(existsSync(dirname(groupDirectory(root, 'memory')))).toBe(false);
  });

  test('a group ends with a start that is undone', async () => {
    const root = limitedRoot();
    const applied: Applied = { ...NOTHING_APPLIED, limits: { hello: { main: WANTED } } };
    const args = { ...MAIN, spec: STAYS };
    const context = testContext({ root, kind: 'process.start@1', args, applied });
    await processStart.run(context, args, null);
    await processStart.undo?.(context, args, null);
    expect(existsSync(dirname(groupDirectory(root, 'cpu')))).toBe(false);
  });
});

describe('on paper', () => {
  const V1 = `30 29 0:27 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu,cpuacct
31 29 0:28 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory`;
  const V2 = '29 23 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw';

  /** A host whose kernel is a directory: what is written into it can be read. */
  function paperHost(mountinfo: string, files: Readonly<Record<string, string>>): HostTree {
    const top = temporaryRoot();
    const all = { 'proc/self/mountinfo': mountinfo, ...files };
    for (const [path, text] of Object.entries(all)) {
      mkdirSync(dirname(join(top, path)), { recursive: true });
      writeFileSync(join(top, path), text);
    }
    return new HostTree(top);
  }

  const written = (tree: HostTree, root: string, directory: string, file: string) => {
    const { dev, ino } = statSync(root, { bigint: true });
    return tree.read(directory, `ripcord-${dev}-${ino}`, 'hello:main', file);
  };

  test('cgroup v1 has a hierarchy for each controller', () => {
    const root = temporaryRoot();
    const tree = paperHost(V1, {
      'sys/fs/cgroup/cpu/cgroup.procs': '',
      'sys/fs/cgroup/memory/cgroup.procs': '',
    });
    new Groups(tree).set({ root, ...MAIN }, WANTED);
    expect(written(tree, root, 'sys/fs/cgroup/cpu', 'cpu.shares')).toBe('1536');
    expect(written(tree, root, 'sys/fs/cgroup/memory', 'memory.limit_in_bytes')).toBe('67108864');
  });

  test.each([
    [2, '1'],
    [512, '20'],
    [1024, '39'],
    [262_144, '10000'],
  ])('cgroup v2 counts %i shares as a weight of %s', (shares, weight) => {
    const root = temporaryRoot();
    const tree = paperHost(V2, { 'sys/fs/cgroup/cgroup.subtree_control': 'cpu memory' });
    const groups = new Groups(tree);
    groups.set({ root, ...MAIN }, { shares, memory: 4096 });
    expect(written(tree, root, 'sys/fs/cgroup', 'cpu.weight')).toBe(weight);
    expect(written(tree, root, 'sys/fs/cgroup', 'memory.max')).toBe('4096');
    expect(groups.has({ root, ...MAIN }, { shares, memory: 4096 })).toBe(true);
    expect(groups.has({ root, ...MAIN }, { shares, memory: 8192 })).toBe(false);
  });

  test('memory that cannot be limited starts nothing', async () => {
    const groups = new Groups(paperHost('', {}));
    expect(groups.canLimitMemory).toBe(false);
    expect(groups.has({ root: '/', ...MAIN }, WANTED)).toBe(true);
  });
});
