import { createHash } from 'node:crypto';

import pino from 'pino';

import type { Applied } from '../../src/core/applied.ts';
import { AssertionError } from '../../src/core/assert.ts';
import type { Definition } from '../../src/core/chute.ts';
import type { AnyDriver, Drivers } from '../../src/core/driver.ts';
import type { HostFacts } from '../../src/core/facts.ts';
import type { Json } from '../../src/core/json.ts';
import { NO_NETWORK } from '../../src/core/network.ts';
import type { Planner } from '../../src/core/plan.ts';
import type { Asked } from '../../src/engine/asked.ts';
import type { Clock } from '../../src/engine/clock.ts';
import { Engine } from '../../src/engine/engine.ts';
import { type Faults, parseFaults } from '../../src/engine/faults.ts';
import type { ObservedService } from '../../src/engine/host.ts';
import { Requests } from '../../src/engine/requests.ts';
import { arrayJournal, type CrashPoint, Shelf } from './array-journal.ts';

export const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

/** Where a process dies: at an append, or at the Kth call of a driver's run or undo. */
export type Death = CrashPoint | { readonly effect: number; readonly when: 'before' | 'after' };

/** A device in memory that keeps a ledger of what was done to it, so that "twice" is noticed. */
export class World {
  readonly things = new Map<string, string>();
  readonly ledger: string[] = [];
  readonly shelf = new Shelf();
  effects = 0;
  /** What is seen of the services of these chutes. */
  observe: (applied: Applied, chutes: readonly string[]) => readonly ObservedService[] = () => [];
  /** What planners are told that the host can do. */
  capabilities: HostFacts['capabilities'] = [];
  /** Called in every put, before its effect. */
  pause: (name: string, signal: AbortSignal) => Promise<void> = async () => undefined;

  /** The story of the journal, one word an event: `step.succeeded hello/a`. */
  get story(): readonly string[] {
    return this.shelf.records.map((event) =>
      'step' in event && typeof event.step === 'string'
        ? `${event.type} ${event.step}`
        : event.type,
    );
  }

  async engine({
    faults = '',
    planners = [things],
    death = null,
    driven = (drivers) => drivers,
  }: {
    readonly faults?: string;
    readonly planners?: readonly Planner[];
    readonly death?: Death | null;
    /** Changes the drivers of this engine. */
    readonly driven?: (drivers: Drivers) => Drivers;
  } = {}): Promise<{ engine: Engine; requests: Requests }> {
    const { shelf } = this;
    const engine = await Engine.open({
      root: '/nowhere',
      openJournal: async ({ onFlush }) => ({
        journal: arrayJournal(shelf, onFlush, death && 'append' in death ? death : null),
        tailCut: null,
      }),
      drivers: driven(this.#drivers()),
      planners,
      host: {
        facts: async () => ({ ...FACTS, capabilities: this.capabilities }),
        observe: async (applied, chutes) => this.observe(applied, chutes),
        secret: async () => 'secret',
        keepSecret: async () => ({ $secret: 'kept' }),
      },
      clock: clockOf(shelf),
      sha256,
      logger: pino({ level: 'silent' }),
      faults: this.#faults(faults, death && 'effect' in death ? death : null),
      version: '0',
      command: 'test',
      pid: 1,
    });
    return { engine, requests: new Requests(engine) };
  }

  #faults(text: string, death: Extract<Death, { effect: number }> | null): Faults {
    const faults = parseFaults(text);
    let effects = 0;
    const dies = (when: 'before' | 'after', effect: number): void => {
      if (death?.when !== when || effect !== death.effect) return;
      this.shelf.generation += 1;
      throw new AssertionError('the process died here');
    };
    return {
      ...faults,
      beforeEffect: () => {
        effects += 1;
        this.effects += 1;
        dies('before', effects);
        return effects;
      },
      afterEffect: (effect) => dies('after', effect),
    };
  }

  #drivers(): Drivers {
    const put: AnyDriver = {
      prepare: async (_context, args) => ({ before: this.things.get(nameOf(args)) ?? null }),
      run: async (context, args) => {
        await this.pause(nameOf(args), context.signal);
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
      interfaces: {},
      redirects: [],
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

const FACTS: HostFacts = {
  runtime: 'process',
  host: 'render',
  hostname: 'test',
  cpus: 1,
  memoryMiB: 1024,
  diskMiB: 8192,
  portsTaken: {},
  network: NO_NETWORK,
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

/** Delays between attempts pass at once; a step's own deadline never passes. */
function clockOf(shelf: Shelf): Clock {
  return {
    now: () => new Date(1_700_000_000_000 + shelf.up).toISOString(),
    up: () => shelf.up++,
    boot: shelf.boot,
    sleep: async (ms, signal) => {
      if (ms < 5000) return;
      await new Promise((_resolve, reject) => {
        signal?.addEventListener('abort', () => reject(new Error('stopped')), { once: true });
      });
    },
  };
}
