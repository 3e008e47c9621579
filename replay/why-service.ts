import type { Json, JsonObject } from '../src/core/json.ts';
import { pointer } from '../src/core/patch.ts';
import { type PathChange, pathChanges } from './path-changes.ts';
import type { Replay } from './replay.ts';
import { type UpdateStory, storyOf } from './story.ts';
import { askedBy, entry, type Why, type WhyEntry } from './why-answer.ts';
import { causeWords } from './why-cause.ts';
import { courseOf } from './why-course.ts';
import { headlineOf, nextOf } from './why-update.ts';

/** Starts and stops that are told of unless all are asked for. */
const CHANGES_SHOWN_MAX = 4;

/** Why a service of a chute runs or does not; null when there never was one of that name. */
export async function whyService(
  replay: Replay,
  { chute, service }: { readonly chute: string; readonly service: string },
  deep: boolean,
): Promise<Why | null> {
  const changes = await pathChanges(replay, pointer('chutes', chute, 'services', service));
  const told = deep ? changes : changes.slice(0, CHANGES_SHOWN_MAX);
  const [newest] = changes;
  if (!newest) return await neverRan(replay, { chute, service }, deep);
  const ids = [...new Set(told.flatMap(({ update }) => update ?? []))];
  const stories = new Map(
    await Promise.all(ids.map(async (id) => [id, await storyOf(replay, id)] as const)),
  );
  const tell = (each: PathChange): WhyEntry => changeEntry(each, stories);
  const name = `${chute}/${service}`;
  const before = told[1] ? `; before that ${tell(told[1]).text}` : '';
  const { update, n } = newest;
  return {
    subject: name,
    is: 'service',
    text: `${name} is ${stateIn(newest.after)} because ${tell(newest).text}${before}.`,
    chain: told.toReversed().map(tell),
    next: update === null ? `ripcord logs ${chute} ${service}` : `ripcord why ${update}.s${n}`,
  };
}

/** A service that was asked for and never came to run; null when nobody asked for it. */
async function neverRan(
  replay: Replay,
  { chute, service }: { readonly chute: string; readonly service: string },
  deep: boolean,
): Promise<Why | null> {
  const { updates } = await replay.chronicle();
  for (const { id, chutes } of updates.toReversed()) {
    if (!chutes.includes(chute)) continue;
    const story = await storyOf(replay, id);
    const asked = story.request.chutes.find((each) => each.chute === chute)?.definition;
    if (!asked || !Object.hasOwn(asked.services, service)) continue;
    const subject = `${chute}/${service}`;
    const text = `${subject} never ran: ${headlineOf(story)}`;
    const chain = courseOf(story, { state: replay.state, deep });
    return { subject, is: 'service', text, chain, next: nextOf(story) };
  }
  return null;
}

function changeEntry(
  { seq, how, update, n, message, after, before }: PathChange,
  stories: ReadonlyMap<string, UpdateStory>,
): WhyEntry {
  if (update === null) return entry(message ?? `it was found ${stateIn(after)}`, [seq]);
  const story = stories.get(update);
  const did = didWords(before, after);
  const ref = `${update}.s${n}`;
  const who = story ? ` (${askedBy(story)})` : '';
  const words = {
    done: `${ref} ${did} it${who}`,
    undone: `undoing ${ref} ${did} it${story ? `, as ${causeWords(story)}` : ''}`,
    settled: `a person settled ${ref}: ${message ?? ''}`,
    found: message ?? '',
  };
  return entry(words[how], [seq], { update, n });
}

function didWords(before: Json | undefined, after: Json | undefined): string {
  const [was, is] = [stateIn(before), stateIn(after)];
  if (is === 'gone') return 'removed';
  if (is === 'running') return was === 'running' ? 'replaced' : 'started';
  return was === 'running' || is === 'stopped' ? 'stopped' : 'changed';
}

function stateIn(value: Json | undefined): string {
  if (value === undefined || value === null || typeof value !== 'object') return 'gone';
  const { state } = value as JsonObject;
  return typeof state === 'string' ? state : 'gone';
}
