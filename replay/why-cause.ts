import type { Recorded } from '../journal/record.ts';
import type { ChuteEvent, EventOf, EventType } from '../src/core/events.ts';
import { REPEATS } from '../src/core/fold-end.ts';
import { HOST } from '../src/core/host-config/document.ts';
import type { UpdateStory } from './story.ts';
import type { UpdateSummary } from './update-summary.ts';

/** `hello is r42`. */
export function madeWords({ chutes, revisions, operations }: UpdateSummary): string {
  return chutes
    .map((chute) => {
      const revision = revisions[chute];
      if (typeof revision !== 'number') return `${chute} is not installed any more`;
      const operation = operations[chute] ?? 'apply';
      if (chute === HOST) return `the host is configured as r${revision}`;
      if (operation === 'stop') return `${chute} is stopped`;
      return REPEATS.has(operation) ? `${chute} runs` : `${chute} is r${revision}`;
    })
    .join(', ');
}

/** Why an update turned around, in words. Pure. */
export function causeWords(story: UpdateStory): string {
  const { cause, failedStep, error } = story;
  const failed = story.plan?.steps.find(({ id }) => id === failedStep);
  switch (cause) {
    case 'failed':
      return failed ? `s${failed.n} (${failed.title}) failed` : (error?.message ?? 'a step failed');
    case 'cancelled':
      return `${cancelledBy(story)} cancelled it`;
    case 'superseded':
      return `${supersededBy(story) ?? 'a newer update'} took its place`;
    case 'interrupted':
      return 'it was interrupted, and its request says that this means going back';
    case 'looping':
      return 'it was interrupted at the same step again and again';
    case null:
      if (story.outcome === 'cancelled') return `${cancelledBy(story)} cancelled it`;
      return `${supersededBy(story) ?? 'a newer update'} took its place`;
  }
}

function cancelledBy(story: UpdateStory): string {
  const by =
    eventsOf(story, 'update.cancelled')[0]?.by ?? eventsOf(story, 'update.aborting')[0]?.by;
  return typeof by === 'object' ? by.user : 'somebody';
}

function supersededBy(story: UpdateStory): string | null {
  const by =
    eventsOf(story, 'update.superseded')[0]?.by ?? eventsOf(story, 'update.aborting')[0]?.by;
  return typeof by === 'string' ? by : null;
}

/** The records of one type in a story. Pure. */
export function eventsOf<T extends EventType>(
  { events }: UpdateStory,
  type: T,
): readonly Recorded<EventOf<T>>[] {
  const isIt = (record: Recorded<ChuteEvent>): boolean => record.type === type;
  // The cast bridges the type of an event to its name.
  return events.filter(isIt) as unknown as readonly Recorded<EventOf<T>>[];
}
