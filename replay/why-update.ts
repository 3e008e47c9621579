import type { Replay } from './replay.ts';
import { storyOf, type UpdateStory } from './story.ts';
import type { Why } from './why-answer.ts';
import { causeWords, madeWords } from './why-cause.ts';
import { courseOf } from './why-course.ts';

/** Why an update went as it went. Throws RIPCORD_REF_UNKNOWN. */
export async function whyUpdate(replay: Replay, id: string, deep: boolean): Promise<Why> {
  const story = await storyOf(replay, id);
  return {
    subject: id,
    is: 'update',
    text: headlineOf(story),
    chain: courseOf(story, { state: replay.state, deep }),
    next: nextOf(story),
  };
}

/** What can be done about an update, or tells more of it. Pure. */
export function nextOf({ id, outcome, stuck }: UpdateStory): string {
  const failed = stuck.find(({ state }) => state === 'failed') ?? stuck[0];
  if (outcome === 'stuck' && failed) return `ripcord why ${id}.s${failed.n}`;
  if (outcome === null) return `ripcord watch ${id}`;
  if (outcome === 'committed' || outcome === 'resolved') return `ripcord show ${id}`;
  return outcome === 'unchanged' ? 'ripcord status' : `ripcord retry ${id}`;
}

/** How an update went, in a sentence. Pure. */
export function headlineOf(story: UpdateStory): string {
  const { id, outcome, phase, error, refusals } = story;
  switch (outcome) {
    case 'committed':
      return `${id} got through: ${madeWords(story)}.`;
    case 'unchanged':
      return `${id} changed nothing: the device was already as asked.`;
    case 'rejected':
      return `${id} was refused: ${refusals[0]?.message ?? error?.message ?? 'unknown'}.`;
    case 'reverted':
      return `${id} was undone: ${causeWords(story)}.`;
    case 'cancelled':
    case 'superseded':
      return `${id} was ${outcome}: ${causeWords(story)}.`;
    case 'resolved':
      return `${id} was settled by a person: some of its effects were accepted as they are.`;
    case 'stuck':
      return `${id} is stuck: ${causeWords(story)}, and undoing it failed.`;
    case null:
      return `${id} is on its way: ${phase ?? 'unfinished'}.`;
  }
}
