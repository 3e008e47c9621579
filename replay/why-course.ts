import type { Seq } from '../journal/record.ts';
import type { EventType } from '../src/core/events.ts';
import type { State } from '../src/core/state.ts';
import type { StepStory } from './step-story.ts';
import type { UpdateStory } from './story.ts';
import {
  askedBy,
  count,
  entry,
  failureText,
  patchWords,
  stepNames,
  subjectName,
  type WhyEntry,
} from './why-answer.ts';
import { causeWords, eventsOf, madeWords } from './why-cause.ts';

/** Differences that an answer lists before it says that there are more. */
const PATCH_SHOWN_MAX = 6;

/** The way of an update in links, from its request to its outcome. Pure. */
export function courseOf(
  story: UpdateStory,
  { state, deep }: { readonly state: State; readonly deep: boolean },
): readonly WhyEntry[] {
  return [
    askedEntry(story),
    ...queued(story),
    ...planned(story, deep),
    ...interrupted(story),
    ...failed(story, deep),
    ...warnedBeside(story),
    ...turned(story),
    ...undone(story),
    ...ended(story),
    ...again(story, state),
  ];
}

/** Which update it tries again, or goes back behind; empty for a wish of its own. Pure. */
export function originWords({ request }: UpdateStory): string {
  const { retryOf, rollbackTo } = request.origin ?? {};
  if (retryOf !== undefined) return `, ${retryOf} once more`;
  return rollbackTo === undefined ? '' : `, back to ${rollbackTo}`;
}

/** What an update was asked to do, by whom and why. Pure. */
export function askedEntry(story: UpdateStory): WhyEntry {
  const { id, chutes, operations, versions, request, requestedSeq } = story;
  const wanted = chutes.map((chute) => {
    const operation = operations[chute] ?? 'apply';
    const { from, to } = versions[chute] ?? { from: null, to: null };
    const word = operation === 'delete' ? 'remove' : operation;
    return `${word} ${subjectName(chute)}${to === from || to === null ? '' : ` (version ${to})`}`;
  });
  const { lane } = request;
  const beside = lane ? `, one of ${lane.of} that get through or not each on its own` : '';
  const text = `${id} asked to ${wanted.join(', ')}${originWords(story)}${beside} (${askedBy(story)})`;
  return entry(text, [requestedSeq], { update: id });
}

function queued(story: UpdateStory): readonly WhyEntry[] {
  const about = { update: story.id };
  return eventsOf(story, 'update.queued').map(({ behind, seq }) =>
    entry(`it waited behind ${behind.join(' ')}, which touched the same`, [seq], about),
  );
}

function planned(story: UpdateStory, deep: boolean): readonly WhyEntry[] {
  const { id, plan, patch } = story;
  if (!plan) return [];
  const about = { update: id };
  const modules = new Map<string, number[]>();
  for (const { module, n } of plan.steps) modules.set(module, [...(modules.get(module) ?? []), n]);
  const answers = [...modules].map(([module, ns]) =>
    deep ? `${module} ${stepNames(ns)}` : `${module} ${ns.length}`,
  );
  const changed = patch ?? [];
  const differed =
    changed.length === 0
      ? 'nothing differed, but it was asked for by name'
      : `what differed: ${patchWords(changed, deep ? undefined : PATCH_SHOWN_MAX)}`;
  const steps = `the planners answered with ${count(plan.steps.length, 'step')}: ${answers.join(', ')}`;
  const warned = plan.warnings.map(({ module, message }) =>
    entry(`the module ${module} warned: ${message}`, [plan.seq], about),
  );
  return [entry(differed, [plan.seq], about), entry(steps, [plan.seq], about), ...warned];
}

function interrupted({ id, interrupted: crashes, plan }: UpdateStory): readonly WhyEntry[] {
  return crashes.map(({ seq, step, boot }, at) => {
    const found = plan?.steps.find((each) => each.id === step);
    const place = found ? `s${found.n} (${found.title})` : 'planning';
    const reboot = at > 0 && crashes[at - 1]?.boot !== boot ? ', after a reboot' : '';
    const text = `a crash cut it off at ${place}; the next engine went on with it${reboot}`;
    return entry(text, [seq], { update: id, ...(found && { n: found.n }) });
  });
}

const FAILED: ReadonlySet<string> = new Set<EventType>([
  'gate.failed',
  'step.failed',
  'step.timedOut',
]);

function failed(story: UpdateStory, deep: boolean): readonly WhyEntry[] {
  const { plan, failedStep, warnings } = story;
  const steps = (plan?.steps ?? []).filter(
    ({ id, attempts }) =>
      id === failedStep ||
      warnings.includes(id) ||
      (deep && attempts.some(({ error }) => error !== null)),
  );
  return steps.map((step) => failureEntry(story, step));
}

/** What failed beside its steps and decided nothing. */
function warnedBeside(story: UpdateStory): readonly WhyEntry[] {
  return story.events.flatMap((record) => {
    if (!('warnings' in record && 'n' in record)) return [];
    return (record.warnings ?? []).map((failure) => {
      const text = `s${record.n} warned of what is not its to mend: ${failureText(failure)}`;
      return entry(text, [record.seq], { update: story.id, n: record.n });
    });
  });
}

/** How a step failed, and how often. Pure. */
function failureEntry(story: UpdateStory, step: StepStory): WhyEntry {
  const { n, title, attempts, state } = step;
  const records = story.events.filter(
    (record) => FAILED.has(record.type) && 'n' in record && record.n === n,
  );
  const error = attempts.findLast((each) => each.error !== null)?.error ?? null;
  const why = error ? failureText(error) : failedWords(story, step);
  const tries = attempts.length > 1 ? `, ${attempts.length} attempts` : '';
  const settled = state === 'done' ? '; it got through in the end' : '';
  const late = state === 'warned' ? ' after the commit, which changes nothing about it' : '';
  const word = error || records.length > 0 ? 'failed' : 'was where it turned around';
  const text = `s${n} (${title}) ${word}${late}${tries}: ${why}${settled}`;
  const seqs = records.map(({ seq }) => seq);
  const aborting = eventsOf(story, 'update.aborting').map(({ seq }) => seq);
  return entry(text, seqs.length > 0 ? seqs : aborting, { update: story.id, n });
}

function failedWords({ error }: UpdateStory, { attempts }: StepStory): string {
  if (error) return failureText(error);
  return attempts.at(-1)?.outcome === 'timedOut' ? 'it took too long' : 'it was interrupted';
}

function turned(story: UpdateStory): readonly WhyEntry[] {
  const { id, cause, failedStep, plan } = story;
  const known = plan?.steps.some((step) => step.id === failedStep) ?? false;
  const turns = eventsOf(story, 'update.aborting');
  if (cause === null || (cause === 'failed' && known)) return [];
  return turns.slice(0, 1).map(({ seq }) => entry(causeWords(story), [seq], { update: id }));
}

function undone(story: UpdateStory): readonly WhyEntry[] {
  const { id, plan, undone: names, verified, endSeq, stuck, events } = story;
  const entries: WhyEntry[] = [];
  const ns = names.flatMap((name) => plan?.steps.find((step) => step.id === name)?.n ?? []);
  if (ns.length > 0) {
    const undos = events
      .filter(({ type }) => type === 'compensation.intended' || type === 'compensation.succeeded')
      .map(({ seq }) => seq);
    const back = verified === true ? '; the device is as it was before' : '';
    const differs = verified === false ? '; the device is NOT as it was before' : '';
    const text = `undid ${stepNames(ns)}${back}${differs}`;
    entries.push(entry(text, [...undos, verified === null ? null : endSeq], { update: id }));
  }
  const seqs = eventsOf(story, 'update.stuck').map(({ seq }) => seq);
  for (const { n, step, reason, state } of stuck) {
    if (state !== 'failed') continue;
    const text = `s${n} could not be undone: ${reason.message}`;
    entries.push(entry(text, seqs, { update: id, n }));
    const behind = stuck.filter(({ blockedBy }) => blockedBy === step).map((each) => each.n);
    if (behind.length === 0) continue;
    const word = behind.length === 1 ? 'waits' : 'wait';
    entries.push(
      entry(`${stepNames(behind)} ${word} until s${n} is settled`, seqs, { update: id }),
    );
  }
  return entries;
}

function ended(story: UpdateStory): readonly WhyEntry[] {
  const { id, outcome, endSeq, refusals, hint, error, accepted } = story;
  const about = { update: id };
  const at = (text: string): WhyEntry => entry(text, [endSeq], about);
  const settlings = eventsOf(story, 'compensation.resolved').map(({ seq, as, by, message, n }) =>
    entry(`${by.user} settled s${n} as ${as}: "${message}"`, [seq], { update: id, n }),
  );
  switch (outcome) {
    case 'committed':
      return [...settlings, at(`committed: ${madeWords(story)}`)];
    case 'unchanged':
      return [at('nothing differed, so nothing was done')];
    case 'rejected':
      if (refusals.length === 0) {
        const why = error ? failureText(error) : 'unknown';
        return [at(`refused before anything was done: ${why}${hint === null ? '' : `; ${hint}`}`)];
      }
      return refusals.map(({ chute, module, message, path, hint: help }) => {
        const place = path === '' ? '' : `, at ${chute}${path.replaceAll('/', '.')}`;
        return at(`the module ${module} refused it${place}: ${message}; ${help}`);
      });
    case 'resolved':
      return [...settlings, at(`accepted as they are: ${accepted.join(' ')}`)];
    case null:
    case 'cancelled':
    case 'reverted':
    case 'stuck':
    case 'superseded':
      return settlings;
  }
}

/** Whether anything tries it again. */
function again(story: UpdateStory, state: State): readonly WhyEntry[] {
  const { id, outcome, endSeq, request, requestedSeq } = story;
  if (outcome === 'stuck')
    return [entry('nothing goes on with it until a person settles it', [], { update: id })];
  if (outcome !== 'reverted' && outcome !== 'cancelled' && outcome !== 'rejected') return [];
  const held = state.quarantine[request.contentHash];
  if (held)
    return [
      entry(`refused until ${held.retryAt}: ${held.reason}`, quarantineSeqs(story), { update: id }),
    ];
  const seqs: readonly (Seq | null)[] =
    outcome === 'rejected' ? [endSeq ?? requestedSeq] : [endSeq];
  return [entry('no retry: nothing tries it again until somebody asks', seqs, { update: id })];
}

const quarantineSeqs = (story: UpdateStory): readonly Seq[] =>
  eventsOf(story, 'version.quarantined').map(({ seq }) => seq);
