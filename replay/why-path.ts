import type { FileChange } from '../src/core/host-file.ts';
import type { Json } from '../src/core/json.ts';
import { type Operation, type Patch, pointer } from '../src/core/patch.ts';
import { valueText } from './diff-text.ts';
import { fileWords } from './file-words.ts';
import {
  isAbout,
  isUnder,
  type PathChange,
  pathChanges,
  sameValue,
  standingChange,
  valueAfter,
  valueAt,
} from './path-changes.ts';
import type { Replay } from './replay.ts';
import { type UpdateStory, storyOf } from './story.ts';
import type { UpdateSummary } from './update-summary.ts';
import { askedBy, entry, keysOf, patchWords, type Why, type WhyEntry } from './why-answer.ts';
import { causeWords } from './why-cause.ts';
import { askedEntry } from './why-course.ts';
import { withHostDefaults } from './why-place.ts';
import { causesOf } from './why-step.ts';

/** Tries that are told of unless all are asked for. */
const TRIES_SHOWN_MAX = 3;

/** What a try would have made of a place. */
type Try = { readonly story: UpdateStory; readonly wanted: Json | undefined };

/** Why a place of what is applied holds what it holds; null when nothing was ever there. */
export async function whyPath(
  replay: Replay,
  place: string,
  asked: { readonly subject: string; readonly deep: boolean },
): Promise<Why | null> {
  const { subject, deep } = asked;
  const value = valueAt(withHostDefaults(replay.state.applied), place);
  const changes = await pathChanges(replay, place);
  const setter = standingChange(changes);
  const tries = await triesOf(replay, place, { value, after: setter?.seq ?? 0, deep });
  if (value === undefined && changes.length === 0 && tries.length === 0) return null;
  const by = setter?.update ? await storyOf(replay, setter.update) : null;
  const told = value === undefined ? 'nothing is there' : textOf(value);
  const verb = value === undefined ? 'taken away' : 'set';
  const since = setter && by ? `, ${verb} by ${by.id} (${askedBy(by)})` : '';
  const byDefault = !setter && isUnder(place, '/host/config') ? ', the default: nobody set it' : '';
  const found = setter && !by ? `, found so: ${setter.message ?? 'the world had changed'}` : '';
  const tried = tries.map((each) => `; ${triedWords(each)}`).join('');
  const next = by && setter ? `ripcord show ${by.id}.s${setter.n}` : `ripcord log`;
  const earlier = deep ? changes.filter((each) => each !== setter).toReversed() : [];
  return {
    subject,
    is: 'path',
    text: `${told}${since}${found}${byDefault}${tried}.`,
    chain: [
      ...earlier.map((each) => changeEntry(each)),
      ...(setter ? setterEntries(setter, by, place) : []),
      ...tries.flatMap(tryEntries),
    ],
    next: tries.length > 0 ? `ripcord why ${tries.at(-1)?.story.id ?? ''}` : next,
  };
}

function changeEntry(change: PathChange): WhyEntry {
  const { seq, update, n, how, message, before, after } = change;
  const values = `${textOf(before)} → ${textOf(after)}`;
  const who = {
    done: `${update ?? ''}.s${n} made it`,
    undone: `undoing ${update ?? ''}.s${n} made it`,
    settled: `a person settled ${update ?? ''}.s${n} (${message ?? ''}), which made it`,
    found: `it was found (${message ?? ''})`,
  }[how];
  return entry(`${who} ${values}`, [seq], update === null ? {} : { update, n });
}

/** From the request over the difference and its planner to the step that wrote it. */
function setterEntries(
  setter: PathChange,
  by: UpdateStory | null,
  place: string,
): readonly WhyEntry[] {
  if (!by || setter.update === null) return [changeEntry(setter)];
  const { n } = setter;
  const about = { update: by.id };
  const step = by.plan?.steps.find((each) => each.n === n);
  const differed = (by.patch ?? []).filter(({ path }) =>
    isAbout([{ op: 'remove', path }], viewPlace(place)),
  );
  const cause = step
    ? causesOf({ kind: step.kind, args: argsOf(by, n) }, by.patch ?? [], [step.chute])
    : null;
  const why = differed.length > 0 ? differed.map(narrowed(viewPlace(place))) : (cause?.patch ?? []);
  const reason =
    why.length > 0
      ? [entry(`what differed: ${patchWords(why, 4)}`, [by.plan?.seq ?? null], about)]
      : [];
  const planner = step
    ? [
        entry(`the module ${step.module} asked for s${n}: ${step.title}`, [by.plan?.seq ?? null], {
          update: by.id,
          n,
        }),
      ]
    : [];
  return [askedEntry(by), ...reason, ...planner, changeEntry(setter)];
}

/** The part of an operation that a place is about, where it can be told apart. */
const narrowed =
  (place: string) =>
  (operation: Operation): Operation => {
    if (operation.op === 'remove' || !isUnder(place, operation.path)) return operation;
    const value = valueAt(operation.value, place.slice(operation.path.length));
    return value === undefined ? operation : { ...operation, path: place, value };
  };

function argsOf({ events }: UpdateStory, n: number): Json {
  for (const record of events)
    if (record.type === 'update.planned')
      return record.steps.find((step) => step.n === n)?.args ?? null;
  return null;
}

/** Where a plan's view has what `applied` has at a place. */
function viewPlace(place: string): string {
  return place.replace(/^(\/chutes\/[^/]+\/services\/[^/]+)\/.*$/, '$1');
}

/** Updates since then that would have changed the place and did not get through. */
async function triesOf(
  replay: Replay,
  place: string,
  {
    value,
    after,
    deep,
  }: {
    readonly value: Json | undefined;
    readonly after: number;
    readonly deep: boolean;
  },
): Promise<readonly Try[]> {
  const { updates } = await replay.chronicle();
  const [kind, chute] = keysOf(place);
  const mine = updates.filter(
    (each) =>
      each.lastSeq > after &&
      each.outcome !== 'committed' &&
      each.outcome !== 'unchanged' &&
      (kind !== 'chutes' || each.chutes.includes(chute ?? '')),
  );
  const tries: Try[] = [];
  for (const each of mine.toReversed()) {
    if (!deep && tries.length >= TRIES_SHOWN_MAX) break;
    const found = await tryOf(replay, each, { place, value });
    if (found) tries.push(found);
  }
  return tries.toReversed();
}

async function tryOf(
  replay: Replay,
  { id }: UpdateSummary,
  { place, value }: { readonly place: string; readonly value: Json | undefined },
): Promise<Try | null> {
  const story = await storyOf(replay, id);
  const patch = wishesOf(story);
  if (!isAbout(patch, place)) return null;
  const wanted = patch.reduce(
    (held, operation) => (fits(held, operation, place) ? valueAfter(held, operation, place) : held),
    structuredClone(value),
  );
  return sameValue(wanted, value) ? null : { story, wanted };
}

/** Whether there is, by now, still something that an operation can be about. */
function fits(held: Json | undefined, { op, path }: Operation, place: string): boolean {
  if (held === undefined || path === place || !isUnder(path, place)) return true;
  const inside = path.slice(place.length);
  return valueAt(held, op === 'add' ? inside.replace(/\/[^/]*$/, '') : inside) !== undefined;
}

/** What an update wanted of what is applied: its plan, or, where it has none, its definitions. */
function wishesOf({ patch, request, events }: UpdateStory): Patch {
  if (!patch) {
    const config = request.host?.config;
    const host: Patch = config ? [{ op: 'add', path: '/host/config', value: config }] : [];
    const chutes = request.chutes.flatMap(({ chute, definition }): Patch =>
      definition
        ? [{ op: 'add', path: `${pointer('chutes', chute)}/definition`, value: definition }]
        : [],
    );
    return [...host, ...chutes];
  }
  const planned = events.flatMap((record) =>
    record.type === 'update.planned' ? record.steps : [],
  );
  // A plan says what it does to chutes; what it does to files of the host is in its steps.
  const files = planned.flatMap(({ kind, args }): Patch => {
    if (!kind.startsWith('config.write@')) return [];
    const { path, sections } = args as unknown as FileChange;
    if (sections === null) return [{ op: 'remove', path: pointer('host', 'files', path) }];
    return Object.entries(sections).map(([owner, section]): Operation => {
      const at = pointer('host', 'files', path, 'sections', owner);
      return section === null
        ? { op: 'remove', path: at }
        : { op: 'add', path: at, value: section };
    });
  });
  const states = patch.filter(({ path }) => !/^\/chutes\/[^/]+\/services(?:\/|$)/.test(path));
  return [...states, ...files];
}

function triedWords({ story, wanted }: Try): string {
  const { id, outcome } = story;
  const what = wanted !== undefined && isShort(wanted) ? valueText(wanted) : 'another one';
  const value = wanted === undefined ? 'without it' : what;
  const how = {
    reverted: 'rolled back',
    cancelled: 'cancelled',
    superseded: 'superseded',
    rejected: 'refused',
    resolved: 'settled by a person',
    stuck: 'stuck',
  };
  const end = outcome === null ? 'is on its way' : how[outcome as keyof typeof how];
  return `${id} tried ${value}, ${end}`;
}

function tryEntries(each: Try): readonly WhyEntry[] {
  const { story } = each;
  const { id, requestedSeq, endSeq, error, refusals, outcome } = story;
  const why =
    story.cause !== null
      ? `: ${causeWords(story)}${error ? `, ${error.message}` : ''}`
      : outcome === 'rejected'
        ? `: ${refusals[0]?.message ?? error?.message ?? ''}`
        : '';
  return [
    entry(`${triedWords(each)} (${askedBy(story)})${why}`, [requestedSeq, endSeq], { update: id }),
  ];
}

const isShort = (value: Json): boolean => JSON.stringify(value).length <= 60;

const textOf = (value: Json | undefined): string =>
  value === undefined ? 'nothing' : (fileWords(value) ?? valueText(value));
