import { hash } from 'node:crypto';

import pino from 'pino';

import type { Disk } from '../../journal/disk.ts';
import { openJournal } from '../../journal/journal-disk.ts';
import { machineClock } from '../../journal/machine-clock.ts';
import { type AppliedChute, NEW_CHUTE } from '../../src/core/applied.ts';
import type { Definition } from '../../src/core/chute.ts';
import type { Drivers } from '../../src/core/driver.ts';
import type { ChuteEvent } from '../../src/core/events.ts';
import type { HostFacts } from '../../src/core/facts.ts';
import { NO_NETWORK } from '../../src/core/network.ts';
import type { Planner } from '../../src/core/plan.ts';
import { UPCASTERS } from '../../src/core/upcasters.ts';
import { chuteSave } from '../../src/drivers/chute-save.ts';
import type { Said } from '../../src/engine/asked.ts';
import { Engine } from '../../src/engine/engine.ts';
import { Requests } from '../../src/engine/requests.ts';
import { askedOf } from '../../src/library/asked.ts';
import { defineDriver, definePlanner } from '../../src/library/define.ts';
import { keysOf } from '../../src/library/root-journal.ts';
import { systemClock } from '../../src/library/system-clock.ts';

/** An engine on a real root, whose steps do nothing: all that is left is what every step costs. */
export type NoOpEngine = { readonly engine: Engine; readonly requests: Requests };

export type NoOpOptions = {
  readonly root: string;
  /** Steps of each update, each needing the one before. */
  readonly steps: number;
  /** Called by the first step of each update. */
  readonly atFirst?: () => Promise<void>;
  readonly disk?: Disk;
};

/** Opens (or makes) a root with an engine of no-op drivers. On disk as any other. */
export async function openNoOp(options: NoOpOptions): Promise<NoOpEngine> {
  const { root, disk } = options;
  const engine = await Engine.open({
    root,
    openJournal: async ({ onFlush, faults }) => {
      const journal = await openJournal<ChuteEvent>({
        root,
        clock: machineClock(),
        create: true,
        command: 'bench',
        onFlush,
        faults,
        upcasters: UPCASTERS,
        keysOf,
        ...(disk && { disk }),
      });
      return { journal, tailCut: null };
    },
    drivers: driversOf(options),
    planners: [plannerOf(options)],
    host: {
      facts: async () => FACTS,
      observe: async () => [],
      secret: async () => '',
      keepSecret: async () => ({ $secret: 'kept' }),
    },
    clock: systemClock(),
    sha256: (text) => hash('sha256', text),
    logger: pino({ level: 'silent' }),
    version: '0',
    command: 'bench',
    pid: process.pid,
  });
  return { engine, requests: new Requests(engine) };
}

function driversOf({ atFirst }: NoOpOptions): Drivers {
  return {
    'bench.step@1': defineDriver<{ n: number }, null, null>({
      idempotent: true,
      run: async (_context, { n }) => {
        if (n === 1) await atFirst?.();
        return { result: null };
      },
    }),
    'chute.save@1': chuteSave,
  };
}

function plannerOf({ steps }: NoOpOptions): Planner {
  return definePlanner({
    name: 'bench',
    version: 1,
    plan: ({ chute, desired }) => {
      const chain = Array.from({ length: steps }, (_, index) => ({
        id: `${chute}/step-${index + 1}`,
        phase: 50,
        kind: 'bench.step@1',
        args: { n: index + 1 },
        title: `step ${index + 1} of ${steps}`,
        ...(index > 0 && { needs: [`${chute}/step-${index}`] }),
      }));
      const definition = desired?.definition ?? null;
      const value: AppliedChute = { ...NEW_CHUTE, definition, run: 'running' };
      const save = {
        id: `${chute}/save`,
        phase: 95,
        kind: 'chute.save@1' as const,
        args: { chute, patch: [{ op: 'add' as const, path: `/chutes/${chute}`, value }] },
        title: 'save',
      };
      return { steps: [...chain, save] };
    },
  });
}

/** A request for a chute that the no-op planner makes steps for. */
export function askFor(chute: string, version: number): Said {
  const definition: Definition = {
    name: chute,
    version,
    environment: {},
    services: {},
    firewall: {},
  };
  const by = { user: 'bench', role: 'owner', via: 'bench' };
  return askedOf([{ chute, operation: 'apply', definition, sources: {} }], { by });
}

const FACTS: HostFacts = {
  runtime: 'process',
  host: 'render',
  hostname: 'bench',
  cpus: 1,
  memoryMiB: 1024,
  diskMiB: 8192,
  portsTaken: {},
  network: NO_NETWORK,
  capabilities: [],
};
