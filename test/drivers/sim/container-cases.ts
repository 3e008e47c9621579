import { NEW_CHUTE, NOTHING_APPLIED, type Applied } from '../../../src/core/applied.ts';
import type { ContainerKinds, ContainerSpec } from '../../../src/core/container.ts';
import type { ArgsOf, BuiltInKind } from '../../../src/core/step.ts';
import type { SimContainer } from '../../../src/drivers/sim/sim-containers.ts';
import { specHash, type SimWorld } from '../../../src/drivers/sim/sim-world.ts';
import type { Prefix } from '../../../src/testing/driver-contract.ts';
import { digest, sha256 } from '../../core/plan-model.ts';

/** One kind of step in a simulated world. */
export type Case<K extends BuiltInKind> = {
  readonly args: ArgsOf<K>;
  /** What is there before the step. */
  readonly world?: Partial<SimWorld>;
  readonly applied?: Applied;
  /** What the probe says after so many parts of it, for a kind that has several. */
  readonly partway?: readonly Prefix<never, never>['state'][];
  /** A world in which it cannot be done. */
  readonly failing?: {
    readonly name: string;
    readonly code: string;
    readonly world: Partial<SimWorld>;
  };
};

const MAIN = { chute: 'hello', service: 'main' } as const;
const CONTAINER: ContainerSpec = {
  name: 'hello-main',
  image: 'hello-main:1',
  environment: {},
  network: { name: 'ripcord-hello', aliases: ['main'] },
  ports: {},
  mounts: { '/data': { source: 'chutes/hello/data', readOnly: false } },
  uid: 999,
  privileged: false,
  dns: [],
  stop: { signal: 'SIGTERM', graceMs: 100 },
};
const CONTAINER_MARK = 'u0/hello/main/container.start';
const IN_CONTAINER: Applied = {
  ...NOTHING_APPLIED,
  chutes: {
    hello: {
      ...NEW_CHUTE,
      services: {
        main: {
          state: 'running',
          spec: CONTAINER,
          instance: { container: 'c7', mark: CONTAINER_MARK },
        },
      },
    },
  },
};
/** Where a container can be started. */
const FURNISHED: Partial<SimWorld> = {
  directories: { 'chutes/hello/data': true },
  images: { 'hello-main:1': { id: 'i1', chute: 'hello' }, 'redis:7': { id: 'i2', chute: null } },
  networks: ['ripcord-hello'],
};
const CONTAINED: SimContainer = {
  id: 'c7',
  ...MAIN,
  mark: CONTAINER_MARK,
  spec: specHash(CONTAINER, sha256),
  image: 'i1',
  state: 'running',
  isAside: false,
  isKept: false,
};
const BUILD = { ...MAIN, image: 'hello-main:1', release: digest('a'), dockerfile: null } as const;

export const CONTAINER_CASES: { readonly [K in keyof ContainerKinds]: Case<K> } = {
  'image.pull@1': { args: { chute: 'hello', image: 'nginx:1' }, world: FURNISHED },
  'image.build@1': { args: BUILD, world: FURNISHED },
  'image.check@1': {
    args: { chute: 'hello', images: ['hello-main:1'] },
    world: FURNISHED,
    failing: { name: 'one is not there', code: 'RIPCORD_RESOURCE_MISSING', world: {} },
  },
  'image.drop@1': { args: { chute: 'hello', keep: [], shared: [], recipes: [] }, world: FURNISHED },
  'network.create@1': { args: { chute: 'hello', network: 'ripcord-hello' } },
  'network.remove@1': { args: { chute: 'hello', network: 'ripcord-hello' }, world: FURNISHED },
  'container.stop@1': {
    args: { ...MAIN, spec: CONTAINER, ready: null },
    world: { ...FURNISHED, containers: [CONTAINED] },
    applied: IN_CONTAINER,
    partway: ['partial'],
  },
  'container.start@1': {
    args: { ...MAIN, spec: CONTAINER },
    world: FURNISHED,
    partway: ['partial'],
    failing: { name: 'its image is not there', code: 'RIPCORD_PROCESS_FAILED', world: {} },
  },
  'container.keep@1': {
    args: { chute: 'hello', services: ['main'] },
    world: { ...FURNISHED, containers: [CONTAINED] },
    applied: IN_CONTAINER,
  },
  'container.remove@1': {
    args: { chute: 'hello', services: ['main'] },
    world: { containers: [{ ...CONTAINED, state: 'stopped', isAside: true }] },
  },
};
