import { hash as digest } from 'node:crypto';

import pino from 'pino';

import { type DiskJournal, openJournal } from '../../journal/journal-disk.ts';
import type { Recorded } from '../../journal/record.ts';
import { codeOf } from '../../src/core/errors.ts';
import type { ChuteEvent } from '../../src/core/events.ts';
import type { Planner } from '../../src/core/plan.ts';
import { PLANNERS } from '../../src/core/planners/all.ts';
import type { State } from '../../src/core/state.ts';
import { simDrivers } from '../../src/drivers/sim/all.ts';
import { SimDevice } from '../../src/drivers/sim/device.ts';
import { VirtualClock } from '../../src/drivers/sim/virtual-clock.ts';
import type { OpenedJournal } from '../../src/engine/book.ts';
import { Engine } from '../../src/engine/engine.ts';
import { Requests } from '../../src/engine/requests.ts';
import { resolveStep } from '../../src/engine/resolve.ts';
import { keysOf } from '../../src/library/root-journal.ts';
import { SimDisk } from '../journal/sim-disk.ts';
import { Mortal } from './mortal.ts';
import { EXPECTED, NEWER, openedOf, PLAIN, simFaults, simHost, SOURCES } from './sim-parts.ts';
import { type Chapter, type Chance, chanceFrom, type Story, storyOf, WAYS } from './story.ts';
import { chapterLine, recordLine, stackOf } from './telling.ts';

export const ROOT = '/sim';
const SEGMENT_BYTES = 32 * 1024;

const EPOCH_MS = Date.UTC(2026, 0, 1);

const sha256 = (text: string): string => digest('sha256', text, 'hex');
/** One for all processes: it takes long to set up. */
const SILENT = pino({ level: 'silent' });

/** One device from its first start to its last, whatever happens to it. */
export class Life {
  readonly seed: number;
  readonly story: Story;
  readonly violations: string[] = [];
  /** What was told to be durable: the hash of each record by its number. */
  readonly acknowledged = new Map<number, string>();
  readonly counts = { flushes: 0, deaths: 0, powerCuts: 0, effects: 0, settled: 0 };
  readonly #chance: Chance;
  readonly #tell: (line: string) => void;
  disk: SimDisk;
  device: SimDevice;
  #clock: VirtualClock;
  #boots = 1;
  #flushMs = 0;
  #planners: readonly Planner[] = PLANNERS;

  constructor(seed: number, tell: (line: string) => void) {
    this.seed = seed;
    this.story = storyOf(seed);
    this.#chance = chanceFrom(seed ^ 0x5bd1_e995);
    this.#tell = tell;
    this.disk = new SimDisk();
    this.disk.mkdirSync('/');
    this.disk.syncDirSync('/');
    this.#clock = new VirtualClock({ up: 5000, epochMs: EPOCH_MS });
    this.device = this.#deviceOf(new SimDevice({ sha256, seed }), null);
    const { world } = this.device;
    world.unwell.push(...this.story.unwell);
    world.directories['foreign'] = true;
    world.files['foreign/file'] = { hash: 'sha256:foreign', mode: 0o644 };
    world.loaded['foreign/file'] = 'sha256:foreign';
    world.processes.push({
      pid: 7,
      chute: 'foreign',
      service: 'main',
      mark: 'somebody else',
      spec: 'foreign',
      isEnding: false,
    });
  }

  /** Lets the whole story happen, then mends what broke and settles. */
  async live(): Promise<void> {
    for (const [at, chapter] of this.story.chapters.entries()) {
      this.#tell(chapterLine(at + 1, chapter));
      if (chapter.calendarMs !== 0) this.#calendar(chapter.calendarMs);
      this.device = this.#deviceOf(this.device, chapter);
      const { refuses, death } = chapter;
      this.#planners = chapter.newer ? NEWER : PLANNERS;
      await this.#process(new Mortal(death), refuses, async (engine, requests) => {
        await this.#happen(chapter, engine, requests);
      });
      if (chapter.ending === 'power cut') this.#cutPower();
    }
  }

  /** A last process without any faults brings everything to rest. Resolves with its state. */
  async settle(): Promise<State | null> {
    this.#tell('the last process');
    this.device = this.#deviceOf(this.device, null);
    this.device.world.unwell.length = 0;
    let settled: State | null = null;
    await this.#process(new Mortal(null), null, async (engine, requests) => {
      await engine.settle();
      await this.#resolveStuck(engine);
      await this.#heal(engine, requests);
      settled = engine.state;
      this.counts.settled += 1;
    });
    return settled;
  }

  async #happen(chapter: Chapter, engine: Engine, requests: Requests): Promise<void> {
    const begun: Promise<unknown>[] = [];
    const [first] = chapter.requests;
    if (chapter.closeAfterMs !== null) {
      const { closeAfterMs } = chapter;
      // What it throws is met again at the end of the process.
      const close = async (): Promise<void> => await engine.close('as the story says');
      void this.#clock
        .sleep(closeAfterMs)
        .then(close)
        .catch(() => undefined);
    }
    await engine.settle();
    for (const asked of chapter.requests) {
      const update = await requests.ask(asked);
      this.#tell(`asked: ${update.id ?? 'nothing to do'}`);
      const done = update.done.catch(() => undefined);
      begun.push(done);
      const { cancelAfterMs } = chapter;
      const { id } = update;
      if (asked === first && cancelAfterMs !== null && id !== null)
        void this.#clock
          .sleep(cancelAfterMs)
          .then(async () => await engine.turnAround(id, { by: asked.by }))
          .catch(() => undefined);
      if (!chapter.together) await done;
    }
    await Promise.all(begun);
  }

  /** A person undoes again what could not be undone, now that it can be. */
  async #resolveStuck(engine: Engine): Promise<void> {
    for (const { id, stuck } of Object.values(engine.state.updates))
      for (const { n, state } of stuck) {
        if (state !== 'failed') continue;
        this.#tell(`resolve ${id}.s${n} --as retry`);
        const by = { user: 'root', role: 'owner', via: 'sim' } as const;
        await resolveStep(engine, id, n, { as: 'retry', message: 'mended', by });
        await engine.settle();
      }
  }

  /** Services that a reboot ended, or that died, are started by applying what is applied. */
  async #heal(engine: Engine, requests: Requests): Promise<void> {
    for (const [chute, { definition, run }] of Object.entries(engine.state.applied.chutes)) {
      if (run !== 'running' || !definition) continue;
      const asked = {
        ...PLAIN,
        chutes: [{ chute, operation: 'apply' as const, definition, sources: SOURCES }],
      };
      const { done } = await requests.ask(asked);
      const { outcome } = await done;
      if (outcome !== 'committed' && outcome !== 'unchanged')
        this.violations.push(`healing ${chute} ended ${outcome}`);
    }
  }

  /** One process of the engine, from its start to its death or its end in good order. */
  async #process(
    mortal: Mortal,
    refuses: Chapter['refuses'],
    work: (engine: Engine, requests: Requests) => Promise<void>,
  ): Promise<void> {
    const lives = (async () => {
      const engine = await this.#open(mortal, refuses);
      try {
        await work(engine, new Requests(engine));
      } catch (error) {
        // What the disk refused, or an engine that was closed: the next process goes on.
        if (!EXPECTED.has(codeOf(error) ?? '')) throw error;
        this.#tell(`ends with ${codeOf(error)}`);
      }
      await engine.close('done').catch((error: unknown) => {
        if (!EXPECTED.has(codeOf(error) ?? '')) throw error;
      });
    })().catch((error: unknown) => {
      if (mortal.isDead || EXPECTED.has(codeOf(error) ?? '')) return;
      this.violations.push(`the process ended with ${String(error)} ${stackOf(error)}`);
    });
    await Promise.race([lives, mortal.died]);
    if (mortal.isDead) {
      this.counts.deaths += 1;
      this.#tell('killed');
    }
    // Whatever is left of it does nothing any more.
    mortal.die();
  }

  async #open(mortal: Mortal, refuses: Chapter['refuses']): Promise<Engine> {
    const clock = {
      boot: `boot-${this.#boots}`,
      now: this.#clock.now,
      up: this.#clock.up,
      sleep: this.#clock.sleep,
      // How busy this machine is must not be part of a story; how slow that disk is may be.
      stopwatch: () => (this.#flushMs += this.story.flushMs),
    };
    const engine = await Engine.open({
      root: ROOT,
      openJournal: async ({ onFlush, faults }) => {
        const journal = await openJournal<ChuteEvent>({
          root: ROOT,
          disk: mortal.disk(this.disk),
          clock,
          genesis: { runtime: this.story.facts.runtime, host: 'render' },
          create: true,
          command: 'sim',
          faults,
          keysOf,
          index: false,
          lock: async () => ({ release: async () => undefined }),
          reserve: { ballastBytes: 4096, freeBytes: () => 1e9 },
          segmentBytes: SEGMENT_BYTES,
          onFlush: (records) => {
            this.#flushed(records);
            onFlush(records);
          },
        });
        return this.#looked(journal);
      },
      drivers: mortal.drivers(simDrivers(this.device)),
      planners: this.#planners,
      host: mortal.host(simHost(this.device, this.story.facts, clock.boot)),
      clock: mortal.clock(clock),
      sha256,
      logger: SILENT,
      faults: simFaults(mortal, refuses, () => {
        this.counts.effects += 1;
      }),
      version: '0',
      command: 'sim',
      pid: 1,
    });
    return engine;
  }

  /** What a journal is found to be: a legal end of its process never looks like damage. */
  #looked(journal: DiskJournal<ChuteEvent>): OpenedJournal {
    const { damage, head } = journal;
    if (damage) this.violations.push(`the journal is damaged: ${damage.message}`);
    const last = Math.max(0, ...this.acknowledged.keys());
    if (head.seq < last) this.violations.push(`record ${last} was acknowledged and is lost`);
    const hash = this.acknowledged.get(head.seq);
    if (hash !== undefined && hash !== head.hash)
      this.violations.push(`record ${head.seq} is another one than was acknowledged`);
    return openedOf(journal);
  }

  #flushed(records: readonly Recorded<ChuteEvent>[]): void {
    this.counts.flushes += 1;
    for (const record of records) {
      this.acknowledged.set(record.seq, record.hash);
      this.#tell(recordLine(record));
    }
  }

  /** The device as it is, with the troubles of a chapter. */
  #deviceOf(device: SimDevice, chapter: Chapter | null): SimDevice {
    return new SimDevice({
      ...device.save(),
      sha256,
      time: { up: () => this.#clock.up(), sleep: (ms, signal) => this.#clock.sleep(ms, signal) },
      ...(chapter && {
        faults: chapter.faults,
        chance: { share: chapter.share, faults: WAYS },
      }),
    });
  }

  /** Nothing runs any more but what somebody else starts, and what was not synced is gone. */
  #cutPower(): void {
    this.#tell('power cut');
    this.counts.powerCuts += 1;
    this.disk = this.disk.crash(this.#chance.next);
    this.#boots += 1;
    const { world } = this.device;
    world.boot = `boot-${this.#boots}`;
    world.processes = world.processes.filter(({ chute }) => chute === 'foreign');
    // The engine of containers is back before us, and starts what it was told to keep.
    for (const container of world.containers)
      if (!container.isKept || container.isAside) container.state = 'stopped';
    this.#clock = new VirtualClock({ up: 3000, epochMs: Date.parse(this.#clock.now()) });
  }

  #calendar(ms: number): void {
    const up = this.#clock.up();
    const now = Date.parse(this.#clock.now());
    this.#clock = new VirtualClock({ up, epochMs: Math.max(0, now + ms) });
    this.device = this.#deviceOf(this.device, null);
  }
}
