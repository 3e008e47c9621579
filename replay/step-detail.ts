import type { Recorded, Seq } from '../journal/record.ts';
import { RipcordError } from '../src/core/errors.ts';
import type { ChuteEvent, EventOf, UpdateId } from '../src/core/events.ts';
import type { Json } from '../src/core/json.ts';
import { isStepEvent } from '../src/core/mark.ts';
import type { Patch } from '../src/core/patch.ts';
import type { Step, StepId } from '../src/core/step.ts';
import type { Replay } from './replay.ts';
import type { StepStory } from './step-story.ts';
import { storyOf } from './story.ts';

/** Everything that the journal holds about one step: `ripcord show uN.sM -o json`. */
export type StepDetail = StepStory & {
  readonly update: UpdateId;
  /** What stands for it everywhere: `u43.s7`. */
  readonly ref: string;
  readonly args: Json;
  readonly timeoutMs: number;
  readonly retries: number;
  /** What was written down before each try: enough to undo it, whatever happened then. */
  readonly intents: readonly {
    readonly seq: Seq;
    readonly attempt: number;
    readonly kind: string;
    readonly inputHash: string;
    readonly undoData: { readonly bytes: number; readonly blob: string | null };
  }[];
  readonly probes: readonly {
    readonly seq: Seq;
    readonly at: string;
    readonly state: EventOf<'step.probed'>['state'];
    readonly evidence: Json;
  }[];
  readonly notes: readonly Json[];
  readonly result: Json;
  /** What it changed in `applied`, and how to take that back. */
  readonly patch: Patch;
  readonly inverse: Patch;
  readonly events: readonly Recorded<ChuteEvent>[];
};

/** One step of an update, by its place in the plan or its id. Throws RIPCORD_REF_UNKNOWN. */
export async function stepDetail(
  replay: Replay,
  update: UpdateId,
  step: number | StepId,
): Promise<StepDetail> {
  const story = await storyOf(replay, update);
  const told = story.plan?.steps.find(({ n, id }) => n === step || id === step);
  const planned = story.events.find((record) => record.type === 'update.planned');
  const data = planned?.type === 'update.planned' ? planned.steps.find(isThe(told)) : undefined;
  if (!told || !data) throw unknownStep(update, step, story.plan?.steps.length ?? 0);

  const events = story.events.filter((record) => isStepEvent(record) && record.n === told.n);
  const succeeded = events.findLast((record) => record.type === 'step.succeeded');
  const passed = events.findLast((record) => record.type === 'gate.passed');
  const { args, timeoutMs, retries } = data;
  return {
    ...told,
    update,
    ref: `${update}.s${told.n}`,
    args,
    timeoutMs,
    retries,
    intents: await intentsOf(replay, events),
    probes: events.flatMap((record) =>
      record.type === 'step.probed'
        ? [{ seq: record.seq, at: record.at, state: record.state, evidence: record.evidence }]
        : [],
    ),
    notes: events.flatMap((record) => (record.type === 'step.noted' ? [record.fact] : [])),
    result: succeeded?.result ?? passed?.result ?? null,
    patch: succeeded?.patch ?? [],
    inverse: succeeded?.inverse ?? [],
    events,
  };
}

const isThe =
  (told: StepStory | undefined) =>
  (step: Step): boolean =>
    step.n === told?.n;

async function intentsOf(
  replay: Replay,
  events: readonly Recorded<ChuteEvent>[],
): Promise<StepDetail['intents']> {
  const intents = events.filter((record) => record.type === 'step.intended');
  return await Promise.all(
    intents.map(async ({ seq, attempt, kind, inputHash, undo, undoBlob }) => ({
      seq,
      attempt,
      kind,
      inputHash,
      undoData: {
        bytes:
          undoBlob === undefined
            ? new TextEncoder().encode(JSON.stringify(undo)).length
            : (await replay.journal.getBlob(undoBlob)).length,
        blob: undoBlob ?? null,
      },
    })),
  );
}

function unknownStep(update: UpdateId, step: number | StepId, count: number): RipcordError {
  const name = typeof step === 'number' ? `${update}.s${step}` : `${update}/${step}`;
  const reason = count === 0 ? `${update} has no plan` : `its plan has s1 to s${count}`;
  return new RipcordError('RIPCORD_REF_UNKNOWN', `cannot find ${name}: ${reason}`, {
    hint: `ripcord show ${update}`,
  });
}
