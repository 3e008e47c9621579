import type { ChuteName } from '../src/core/chute.ts';
import { REPEATS } from '../src/core/fold-end.ts';
import { HOST } from '../src/core/host-config/document.ts';
import type { Replay } from './replay.ts';
import { storyOf } from './story.ts';
import type { UpdateSummary } from './update-summary.ts';
import { askedBy, entry, type Why, type WhyEntry } from './why-answer.ts';
import { courseOf, originWords } from './why-course.ts';
import { nextOf } from './why-update.ts';

type Told = { readonly replay: Replay; readonly chute: ChuteName; readonly deep: boolean };

/** Why a chute is as it is; null when the journal knows none of that name. */
export async function whyChute(
  replay: Replay,
  chute: ChuteName,
  deep: boolean,
): Promise<Why | null> {
  const told: Told = { replay, chute, deep };
  const { updates } = await replay.chronicle();
  const mine = updates.filter(({ chutes }) => chutes.includes(chute));
  if (mine.length === 0) return null;
  const maker = makerOf(mine, chute);
  const since = maker ? mine.slice(mine.indexOf(maker) + 1) : mine;
  const failures = since.filter((each) => isWish(each) && each.outcome !== 'committed');
  const newest = failures.at(-1);
  const story = newest ? await storyOf(replay, newest.id) : null;
  const wanted = newest && wantedRevision(told, newest, mine);
  return {
    subject: chute,
    is: 'chute',
    text: `${standing(told, mine)}${newest ? `; ${withdrawn(newest, wanted ?? null)}` : ''}.`,
    chain: [
      ...(await made(told, maker)),
      ...stood(told, since),
      ...restarts(told, since),
      ...(await before(told, failures.slice(0, -1))),
      ...(story ? courseOf(story, { state: replay.state, deep }) : []),
      ...drifted(told),
    ],
    next: story
      ? nextOf(story)
      : maker
        ? `ripcord why ${maker.id}`
        : `ripcord log --chute ${chute}`,
  };
}

/** The update that made, or removed, what there is now. */
function makerOf(mine: readonly UpdateSummary[], chute: ChuteName): UpdateSummary | undefined {
  return mine.findLast(
    ({ outcome, operations }) =>
      outcome === 'committed' && !REPEATS.has(operations[chute] ?? 'apply'),
  );
}

/** Whether an update asked for something that is told of when it did not get through. */
const isWish = ({ outcome, by }: UpdateSummary): boolean =>
  outcome !== 'unchanged' && !(by.via === SUPERVISOR && outcome === 'committed');

const SUPERVISOR = 'supervisor';

/** `hello runs r41`. */
function standing({ replay, chute }: Told, mine: readonly UpdateSummary[]): string {
  const { state } = replay;
  if (chute === HOST) {
    const revision = makerOf(mine, chute)?.revisions[chute];
    return typeof revision === 'number'
      ? `the host is configured as r${revision}`
      : 'the host is configured by default';
  }
  const applied = state.applied.chutes[chute];
  const revision = state.chutes[chute]?.revision;
  if (!applied?.definition) {
    const gone = makerOf(mine, chute);
    return gone ? `${chute} is not installed: ${gone.id} removed it` : `${chute} is not installed`;
  }
  const exited = Object.entries(applied.services)
    .filter(([, service]) => applied.run === 'running' && service.state !== 'running')
    .map(([name, service]) => `${name} is ${service.state}`);
  const { version } = applied.definition;
  const named = `r${revision ?? 0}${version === undefined ? '' : ` (version ${version})`}`;
  if (exited.length > 0) return `${chute} should run ${named}, but ${exited.join(' and ')}`;
  return applied.run === 'running' ? `${chute} runs ${named}` : `${chute} is stopped at ${named}`;
}

/** `desired r42 was withdrawn`. */
function withdrawn({ id, outcome, operations }: UpdateSummary, wanted: string | null): string {
  const wish = wanted ?? `what ${id} asked for (${Object.values(operations).join(', ')})`;
  switch (outcome) {
    case 'rejected':
      return `${wish} was refused`;
    case 'stuck':
      return `${wish} is stuck half-way`;
    case 'resolved':
      return `${wish} was settled by a person`;
    case null:
      return `${wish} is on its way`;
    default:
      return `desired ${wish} was withdrawn`;
  }
}

/** The revision that an update would have made, `r42`; null when it would have made none. */
function wantedRevision(
  { chute }: Told,
  { operations, versions, id }: UpdateSummary,
  mine: readonly UpdateSummary[],
): string | null {
  const operation = operations[chute] ?? 'apply';
  if (REPEATS.has(operation) || operation === 'delete') return null;
  const earlier = mine.slice(
    0,
    mine.findIndex((each) => each.id === id),
  );
  const last = earlier.findLast(
    (each) => each.outcome === 'committed' && !REPEATS.has(each.operations[chute] ?? 'apply'),
  );
  const version = versions[chute]?.to ?? null;
  const named = version === null ? '' : ` (version ${version})`;
  return `r${(last?.revisions[chute] ?? 0) + 1}${named}`;
}

async function made(
  { replay, chute, deep }: Told,
  maker: UpdateSummary | undefined,
): Promise<readonly WhyEntry[]> {
  if (!maker) return [];
  const story = await storyOf(replay, maker.id);
  if (deep) return courseOf(story, { state: replay.state, deep });
  const revision = maker.revisions[chute];
  const did = typeof revision === 'number' ? `made r${revision}` : `removed ${chute}`;
  const crash = maker.interruptions > 0 ? ', after a crash in between' : '';
  const text = `${maker.id} ${did}${originWords(story)}${crash} (${askedBy(maker)})`;
  const [differed] = courseOf(story, { state: replay.state, deep }).filter(({ text: each }) =>
    each.startsWith('what differed'),
  );
  const events = [maker.requestedSeq, maker.endSeq];
  return [entry(text, events, { update: maker.id }), ...(differed ? [differed] : [])];
}

/** What people stopped and started since. */
function stood({ chute, deep }: Told, since: readonly UpdateSummary[]): readonly WhyEntry[] {
  const asked = since.filter(
    ({ outcome, operations, by }) =>
      outcome === 'committed' && by.via !== SUPERVISOR && REPEATS.has(operations[chute] ?? ''),
  );
  return (deep ? asked : asked.slice(-1)).map((each) => {
    const word = VERBS[each.operations[chute] ?? ''] ?? 'restarted';
    const text = `${each.id} ${word} it (${askedBy(each)})`;
    return entry(text, [each.requestedSeq, each.endSeq], { update: each.id });
  });
}

const VERBS: Readonly<Record<string, string>> = { stop: 'stopped', start: 'started' };

/** Starts after unexpected exits. */
function restarts({ deep }: Told, since: readonly UpdateSummary[]): readonly WhyEntry[] {
  const all = since.filter(({ by, outcome }) => by.via === SUPERVISOR && outcome === 'committed');
  const [first] = all;
  if (!first) return [];
  const tell = (each: readonly UpdateSummary[], text: string): WhyEntry =>
    entry(
      text,
      each.flatMap(({ requestedSeq, endSeq }) => [requestedSeq, endSeq]),
      {
        update: (each.at(-1) ?? first).id,
      },
    );
  if (deep || all.length === 1)
    return all.map((each) =>
      tell([each], `${each.id} started it again: ${each.message ?? 'it was down'}`),
    );
  const names = all.map(({ id }) => id);
  const listed =
    names.length > 6 ? `${names.slice(0, 2).join(' ')} … ${names.at(-1) ?? ''}` : names.join(' ');
  const why = first.message ?? 'it was down';
  return [tell(all, `it was started again ${all.length} times by itself (${listed}): ${why}`)];
}

/** Earlier wishes since then that came to nothing. */
async function before(
  { replay, deep }: Told,
  failures: readonly UpdateSummary[],
): Promise<readonly WhyEntry[]> {
  if (failures.length === 0) return [];
  if (deep) {
    const stories = await Promise.all(failures.map(({ id }) => storyOf(replay, id)));
    return stories.flatMap((story) => courseOf(story, { state: replay.state, deep }));
  }
  const listed = failures.slice(-5).map(({ id, outcome }) => `${id} ${outcome ?? 'under way'}`);
  const more =
    failures.length > listed.length ? `, and ${failures.length - listed.length} before` : '';
  const events = failures.flatMap(({ requestedSeq, endSeq }) => [requestedSeq, endSeq]);
  return [entry(`asked for since and not there: ${listed.join(', ')}${more}`, events)];
}

/** What was found otherwise than it should be, when the newest look said so. */
function drifted({ replay, chute }: Told): readonly WhyEntry[] {
  const applied = replay.state.applied.chutes[chute];
  if (!applied?.definition || applied.run !== 'running') return [];
  const gone = Object.entries(applied.services).filter(([, { state }]) => state !== 'running');
  return gone.map(([service, { state }]) =>
    entry(`${chute}/${service} should run and is ${state}: ripcord why ${chute}/${service}`, []),
  );
}
