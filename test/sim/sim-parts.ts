import type { DiskJournal } from '../../journal/journal-disk.ts';
import type { ChuteEvent } from '../../src/core/events.ts';
import type { HostFacts } from '../../src/core/facts.ts';
import type { Planner } from '../../src/core/plan.ts';
import { PLANNERS } from '../../src/core/planners/all.ts';
import type { SimDevice } from '../../src/drivers/sim/device.ts';
import type { Asked } from '../../src/engine/asked.ts';
import type { OpenedJournal } from '../../src/engine/book.ts';
import { type Faults, parseFaults } from '../../src/engine/faults.ts';
import type { Host, ObservedService } from '../../src/engine/host.ts';
import type { Mortal } from './mortal.ts';
import type { Chapter } from './story.ts';

/** What a rendered file would hold in place of the mark: no record may. */
export const SECRET = 'hush-hush-hush';

/** The engine's eyes on a simulated device. */
export function simHost(device: SimDevice, facts: HostFacts, boot: string): Host {
  return {
    facts: async () => facts,
    observe: async (applied, chutes) =>
      chutes.flatMap((chute) =>
        Object.entries(applied.chutes[chute]?.services ?? {}).map(
          ([service, { state, instance }]): ObservedService => {
            const { processes, containers } = device.world;
            const live = [...processes, ...containers.filter((each) => each.state === 'running')];
            const found = live.find(({ mark }) => mark === instance?.mark);
            const evidence = { found: found !== undefined, boot };
            if (found && instance) return { chute, service, state: 'running', instance, evidence };
            const gone = state === 'running' ? 'exited' : state;
            return { chute, service, state: gone, instance: null, evidence };
          },
        ),
      ),
    keepSecret: async () => ({ $secret: 'kept' }),
    secret: async () => SECRET,
  };
}

/** Where a process may die, and what the disk refuses it. */
export function simFaults(
  mortal: Mortal,
  refuses: Chapter['refuses'],
  onEffect: () => void,
): Faults {
  let left = refuses?.left ?? -1;
  const refuse = (at: 'flush' | 'sync', code: string): void => {
    if (refuses?.at !== at) return;
    left -= 1;
    if (left === -1) throw Object.assign(new Error(`${code}: refused`), { code });
  };
  return {
    ...parseFaults(''),
    journal: {
      beforeFlush: () => {
        mortal.pass('before flush');
        refuse('flush', 'ENOSPC');
      },
      beforeSync: () => refuse('sync', 'EIO'),
      afterFlush: () => mortal.pass('after flush'),
    },
    beforeEffect: () => {
      mortal.pass('before effect');
      return 0;
    },
    afterEffect: () => {
      onEffect();
      mortal.pass('after effect');
    },
  };
}

/** A journal as the engine takes it. */
export function openedOf(journal: DiskJournal<ChuteEvent>): OpenedJournal {
  const cut = journal.opened.tailCut;
  return { journal, tailCut: cut && { bytes: cut.bytes, file: cut.file, offset: cut.offset } };
}

/** Planners that would plan otherwise, as a newer program's may. */
export const NEWER: readonly Planner[] = PLANNERS.map((planner) => ({
  ...planner,
  version: planner.version + 1,
}));

/** A request that wants nothing but to be through. */
export const PLAIN: Omit<Asked, 'chutes'> = {
  by: { user: 'root', role: 'owner', via: 'sim' },
  requestId: null,
  message: null,
  onInterrupt: 'resume',
  mode: 'queue',
  strict: false,
  allowDowngrade: true,
  allowQuarantined: true,
  origin: null,
};

/** Where every source of every story is found. */
export const SOURCES: Readonly<Record<string, { type: 'local'; path: string }>> =
  Object.fromEntries(
    ['a', 'b', 'c', 'd'].map((letter) => [
      `sha256:${letter.repeat(64)}`,
      { type: 'local', path: `/src/${letter}` },
    ]),
  );

/** Errors with which a process ends that a story asked for: the next one goes on. */
export const EXPECTED: ReadonlySet<string> = new Set([
  'RIPCORD_ENGINE_CLOSED',
  'RIPCORD_JOURNAL_FENCED',
  'RIPCORD_JOURNAL_READONLY',
  'RIPCORD_DISK_FULL',
]);
