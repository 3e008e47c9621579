import { hash as digest } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';

import { openReadOnly } from '../../journal/read-only.ts';
import type { Recorded } from '../../journal/record.ts';
import { verifyRoot } from '../../journal/verify.ts';
import { stateHash } from '../../src/core/applied.ts';
import type { ChuteEvent } from '../../src/core/events.ts';
import { fold } from '../../src/core/fold.ts';
import { PLANNERS } from '../../src/core/planners/all.ts';
import { NEW_STATE, type State } from '../../src/core/state.ts';
import { differences } from '../../src/drivers/sim/sim-world.ts';
import { planOn } from '../../src/engine/planning.ts';
import { type Life, ROOT } from './life.ts';
import { NEWER, SECRET } from './sim-parts.ts';

const sha256 = (text: string): string => digest('sha256', text, 'hex');

/** What must hold of every device at the end of its story; each breach in words. */
export async function breachesOf(life: Life, state: State | null): Promise<readonly string[]> {
  const breaches = [...life.violations];
  if (state === null) return [...breaches, 'the last process did not settle'];
  const verified = await verifyRoot(ROOT, { disk: life.disk, deep: true });
  for (const { message } of verified.problems) breaches.push(`verify: ${message}`);
  const records = [...openReadOnly<ChuteEvent>(ROOT, { disk: life.disk }).readFrom(1)];
  return [
    ...breaches,
    ...restBreaches(state),
    ...worldBreaches(life, state, leftBehind(records, state)),
    ...recordBreaches(life, records),
    ...foldBreaches(state, records, WAYS_TO_FOLD[life.seed % WAYS_TO_FOLD.length]),
    ...undoBreaches(records),
    ...life.disk.filesWith(SECRET).map((path) => `${path} holds a secret`),
  ];
}

function restBreaches({ updates, reloads }: State): readonly string[] {
  const open = Object.values(updates).map(({ id, phase }) => `${id} is still ${phase}`);
  const owed = Object.keys(reloads).map((key) => `${key} is still owed`);
  return [...open, ...owed];
}

/** Chutes that are gone and whose files a step behind the commit could not remove: a warning says so. */
function leftBehind(
  records: readonly Recorded<ChuteEvent>[],
  { applied }: State,
): ReadonlySet<string> {
  const left = records.flatMap((each) =>
    each.type === 'step.failed' && each.final && each.step.includes('/directory.remove')
      ? [each.step.split('/')[0] ?? '']
      : [],
  );
  return new Set(left.filter((chute) => !applied.chutes[chute]));
}

function worldBreaches(
  { device: { world } }: Life,
  { applied }: State,
  left: ReadonlySet<string>,
): readonly string[] {
  const foreign = ({ chute }: { readonly chute: string }): boolean => chute === 'foreign';
  const breaches: string[] = [];
  if (world.processes.filter(foreign).length !== 1) breaches.push('a foreign process is gone');
  if (world.files['foreign/file']?.hash !== 'sha256:foreign') breaches.push('a foreign file');
  if (!world.directories['foreign']) breaches.push('a foreign directory is gone');
  const { 'foreign/file': _file, ...files } = world.files;
  const { 'foreign/file': _loaded, ...loaded } = world.loaded;
  const own = {
    ...world,
    files,
    loaded,
    processes: world.processes.filter((each) => !foreign(each)),
  };
  const marks = [...own.processes, ...own.containers].map(({ mark }) => mark);
  if (new Set(marks).size < marks.length) breaches.push(`two effects of one step: ${marks.join()}`);
  const isLeft = (difference: string): boolean =>
    [...left].some((chute) => difference.startsWith(`chutes/${chute}/`));
  const differ = differences(own, applied, sha256).filter((each) => !isLeft(each));
  return [...breaches, ...differ];
}

function recordBreaches(life: Life, records: readonly Recorded<ChuteEvent>[]): readonly string[] {
  const breaches: string[] = [];
  for (const [seq, hash] of life.acknowledged)
    if (records[seq - 1]?.hash !== hash) breaches.push(`acknowledged record ${seq} is not there`);
  return breaches.slice(0, 3);
}

/**
 * Ways to come from the log to the state, one for each story: each record by itself; as one piece; and
 * from a snapshot half way. That they differ would be the fold's doing and not a story's, and the live
 * state, which all have to meet, was folded flush by flush.
 */
const WAYS_TO_FOLD = ['one by one', 'at once', 'from a snapshot'] as const;

/**
 * What folding the log says: the same as the live state; each update ends in the state that it names;
 * each plan can be made again, byte for byte.
 */
function foldBreaches(
  live: State,
  records: readonly Recorded<ChuteEvent>[],
  way: (typeof WAYS_TO_FOLD)[number] = 'one by one',
): readonly string[] {
  const upTo = records.filter(({ seq }) => seq <= live.seq);
  const half = upTo.length >> 1;
  const breaches: string[] = [];
  let state = NEW_STATE;
  let folded = 0;
  const foldTo = (end: number): void => {
    state = fold(state, upTo.slice(folded, end));
    folded = end;
  };
  for (const [at, record] of upTo.entries()) {
    if (way === 'one by one') foldTo(at);
    if (way === 'from a snapshot' && at === half) {
      foldTo(at);
      state = JSON.parse(JSON.stringify(state)) as State;
    }
    if (record.type === 'update.planned') {
      foldTo(at);
      breaches.push(...planBreaches(state, record));
    } else if (record.type === 'update.reverted' && !record.verified) {
      breaches.push(`${record.update} was rolled back to something else`);
    } else if (record.type === 'update.committed') {
      foldTo(at + 1);
      if (record.stateHash !== stateHash(state.applied, sha256))
        breaches.push(`${record.update} committed another state than it says`);
    }
  }
  foldTo(upTo.length);
  if (!isDeepStrictEqual(state, live)) breaches.push(`folding ${way} differs from the live state`);
  if (way === 'at once' && !isDeepStrictEqual(fold(NEW_STATE, upTo), live))
    breaches.push('folding in pieces and at once differs');
  return breaches;
}

function planBreaches(
  state: State,
  record: Extract<Recorded<ChuteEvent>, { readonly type: 'update.planned' }>,
): readonly string[] {
  const update = state.updates[record.update];
  if (!update || !state.facts) return [`${record.update} was planned out of nothing`];
  const { facts } = state.facts;
  const [first] = PLANNERS;
  const isNewer = first && record.planners[first.name] !== first.version;
  const planners = isNewer ? NEWER : PLANNERS;
  const again = planOn(state, update.request, { facts, planners, sha256, update: update.id });
  const hash = 'plan' in again ? again.plan.hash : JSON.stringify(again);
  return hash === record.planHash ? [] : [`${update.id} is planned otherwise: ${hash}`];
}

/** What ran is undone in exactly the reverse order, each step's last try counting. */
function undoBreaches(records: readonly Recorded<ChuteEvent>[]): readonly string[] {
  const breaches: string[] = [];
  const reverted = records.flatMap((each) =>
    each.type === 'update.reverted' ? [each.update] : [],
  );
  for (const update of reverted) {
    const mine = records.filter((each) => 'update' in each && each.update === update);
    // Behind an undo that fails, those go on that do not depend on it.
    if (mine.some(({ type }) => type === 'update.stuck')) continue;
    const ran = firsts(mine, 'step.intended');
    const undone = firsts(mine, 'compensation.intended');
    const expected = ran.filter((step) => undone.includes(step)).toReversed();
    if (undone.join() !== expected.join())
      breaches.push(`${update} undid ${undone.join()} after ${ran.join()}`);
  }
  return breaches;
}

function firsts(
  records: readonly Recorded<ChuteEvent>[],
  type: 'step.intended' | 'compensation.intended',
): readonly string[] {
  return [...new Set(records.flatMap((each) => (each.type === type ? [each.step] : [])))];
}
