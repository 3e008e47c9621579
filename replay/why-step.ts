import type { Seq } from '../journal/record.ts';
import type { ChuteEvent, StepPlace } from '../src/core/events.ts';
import { HOST } from '../src/core/host-config/document.ts';
import type { JsonObject } from '../src/core/json.ts';
import { pointer, type Patch } from '../src/core/patch.ts';
import type { StepId } from '../src/core/step.ts';
import { isUnder } from './path-changes.ts';
import type { Replay } from './replay.ts';
import { type StepDetail, stepDetail } from './step-detail.ts';
import type { StepState } from './step-story.ts';
import { storyOf, type UpdateStory } from './story.ts';
import {
  count,
  entry,
  failureText,
  patchWords,
  subjectName,
  type Why,
  type WhyEntry,
} from './why-answer.ts';
import { causeWords } from './why-cause.ts';

const PATCH_SHOWN_MAX = 6;

/** Why a step was there, and why it went as it went. Throws RIPCORD_REF_UNKNOWN. */
export async function whyStep(
  replay: Replay,
  { update, step }: { readonly update: string; readonly step: number | StepId },
  deep: boolean,
): Promise<Why> {
  const detail = await stepDetail(replay, update, step);
  const story = await storyOf(replay, update);
  const shown = deep ? undefined : PATCH_SHOWN_MAX;
  return {
    subject: detail.ref,
    is: 'step',
    text: `${detail.ref} (${detail.title}) ${STATES[detail.state]}${endWords(detail, story)}.`,
    chain: [
      ...reasons(detail, story, shown),
      ...waited(detail, story),
      ...went(detail, story),
      ...left(detail, shown),
      ...taken(detail, story),
    ],
    next:
      detail.state === 'stuck'
        ? `ripcord resolve ${detail.ref} --as retry -m "tried again"`
        : `ripcord show ${detail.ref}`,
  };
}

const STATES: Readonly<Record<StepState, string>> = {
  pending: 'was never begun',
  running: 'is under way',
  'in-doubt': 'was cut off by a crash, and nobody has looked yet',
  retrying: 'failed and is tried again',
  done: 'is done',
  skipped: 'was not needed',
  failed: 'failed',
  warned: 'failed after the commit, which changes nothing about it',
  undoing: 'is being undone',
  undone: 'was undone',
  stuck: 'could not be undone and waits for a person',
  accepted: 'was accepted as it is by a person',
};

function endWords(detail: StepDetail, story: UpdateStory): string {
  const error = detail.attempts.findLast((each) => each.error !== null)?.error;
  if (detail.state === 'failed' || detail.state === 'warned' || detail.state === 'retrying')
    return error ? `: ${failureText(error)}` : '';
  if (detail.state === 'skipped') return `: ${detail.skipped?.reason ?? 'nothing to do'}`;
  if (detail.state === 'undone' && story.cause !== null)
    return error ? `: ${failureText(error)}` : ` because ${causeWords(story)}`;
  if (detail.state === 'pending' && story.cause !== null) return ` because ${causeWords(story)}`;
  return '';
}

/** Who asked for it, and which of the differences it is about. */
function reasons(
  detail: StepDetail,
  story: UpdateStory,
  shown: number | undefined,
): readonly WhyEntry[] {
  const { update, n, module, chute, title, afterCommit } = detail;
  const about = { update, n };
  const seq = story.plan?.seq ?? null;
  const owners = ownersOf(detail, story);
  const shared =
    owners.length > 1
      ? `, for ${owners.map(subjectName).join(' and ')} together`
      : ` for ${subjectName(chute)}`;
  const late = afterCommit ? ', behind the commit' : '';
  const asked = entry(`the module ${module} asked for it${shared}: ${title}${late}`, [seq], about);
  const { patch, whole } = causesOf(detail, story.patch ?? [], owners);
  if (patch.length === 0) {
    const operation = story.operations[chute] ?? 'apply';
    const text = `because ${story.id} asked to ${operation} ${subjectName(chute)}, with no difference of its own`;
    return [asked, entry(text, [story.requestedSeq], about)];
  }
  const kind = whole ? ', as all of the change does' : '';
  return [asked, entry(`because ${patchWords(patch, shown)}${kind}`, [seq], about)];
}

function ownersOf({ n, chute }: StepDetail, story: UpdateStory): readonly string[] {
  const planned = story.events.find((record) => record.type === 'update.planned');
  const step =
    planned?.type === 'update.planned' ? planned.steps.find((each) => each.n === n) : null;
  return step?.owners ?? [chute];
}

/** The operations of the plan's patch that a step is there for: below what it is about. Pure. */
export function causesOf(
  { kind, args }: Pick<StepDetail, 'args' | 'kind'>,
  patch: Patch,
  owners: readonly string[],
): { readonly patch: Patch; readonly whole: boolean } {
  const mine = patch.filter(({ path }) => owners.some((chute) => isUnder(path, baseOf(chute))));
  const places = owners.flatMap((chute) =>
    chute === HOST
      ? [baseOf(chute)]
      : placesOf(kind, args as JsonObject).map((place) => baseOf(chute) + place),
  );
  const close = mine.filter(({ path }) =>
    places.some((place) => isUnder(path, place) || isUnder(place, path)),
  );
  return close.length > 0 ? { patch: close, whole: false } : { patch: mine, whole: true };
}

const baseOf = (chute: string): string =>
  chute === HOST ? '/host/config' : pointer('chutes', chute);

/** The places of a chute's view that steps of a kind depend on; none: on all of it. */
function placesOf(kind: string, args: JsonObject): readonly string[] {
  const service = args['service'];
  const definition = '/definition';
  if (kind.startsWith('config.'))
    return ['interfaces', 'firewall', 'dns', 'network']
      .map((each) => `${definition}/${each}`)
      .concat([`${definition}/services`, '/run']);
  if (typeof service !== 'string') return [];
  const here = pointer('services', service);
  if (kind.startsWith('release.')) return [`${definition}${here}/source`];
  return [`${definition}${here}`, here, `${definition}/environment`, '/run'];
}

function waited(detail: StepDetail, story: UpdateStory): readonly WhyEntry[] {
  const { update, n, needs } = detail;
  const steps = (story.plan?.steps ?? []).filter(({ id }) => needs.includes(id));
  if (steps.length === 0) return [];
  const seqs = steps.map((step) => endOf(story, step.n));
  const names = steps.map((step) => `s${step.n} (${step.title})`).join(', ');
  return [entry(`it came after ${names}`, seqs, { update, n })];
}

const ENDS: ReadonlySet<string> = new Set<ChuteEvent['type']>([
  'gate.passed',
  'step.skipped',
  'step.succeeded',
]);

function endOf({ events }: UpdateStory, n: number): Seq | null {
  const end = events.findLast((record) => ENDS.has(record.type) && 'n' in record && record.n === n);
  return end?.seq ?? null;
}

/** Its attempts, probes and skips, as they came. */
function went(detail: StepDetail, story: UpdateStory): readonly WhyEntry[] {
  const { update, n } = detail;
  return detail.events.flatMap((record): readonly WhyEntry[] => {
    const tell = (text: string): readonly WhyEntry[] => [entry(text, [record.seq], { update, n })];
    switch (record.type) {
      case 'step.failed':
      case 'gate.failed': {
        const { attempt, error, final, retryInMs, class: kind } = record;
        const next = final ? 'for good' : `tried again after ${retryInMs ?? 0} ms`;
        return tell(`attempt ${attempt} failed (${kind}), ${next}: ${failureText(error)}`);
      }
      case 'step.timedOut':
        return tell(`attempt ${record.attempt} took longer than ${record.afterMs} ms`);
      case 'step.probed':
        return tell(`the world was asked whether its effect is there: ${record.state}`);
      case 'step.skipped': {
        const whom = record.by ? `, satisfied by ${satisfierWords(record.by, story)}` : '';
        const end = detail.skipped?.holds === false ? ', which no longer holds: it was undone' : '';
        return tell(`skipped${whom}: ${record.reason}${end}`);
      }
      case 'step.succeeded': {
        const found = record.recovered === true ? ', found in place by a look at the world' : '';
        return tell(`attempt ${record.attempt} got through${found}`);
      }
      case 'gate.passed':
        return tell(`the health checks passed`);
      default:
        return [];
    }
  });
}

/** `s4 (write …)` of this update, `u3 host/config.reload:dhcp` of another. */
function satisfierWords(by: StepPlace, story: UpdateStory): string {
  const own = story.plan?.steps.find(({ id }) => by.update === story.id && id === by.step);
  return own ? `s${own.n} (${own.title})` : `${by.update} ${by.step}`;
}

function left(detail: StepDetail, shown: number | undefined): readonly WhyEntry[] {
  const { update, n, patch, events } = detail;
  if (patch.length === 0) return [];
  const seqs = events.filter(({ type }) => type === 'step.succeeded').map(({ seq }) => seq);
  return [entry(`it left: ${patchWords(patch, shown)}`, seqs.slice(-1), { update, n })];
}

/** How it was undone, and why. */
function taken(detail: StepDetail, story: UpdateStory): readonly WhyEntry[] {
  const { update, n, undone, events } = detail;
  if (!undone) return [];
  const about = { update, n };
  const seqs = events.filter(({ type }) => type.startsWith('compensation.')).map(({ seq }) => seq);
  const tries = undone.attempts > 1 ? ` after ${count(undone.attempts, 'attempt')}` : '';
  const said = undone.message === null ? '' : ` ("${undone.message}")`;
  const error = undone.error ? `: ${failureText(undone.error)}` : '';
  const how = {
    running: 'its undo is under way',
    undone: `undone${tries}`,
    nothing: 'there was nothing to undo',
    failed: `its undo failed${tries}${error}`,
    accepted: 'its effect was accepted as it is',
    retry: 'its undo is tried again',
  }[undone.outcome];
  return [entry(`${how}${said}, because ${causeWords(story)}`, seqs, about)];
}
