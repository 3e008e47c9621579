import { readFileSync } from 'node:fs';

import type { Definition } from '../../src/core/chute.ts';
import type { ChuteRequest } from '../../src/core/events.ts';
import { parseFacts } from '../../src/core/facts-schema.ts';
import { CAPABILITIES, type HostFacts } from '../../src/core/facts.ts';
import type { JsonObject } from '../../src/core/json.ts';
import type { SimFault } from '../../src/drivers/sim/faults.ts';
import { type Random, randomFrom } from '../../src/drivers/sim/random.ts';
import type { Asked } from '../../src/engine/asked.ts';
import { ask, definition, digest, service } from '../core/plan-model.ts';
import { PLAIN } from './sim-parts.ts';

/** What goes on while one process of the engine lives. */
export type Chapter = {
  readonly requests: readonly Asked[];
  /** Whether the second request comes while the first is on its way. */
  readonly together: boolean;
  /** Milliseconds after which the first update is cancelled; null: it is not. */
  readonly cancelAfterMs: number | null;
  /** Milliseconds after which the engine is closed in good order; null: when all is done. */
  readonly closeAfterMs: number | null;
  /** Where the process is killed: at the so-manieth flush, effect or disk operation. */
  readonly death: { readonly at: string; readonly left: number } | null;
  /** What the end of the process comes with. */
  readonly ending: 'restart' | 'power cut';
  /** What the disk refuses: the so-manieth flush or sync. */
  readonly refuses: { readonly at: 'flush' | 'sync'; readonly left: number } | null;
  readonly faults: readonly SimFault[];
  /** Of all calls of drivers, this share fails in some way. */
  readonly share: number;
  /** The calendar jumps by so much before it. */
  readonly calendarMs: number;
  /** Whether it is a newer program, whose planners would plan otherwise. */
  readonly newer: boolean;
};

/** Everything that happens to one device, from its seed alone. */
export type Story = {
  readonly facts: HostFacts;
  readonly chapters: readonly Chapter[];
  /** Services that never answer well. */
  readonly unwell: readonly string[];
  /** How long each flush takes by the stopwatch: slow ones go to the thread pool. */
  readonly flushMs: number;
};

const CHUTES = ['alpha', 'beta', 'gamma'] as const;
const DEATHS = [
  'before flush',
  'after flush',
  'after flush',
  'before effect',
  'after effect',
  'after effect',
  'disk',
] as const;

/** Ways in which a driver can fail a call; how often each is chosen is how often it is named. */
export const WAYS: readonly Omit<SimFault, 'steps' | 'times'>[] = [
  { on: 'run', when: 'before', answer: 'transient' },
  { on: 'run', when: 'before', answer: 'permanent' },
  { on: 'run', when: 'after', answer: 'unknown' },
  { on: 'run', when: 'after', answer: 'hang' },
  { on: 'run', when: 'before', answer: 'hang' },
  { on: 'run', when: 'partway', answer: 'unknown', parts: 1 },
  { on: 'run', when: 'after', answer: 'transient' },
  { on: 'undo', when: 'before', answer: 'transient' },
  { on: 'undo', when: 'after', answer: 'unknown' },
  { on: 'undo', when: 'partway', answer: 'transient', parts: 1 },
];

/** The story of a seed. Pure. */
export function storyOf(seed: number): Story {
  const chance = chanceFrom(seed);
  const versions = new Map<string, number>();
  // Most stories are short: two of three faults meet in the first updates of a device.
  const count = chance.is(0.7) ? 1 + chance.below(2) : 2 + chance.below(5);
  const chapters = Array.from({ length: count }, () => chapterOf(chance, versions));
  const unwell = chance.is(0.15) ? [`${chance.of(CHUTES)}/main`] : [];
  // By the seed and not by chance: what was found before stays what it was.
  const inContainers = seed % 4 === 3;
  const flushMs = chance.is(0.2) ? 2 : 0;
  return { facts: inContainers ? { ...FACTS, ...CONTAINERS } : FACTS, chapters, unwell, flushMs };
}

function chapterOf(chance: Chance, versions: Map<string, number>): Chapter {
  const requests = Array.from({ length: 1 + chance.below(3) }, () => requestOf(chance, versions));
  const kind = chance.next();
  return {
    requests,
    newer: chance.is(0.2),
    together: chance.is(0.4),
    cancelAfterMs: chance.is(0.12) ? chance.below(4000) : null,
    closeAfterMs: chance.is(0.1) ? chance.below(4000) : null,
    death: kind < 0.55 ? { at: chance.of(DEATHS), left: chance.below(40) } : null,
    ending: chance.is(0.35) ? 'power cut' : 'restart',
    refuses: chance.is(0.08)
      ? { at: chance.of(['flush', 'sync'] as const), left: chance.below(25) }
      : null,
    faults: chance.is(0.25) ? [faultOf(chance)] : [],
    share: chance.is(0.3) ? chance.of([0.02, 0.1, 0.3] as const) : 0,
    calendarMs: chance.is(0.1) ? chance.of([-86_400_000, 3_600_000, 900_000_000] as const) : 0,
  };
}

/** One fault that goes for one kind of step: also for undos, and then it may end stuck. */
function faultOf(chance: Chance): SimFault {
  const steps = chance.of([
    'process.start',
    'process.stop',
    'release.fetch',
    'release.switch',
    'volume.create',
    'config.write',
    'config.reload',
    'gate.check',
    'alpha/*',
  ] as const);
  const way = chance.of(WAYS);
  if (chance.is(0.3)) return { ...way, steps };
  return { ...way, steps, times: 1 + chance.below(6) };
}

function requestOf(chance: Chance, versions: Map<string, number>): Asked {
  if (chance.is(0.08)) return hostRequestOf(chance);
  const names = CHUTES.filter(() => chance.is(0.45));
  const chosen = names.length > 0 ? names : [chance.of(CHUTES)];
  return {
    chutes: chosen.map((chute) => chuteRequestOf(chance, chute, versions)),
    by: { user: 'root', role: 'owner', via: 'sim' },
    requestId: null,
    message: null,
    onInterrupt: chance.is(0.3) ? 'rollback' : 'resume',
    mode: chance.of(['refuse', 'queue', 'queue', 'supersede'] as const),
    strict: false,
    allowDowngrade: true,
    allowQuarantined: chance.is(0.5),
    origin: null,
    ...(chosen.length > 1 && chance.is(0.2) && { perChute: true }),
  };
}

/** Another configuration of the device itself. */
function hostRequestOf(chance: Chance): Asked {
  const value = chance.of(['192.168.2.1', '192.168.3.1'] as const);
  const patch = chance.of([
    [{ op: 'add', path: '/lan/ipaddr', value }],
    [{ op: 'add', path: '/system/allowMonitorMode', value: chance.is(0.5) }],
    [{ op: 'add', path: '/system/chutePrefixSize', value: 25 }],
  ] as const);
  return {
    ...PLAIN,
    chutes: [],
    host: { operation: 'patch', config: null, patch },
    onInterrupt: chance.is(0.3) ? 'rollback' : 'resume',
  };
}

const OPERATIONS = [
  'apply',
  'apply',
  'apply',
  'apply',
  'start',
  'stop',
  'restart',
  'delete',
] as const;

function chuteRequestOf(
  chance: Chance,
  chute: string,
  versions: Map<string, number>,
): ChuteRequest {
  const operation = chance.of(OPERATIONS);
  if (operation === 'delete') return ask('delete', chute, chance.is(0.5) ? { purge: true } : {});
  if (operation !== 'apply') return ask(operation, chute);
  const version = (versions.get(chute) ?? 0) + (chance.is(0.8) ? 1 : 0);
  versions.set(chute, Math.max(1, version));
  return ask('apply', definitionOf(chance, chute, Math.max(1, version)));
}

function definitionOf(chance: Chance, name: string, version: number): Definition {
  const port = `${18_080 + chance.below(4)}/tcp`;
  const has = (share: number): boolean => chance.is(share);
  const main = service({
    image: 'node',
    source: { type: 'local', digest: digest(chance.of(['a', 'b', 'c'] as const)) },
    environment: {
      LEVEL: chance.of(['info', 'debug'] as const),
      ...(has(0.2) ? { KEY: { $secret: 'one' } } : {}),
    },
    ports: has(0.5) ? { [port]: { internal: Number.parseInt(port, 10) } } : {},
    requests: has(0.25) ? { cpuFraction: chance.of([0.1, 0.3, 0.5] as const) } : {},
    volumes: has(0.4) ? { '/data': { name: chance.of(['data', 'more'] as const) } } : {},
    interfaces: has(0.4) ? { net: interfaceOf(chance, name) } : {},
  });
  const side = service({
    image: 'node',
    source: { type: 'local', digest: digest(chance.of(['a', 'd'] as const)) },
    needs: ['main'],
    requests: has(0.3) ? { memory: 64 * 1024 * 1024 } : {},
  });
  return definition({
    name,
    version,
    services: { main, ...(has(0.3) && { side }) },
    firewall: {},
  });
}

function interfaceOf(chance: Chance, name: string): JsonObject {
  const dhcp = { leasetime: '12h', start: 10, limit: 50, dns: [], relay: [] };
  const served = chance.is(0.6) ? { dhcp } : {};
  const wireless = { ssid: `${name}-${chance.below(3)}`, key: { $secret: 'one' } };
  return chance.of([
    { type: 'vlan', 'vlan-id': chance.of([10, 11] as const), ...served },
    { type: 'wifi-ap', wireless, ...served },
    { type: 'lan', ...served },
    { type: 'wifi-monitor' },
  ]);
}

const CONTAINERS: Partial<HostFacts> = { runtime: 'docker', capabilities: CAPABILITIES };

/** The example of a gateway that has some of everything. */
const FACTS = factsOf(
  JSON.parse(
    readFileSync(
      new URL('../../docs/examples/facts/two-radio-router.json', import.meta.url),
      'utf8',
    ),
  ) as object,
);

function factsOf(value: object): HostFacts {
  const read = parseFacts(value);
  if ('facts' in read) return read.facts;
  throw new Error(JSON.stringify(read));
}

/** Choices from a stream of numbers. */
export type Chance = {
  readonly next: () => number;
  readonly below: (limit: number) => number;
  readonly is: (share: number) => boolean;
  readonly of: <T>(choices: readonly T[]) => T;
};

export function chanceFrom(seed: number): Chance {
  const { next }: Random = randomFrom(seed);
  const below = (limit: number): number => Math.floor(next() * limit);
  return {
    next,
    below,
    is: (share) => next() < share,
    of: <T>(choices: readonly T[]): T => choices[below(choices.length)] as T,
  };
}
