import { join } from 'node:path';

import { countingDisk } from './counting-disk.ts';
import { foldFlushArm } from './fold-cost.ts';
import { makeHistory, recordsOf } from './history.ts';
import { foldArm, nodeArm, openArm, residentArm, statusArm, verifyArm } from './journal-arms.ts';
import { installArm, planArm, planBytes } from './plan-cost.ts';
import { alternate, median, ratio } from './rounds.ts';
import { bareFloorArm, engineArm, floorArm, levelArm } from './step-arms.ts';

/** One measurement of everything; the form of `--json` is part of it. */
export type Figures = {
  readonly oneLane: {
    readonly perSecond: number;
    /** Null where the floor is not measurable. */
    readonly ofFloor: number | null;
    readonly ofLevel: number | null;
  };
  readonly sixteenLanes: { readonly ofOneLane: number };
  readonly flushesPerStep: number;
  readonly foldPerSecond: number;
  readonly verifyPerSecond: number;
  readonly open100kOfEmpty: number;
  readonly statusOfNode: number;
  readonly rssMiB: number;
  /** What planning one change among 1,000 chutes costs, of what it costs among 10. */
  readonly plan1000Of10: number;
  /** The same where every chute has a network of its own. */
  readonly networks1000Of10: number;
  /** The same where the ruleset and the list of links change, which all share. */
  readonly rules1000Of10: number;
  /** The same on OpenWrt, where all share the file of leases. */
  readonly leases1000Of10: number;
  /** What planning the installation of 1,000 chutes in one update costs, of what that of 100 costs. */
  readonly install1000Of100: number;
};

/** What is printed besides. */
export type Details = {
  readonly stepUs: Readonly<Record<keyof StepTimes, number>>;
  readonly openMs: Readonly<Record<string, number>>;
  readonly nodeMs: number;
  readonly statusMs: number;
  /** Microseconds to fold a flush, by the update's steps and whether `applied` changes with it. */
  readonly foldFlushUs: Readonly<Record<'few' | 'many' | 'fewMoves' | 'manyMoves', number>>;
  /** Microseconds to plan one change of one chute among 10 and among 1,000: see `planTimes`. */
  readonly planUs: Readonly<Record<keyof PlanTimes, number>>;
  /** What a plan that changes the shared files gives the journal to hold, in bytes. */
  readonly planBytes: { readonly few: number; readonly many: number };
  /** What folding a flush costs in an update of 5,000 steps, of what it costs in one of 10. */
  readonly foldFlush5000Of10: number;
};

type PlanTimes = Awaited<ReturnType<typeof planTimes>>;
type StepTimes = Awaited<ReturnType<typeof stepTimes>>;

const STEPS = 1000;
/** Faster than any device that keeps its word: a file system in memory. */
const FLOOR_PER_SECOND_MAX = 30_000;

export async function takeFigures(
  directory: string,
  rounds: number,
  say: (text: string) => void,
): Promise<{ readonly figures: Figures; readonly details: Details }> {
  say(`durable steps: engine, floor, level and 16 lanes in turn, ${rounds} rounds`);
  const steps = await stepTimes(directory, rounds);
  const isMeasurable = 1e6 / median(steps.floor) <= FLOOR_PER_SECOND_MAX;
  say('flushes of one update');
  const flushes = countingDisk();
  await engineArm(join(directory, 'counted'), { lanes: 1, steps: STEPS, disk: flushes });
  say('fold, verify and open');
  const journals = await journalTimes(directory, rounds);
  say('start of the command line, memory');
  const root = join(directory, 'step-0-one');
  const starts = await alternate(rounds, { node: nodeArm, status: () => statusArm(root) });
  const flush = await alternate(rounds, {
    few: () => foldFlushArm(10, false),
    many: () => foldFlushArm(5000, false),
    fewMoves: () => foldFlushArm(10, true),
    manyMoves: () => foldFlushArm(5000, true),
  });
  say('one change among 10 chutes and among 1,000');
  const plans = await planTimes(rounds);
  const figures = {
    oneLane: {
      perSecond: Math.round(1e6 / median(steps.one)),
      ofFloor: isMeasurable ? rounded(ratio(steps.floor, steps.one)) : null,
      ofLevel: isMeasurable ? rounded(ratio(steps.level, steps.one)) : null,
    },
    sixteenLanes: { ofOneLane: rounded(ratio(steps.one, steps.sixteen)) },
    flushesPerStep: flushes.flushes() / STEPS,
    foldPerSecond: Math.round(journals.foldPerSecond),
    verifyPerSecond: Math.round(journals.verifyPerSecond),
    open100kOfEmpty: rounded(journals.open100kOfEmpty),
    statusOfNode: rounded(ratio(starts.status, starts.node)),
    rssMiB: Math.round(residentArm(journals.root)),
    plan1000Of10: rounded(ratio(plans.many, plans.few)),
    networks1000Of10: rounded(ratio(plans.manyNetworks, plans.fewNetworks)),
    rules1000Of10: rounded(ratio(plans.manyRules, plans.fewRules)),
    leases1000Of10: rounded(ratio(plans.manyLeases, plans.fewLeases)),
    install1000Of100: rounded(ratio(plans.manyInstalls, plans.fewInstalls)),
  };
  const details = {
    stepUs: {
      bare: median(steps.bare),
      floor: median(steps.floor),
      level: median(steps.level),
      one: median(steps.one),
      sixteen: median(steps.sixteen),
    },
    openMs: journals.openMs,
    nodeMs: median(starts.node),
    statusMs: median(starts.status),
    foldFlushUs: {
      few: median(flush.few),
      many: median(flush.many),
      fewMoves: median(flush.fewMoves),
      manyMoves: median(flush.manyMoves),
    },
    planUs: {
      few: median(plans.few),
      many: median(plans.many),
      fewNetworks: median(plans.fewNetworks),
      manyNetworks: median(plans.manyNetworks),
      fewRules: median(plans.fewRules),
      manyRules: median(plans.manyRules),
      fewLeases: median(plans.fewLeases),
      manyLeases: median(plans.manyLeases),
      fewInstalls: median(plans.fewInstalls),
      manyInstalls: median(plans.manyInstalls),
    },
    planBytes: { few: planBytes(10, 'vlan', true), many: planBytes(1000, 'vlan', true) },
    foldFlush5000Of10: rounded(ratio(flush.many, flush.few)),
  };
  return { figures, details };
}

/**
 * The environment of one chute changes, on a device without networks and on one where every chute has
 * its own; and then what is in files that all of them share. Then many come at once.
 */
async function planTimes(rounds: number) {
  return await alternate(rounds, {
    few: () => planArm(10, 'environment', false),
    many: () => planArm(1000, 'environment', false),
    fewNetworks: () => planArm(10, 'environment', true),
    manyNetworks: () => planArm(1000, 'environment', true),
    fewRules: () => planArm(10, 'vlan', true),
    manyRules: () => planArm(1000, 'vlan', true),
    fewLeases: () => planArm(10, 'leases', true),
    manyLeases: () => planArm(1000, 'leases', true),
    fewInstalls: () => installArm(100),
    manyInstalls: () => installArm(1000),
  });
}

async function stepTimes(directory: string, rounds: number) {
  const place = (round: number, arm: string): string => join(directory, `step-${round}-${arm}`);
  return await alternate(rounds, {
    floor: () => floorArm(directory, STEPS),
    one: async (round) => await engineArm(place(round, 'one'), { lanes: 1, steps: STEPS }),
    level: async (round) => await levelArm(place(round, 'level'), STEPS),
    bare: () => bareFloorArm(directory, STEPS),
    sixteen: async (round) => await engineArm(place(round, 'sixteen'), { lanes: 16, steps: STEPS }),
  });
}

async function journalTimes(directory: string, rounds: number) {
  const roots = {
    empty: await makeHistory(directory, 0, false),
    '1,000': await makeHistory(directory, 1000, false),
    '1,000, snapshot': await makeHistory(directory, 1000, true),
    '10,000': await makeHistory(directory, 10_000, false),
    '10,000, snapshot': await makeHistory(directory, 10_000, true),
    '100,000': await makeHistory(directory, 100_000, false),
    '100,000, snapshot': await makeHistory(directory, 100_000, true),
  };
  const records = await recordsOf(roots['100,000']);
  const speeds = await alternate(rounds, {
    fold: () => foldArm(records),
    verify: async () => await verifyArm(roots['100,000']),
  });
  const opens = await alternate(
    rounds,
    Object.fromEntries(
      Object.entries(roots).map(([name, root]) => [name, async () => await openArm(root)]),
    ) as Record<keyof typeof roots, () => Promise<number>>,
  );
  return {
    root: roots['100,000, snapshot'],
    foldPerSecond: median(speeds.fold),
    verifyPerSecond: median(speeds.verify),
    openMs: Object.fromEntries(Object.entries(opens).map(([name, ms]) => [name, median(ms)])),
    open100kOfEmpty: ratio(opens['100,000, snapshot'], opens.empty),
  };
}

const rounded = (value: number): number => Math.round(value * 1000) / 1000;
