import * as fc from 'fast-check';

import type { Definition, Service } from '../../src/core/chute.ts';
import type { ChuteRequest } from '../../src/core/events.ts';
import type { HostFacts } from '../../src/core/facts.ts';
import type { JsonObject } from '../../src/core/json.ts';
import { NO_NETWORK } from '../../src/core/network.ts';
import type { Runtime } from '../../src/core/planners/dynamic-ports.ts';
import { randomFrom } from '../../src/drivers/sim/random.ts';
import { facts, port, radio } from './allocate/host-model.ts';
import { ask, definition, digest, service } from './plan-model.ts';

/** What one device is asked for, one update after the other. */
export type History = {
  readonly facts: Partial<HostFacts>;
  readonly updates: readonly (readonly ChuteRequest[])[];
  /** What decides how its data is shuffled and where its updates fail. */
  readonly seed: number;
};

const CHUTES = ['x', 'y'];
const SERVICES = ['main', 'db'];

const anyFacts = (runtime: Runtime): fc.Arbitrary<Partial<HostFacts>> =>
  fc.record({
    runtime: fc.constant(runtime),
    network: fc.oneof(
      fc.constantFrom(
        NO_NETWORK,
        facts([], [port('eth1'), port('eth2', { role: 'lan' })]),
        facts([radio('w0')]),
      ),
      { weight: 3, arbitrary: fc.constant(facts([radio('w0'), radio('w1')], [port('eth1')])) },
    ),
    portsTaken: fc.constantFrom<HostFacts['portsTaken']>({}, { '2000/tcp': 'nginx' }),
    capabilities: fc.constant<HostFacts['capabilities']>(['cpu-shares', 'docker']),
  });

const DHCP = { leasetime: '12h', start: 10, limit: 50 };

/** Interfaces by their name: some of them need a radio, a port or a network that may not be there. */
const anyInterface: fc.Arbitrary<readonly [string, JsonObject]> = fc.oneof(
  fc
    .record({ ssid: fc.constantFrom('one', 'two', 'three'), dhcp: fc.boolean() })
    .map(({ ssid, dhcp }): readonly [string, JsonObject] => [
      'wlan0',
      { type: 'wifi-ap', wireless: { ssid }, ...(dhcp && { dhcp: DHCP }) },
    ]),
  fc
    .record({ id: fc.constantFrom(10, 20), dhcp: fc.boolean() })
    .map(({ id, dhcp }): readonly [string, JsonObject] => [
      'vlan0',
      { type: 'vlan', 'vlan-id': id, ...(dhcp && { dhcp: DHCP }) },
    ]),
  fc.constant(['lan0', { type: 'lan', dhcp: DHCP }] as const),
);

const anyService = (name: string, runtime: Runtime): fc.Arbitrary<Service> =>
  fc
    .record({
      digest: fc.option(fc.constantFrom('a', 'b', 'c')),
      ports: fc.subarray([1000, 2000, 3000], { maxLength: 1 }),
      volume: fc.option(fc.constantFrom('data', 'uploads')),
      value: fc.constantFrom('1', '2'),
      image: fc.constantFrom(null, ...(runtime === 'docker' ? ['web:1', 'web:2'] : [])),
      isOnHost: fc.boolean(),
      fraction: fc.option(fc.constantFrom(0.1, 0.2), { freq: 1 }),
      interfaces:
        name === 'main'
          ? fc.array(anyInterface, { maxLength: 2 })
          : fc.constant([] as readonly (readonly [string, JsonObject])[]),
    })
    .map((given) =>
      service({
        ...(given.image === null ? { image: 'node' } : { type: 'image', image: given.image }),
        environment: { VALUE: given.value },
        needs: name === 'main' ? ['db'] : [],
        interfaces: Object.fromEntries(given.interfaces),
        ports: Object.fromEntries(given.ports.map((each) => [`${each}/tcp`, { internal: each }])),
        volumes: given.volume ? { '/data': { name: given.volume } } : {},
        ...(given.digest &&
          given.image === null && { source: { type: 'local', digest: digest(given.digest) } }),
        requests: {
          ...(given.isOnHost && { networkMode: 'host' }),
          ...(given.fraction !== null && given.value === '2' && { cpuFraction: given.fraction }),
        },
      }),
    );

const anyDefinition = (name: string, runtime: Runtime): fc.Arbitrary<Definition> =>
  fc
    .record({
      version: fc.integer({ min: 1, max: 3 }),
      names: fc.constantFrom(['main'], SERVICES),
      main: anyService('main', runtime),
      db: anyService('db', runtime),
      web: fc.option(fc.constantFrom(1000, 5000)),
      redirect: fc.boolean(),
      port: fc.constantFrom(9000, 9001, 9002),
    })
    .map(({ version, names, main, db, web, redirect, port: from }) => {
      const inside = Object.keys(main.interfaces)[0];
      const services = names.includes('db') ? { main, db } : { main: { ...main, needs: [] } };
      const rule = { type: 'redirect', from: `@host.lan:${from}`, to: `${inside}:80` };
      const firewall = redirect && inside !== undefined ? { web: rule } : {};
      const site = web === null ? {} : { web: { service: 'main', port: web } };
      return definition({ name, version, services, firewall, ...site });
    });

const anyRequest = (name: string, runtime: Runtime): fc.Arbitrary<ChuteRequest> =>
  fc.oneof(
    { weight: 4, arbitrary: anyDefinition(name, runtime).map((each) => ask('apply', each)) },
    { weight: 1, arbitrary: anyDefinition(name, runtime).map((each) => ask('update', each)) },
    {
      weight: 2,
      arbitrary: fc
        .constantFrom('start', 'stop', 'restart', 'delete')
        .map((operation) => ask(operation, name)),
    },
  );

const anyUpdate = (runtime: Runtime): fc.Arbitrary<readonly ChuteRequest[]> =>
  fc
    .subarray(CHUTES, { minLength: 1, maxLength: 2 })
    .chain((names) => fc.tuple(...names.map((name) => anyRequest(name, runtime))));

/** Whatever may be asked of a device, most of it possible, some of it refused. */
export const anyHistory: fc.Arbitrary<History> = fc
  .constantFrom<Runtime[]>('process', 'docker')
  .chain((runtime) =>
    fc.record({
      facts: anyFacts(runtime),
      updates: fc.array(anyUpdate(runtime), { minLength: 2, maxLength: 4 }),
      seed: fc.integer(),
    }),
  );

/** The same value with the keys of every object in another order. Pure. */
export function shuffled<T>(value: T, seed: number): T {
  const random = randomFrom(seed);
  const shuffle = (given: unknown): unknown => {
    if (Array.isArray(given)) return given.map(shuffle);
    if (given === null || typeof given !== 'object') return given;
    const entries = Object.entries(given).map(([key, each]) => ({
      at: random.next(),
      entry: [key, shuffle(each)],
    }));
    return Object.fromEntries(
      entries.toSorted((left, right) => left.at - right.at).map(({ entry }) => entry),
    );
  };
  return shuffle(value) as T;
}
