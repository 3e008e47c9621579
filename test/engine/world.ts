import { createHash } from 'node:crypto';

import pino from 'pino';

import type { Journal, JournalFaults } from '../../journal/journal.ts';
import { memoryJournal } from '../../journal/memory.ts';
import type { Recorded } from '../../journal/record.ts';
import type { Definition } from '../../src/core/chute.ts';
import type { AnyDriver, Drivers } from '../../src/core/driver.ts';
import type { ChuteEvent } from '../../src/core/events.ts';
import type { HostFacts } from '../../src/core/facts.ts';
import type { Json } from '../../src/core/json.ts';
import type { Planner } from '../../src/core/plan.ts';
import { Engine } from '../../src/engine/engine.ts';
import { type Faults, NO_FAULTS } from '../../src/engine/faults.ts';
import { type Asked, Requests } from '../../src/engine/requests.ts';

export const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

/** A crash in the test: thrown where the process would have died. */
export class Crash extends Error {}

/** A device in memory that keeps a ledger of what was done to it, so that "twice" is noticed. */
export class World {
  readonly things = new Map<string, string>();
  readonly ledger: string[] = [];
  journal: Journal<ChuteEvent> | null = null;
  onFlush: (records: readonly Recorded<ChuteEvent>[]) => void = () => undefined;
  journalFaults: JournalFaults = {};
  up = 1000;

  /** A journal that outlives an engine, as the disk would. */
  readonly #held: Journal<ChuteEvent> = memoryJournal<ChuteEvent>({
    clock: {
      now: () => new Date(1_700_000_000_000 + this.up).toISOString(),
      up: () => this.up++,
      boot: 'b1',
    },
    faults: {
      beforeFlush: () => this.journalFaults.beforeFlush?.(),
      beforeSync: () => this.journalFaults.beforeSync?.(),
      afterFlush: () => this.journalFaults.afterFlush?.(),
    },
    onFlush: (records) => this.onFlush(records),
    keysOf: (event) => ('update' in event ? { update: event.update } : {}),
  });

  get events(): Promise<readonly Recorded<ChuteEvent>[]> {
    return collect(this.#held.read());
  }

  /** The story of the journal, one word an event: `step.succeeded hello/a`. */
  async story(): Promise<readonly string[]> {
    return (await this.events).map((event) =>
      'step' in event && typeof event.step === 'string'
        ? `${event.type} ${event.step}`
        : event.type,
    );
  }

  async engine(
    options: { faults?: Faults; drivers?: Drivers; planners?: Planner[] } = {},
  ): Promise<{
    engine: Engine;
    requests: Requests;
  }> {
    const held = this.#held;
    const engine = await Engine.open({
      root: '/nowhere',
      openJournal: async ({ onFlush, faults }) => {
        this.onFlush = onFlush;
        this.journalFaults = faults;
        // Closing the engine must not end what stands for the disk.
        const journal = new Proxy(held, {
          get: (target, key) => {
            if (key === 'close') return async () => undefined;
            const value: unknown = Reflect.get(target, key, target);
            return typeof value === 'function' ? value.bind(target) : value;
          },
        });
        return { journal, tailCut: null };
      },
      drivers: options.drivers ?? this.drivers(),
      planners: options.planners ?? [things],
      host: { facts: async () => FACTS, observe: async () => [], secret: async () => 'secret' },
      clock: {
        now: () => new Date(1_700_000_000_000 + this.up).toISOString(),
        up: () => this.up++,
        boot: 'b1',
        sleep: async (_ms, signal) => {
          // A step's own deadline never passes here; delays between attempts pass at once.
          if (_ms < 5000) return;
          await new Promise((_resolve, reject) =>
            signal?.addEventListener('abort', () => reject(new Error('stopped')), { once: true }),
          );
        },
      },
      sha256,
      logger: pino({ level: 'silent' }),
      faults: options.faults ?? NO_FAULTS,
      version: '0',
      command: 'test',
      pid: 1,
    });
    return { engine, requests: new Requests(engine) };
  }

  drivers(): Drivers {
    const put: AnyDriver = {
      prepare: async (_context, args) => ({ before: this.things.get(nameOf(args)) ?? null }),
      run: async (context, args) => {
        this.ledger.push(`put ${nameOf(args)}`);
        this.things.set(nameOf(args), context.mark);
        return { result: null };
      },
      probe: async (context, args) =>
        this.things.get(nameOf(args)) === context.mark
          ? { state: 'done', evidence: 'marked', done: { result: null } }
          : { state: 'not-done', evidence: 'absent' },
      undo: async (_context, args, undo) => {
        this.ledger.push(`unput ${nameOf(args)}`);
        const { before } = undo as { before: string | null };
        if (before === null) this.things.delete(nameOf(args));
        else this.things.set(nameOf(args), before);
      },
    };
    const save: AnyDriver = {
      effect: false,
      run: async (_context, args) => ({ result: null, patch: (args as { patch: never }).patch }),
    };
    return { 'thing.put@1': put, 'chute.save@1': save };
  }
}

const nameOf = (args: Json): string => (args as { name: string }).name;

/** Puts one thing per environment variable, each after the one before. */
export const things: Planner = {
  name: 'things',
  version: 1,
  plan: ({ chute, desired, before }) => {
    const names = Object.keys(desired?.definition.environment ?? {});
    const puts = names.map((name, index) => ({
      id: `${chute}/${name.toLowerCase()}`,
      phase: 50,
      kind: 'thing.put@1',
      args: { name: `${chute}/${name}` },
      title: `put ${name}`,
      retries: 1,
      ...(index > 0 && { needs: [`${chute}/${(names[index - 1] ?? '').toLowerCase()}`] }),
    }));
    const applied = {
      definition: desired?.definition ?? null,
      run: 'running' as const,
      services: { main: { state: 'running' as const, spec: null, instance: null } },
      releases: {},
      volumes: {},
    };
    const save = {
      id: `${chute}/save`,
      phase: 95,
      kind: 'chute.save@1' as const,
      args: {
        chute,
        patch: [
          {
            op: before ? ('replace' as const) : ('add' as const),
            path: `/chutes/${chute}`,
            value: applied,
          },
        ],
      },
      title: 'save',
    };
    return { steps: [...puts, save] };
  },
};

export const FACTS: HostFacts = {
  runtime: 'process',
  host: 'render',
  hostname: 'test',
  cpus: 1,
  memoryMiB: 1024,
  portsTaken: {},
  capabilities: [],
};

export function definition(name: string, version: number, names: readonly string[]): Definition {
  return {
    name,
    version,
    environment: Object.fromEntries(names.map((each) => [each, String(version)])),
    services: {
      main: {
        type: 'light',
        environment: {},
        interfaces: {},
        ports: {},
        volumes: {},
        requests: {},
        dns: [],
        needs: [],
        stop: { signal: 'SIGTERM', graceMs: 1000 },
      },
    },
    firewall: {},
  };
}

export function asked(...definitions: readonly Definition[]): Asked {
  return {
    chutes: definitions.map((each) => ({
      chute: each.name,
      operation: 'apply',
      definition: each,
      sources: {},
    })),
    by: { user: 'root', role: 'owner', via: 'test' },
    requestId: null,
    message: null,
    onInterrupt: 'resume',
    mode: 'refuse',
    strict: false,
    allowDowngrade: false,
    allowQuarantined: false,
    origin: null,
  };
}

export async function collect<T>(items: AsyncIterable<T>): Promise<readonly T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}
