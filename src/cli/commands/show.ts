import { parseRef, type Ref } from '../../../replay/ref.ts';
import type { Replay } from '../../../replay/replay.ts';
import { resolveRef } from '../../../replay/resolve-ref.ts';
import { stepDetail } from '../../../replay/step-detail.ts';
import { storyOf } from '../../../replay/story.ts';
import { RipcordError } from '../../core/errors.ts';
import { type CommandModule, textOf } from '../command.ts';
import type { Context } from '../context.ts';
import { eventText } from '../event-text.ts';
import { EXIT } from '../exit-code.ts';
import { print } from '../output.ts';
import { needReplay } from '../reader.ts';
import { stepText, storyText } from '../story-text.ts';

type ShowOptions = { readonly events?: true; readonly patch?: true; readonly raw?: true };

/** `ripcord show REF`. */
export const show: CommandModule = {
  configure(command) {
    command
      .argument('<ref>', 'an update (u43), a step (u43.s7), an event (@1287) or a revision')
      .option('--events', 'with the events of an update')
      .option('--patch', 'with what an update was to change')
      .option('--steps', 'with the steps of an update (the default)')
      .option('--raw', 'the records as they are in the journal');
  },
  async run(context, { args: [ref], options }) {
    const text = textOf(ref) ?? '';
    const replay = await needReplay(context);
    await showRef(context, replay, { text, ref: parseRef(text), options: options });
    return EXIT.ok;
  },
};

async function showRef(
  context: Context,
  replay: Replay,
  asked: { readonly text: string; readonly ref: Ref; readonly options: ShowOptions },
): Promise<void> {
  const { ref, text, options } = asked;
  if (ref.is === 'step') {
    const detail = await stepDetail(replay, ref.update, ref.step);
    if (options.raw) return await printRaw(context, detail.events);
    return await print(context, detail, () => stepText(context, detail));
  }
  const update =
    ref.is === 'update' || ref.is === 'before'
      ? ref.update
      : ref.is === 'revision'
        ? await makerOf(replay, text)
        : null;
  if (update === null) return await showRecord(context, replay, text);
  const story = await storyOf(replay, update);
  if (options.raw) return await printRaw(context, story.events);
  const parts = { patch: options.patch ?? false, events: options.events ?? false };
  await print(context, story, () => storyText(context, story, parts));
}

async function printRaw(context: Context, records: readonly unknown[]): Promise<void> {
  await print(context, records, () =>
    records.map((record) => `${JSON.stringify(record)}\n`).join(''),
  );
}

/** The update that made a revision. */
async function makerOf(replay: Replay, text: string): Promise<string | null> {
  const { seq } = await resolveRef(replay, text);
  const record = await replay.recordAt(seq);
  return record && 'update' in record ? record.update : null;
}

async function showRecord(context: Context, replay: Replay, text: string): Promise<void> {
  const { seq } = await resolveRef(replay, text);
  const record = await replay.recordAt(seq);
  if (!record)
    throw new RipcordError('RIPCORD_REF_UNKNOWN', `cannot show ${text}: no event is there`, {
      hint: 'ripcord log --events',
    });
  await print(context, record, () => eventText(record));
}
