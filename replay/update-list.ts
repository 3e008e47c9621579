import { RipcordError } from '../src/core/errors.ts';
import type { OutcomeWord } from '../src/core/state.ts';
import type { Replay } from './replay.ts';
import { bootSpan, type Now, resolveRef } from './resolve-ref.ts';
import type { UpdateSummary } from './update-summary.ts';

/** Which updates are listed; what is left out does not limit. */
export type UpdateFilter = Now & {
  readonly chute?: string;
  /** An outcome word, `stuck`, `unfinished`, or `failed` for all that did not get through. */
  readonly status?: string;
  /** Only those that were still on their way after this ref, and asked for before that one. */
  readonly since?: string;
  readonly until?: string;
  /** Only those with records of this boot: 0 is the newest, 1 the one before. */
  readonly boot?: number;
  /** A regular expression, looked for in all that a summary says, in any case of letters. */
  readonly grep?: string;
  /** Only those asked for behind this record. */
  readonly after?: number;
  /** The newest so many. */
  readonly limit?: number;
  /** Default: newest first. */
  readonly oldestFirst?: boolean;
};

/**
 * The updates of a device, unfinished and rejected ones included.
 *
 * Throws RIPCORD_REF_UNKNOWN, RIPCORD_USAGE_INVALID for a `grep` that is no regular expression and a
 * `status` that is none.
 */
export async function listUpdates(
  replay: Replay,
  filter: UpdateFilter = {},
): Promise<readonly UpdateSummary[]> {
  const { since, until, chute, status, boot, after = 0 } = filter;
  refuseUnknownStatus(status);
  const chronicle = await replay.chronicle();
  const first = since === undefined ? 0 : (await resolveRef(replay, since, filter)).seq;
  const last =
    until === undefined ? replay.head.seq : (await resolveRef(replay, until, filter)).seq;
  const span = boot === undefined ? null : bootSpan(chronicle, boot);
  const text = filter.grep === undefined ? null : patternOf(filter.grep);
  const found = chronicle.updates.filter(
    (update) =>
      update.lastSeq > first &&
      update.requestedSeq <= last &&
      update.requestedSeq > after &&
      (chute === undefined || update.chutes.includes(chute)) &&
      (status === undefined || hasStatus(update, status)) &&
      (!span || (update.lastSeq >= span.from && update.requestedSeq <= span.to)) &&
      (!text || text.test(wordsOf(update))),
  );
  const newest = filter.limit === undefined ? found : found.slice(-Math.max(1, filter.limit));
  return filter.oldestFirst === true ? newest : newest.toReversed();
}

const STATUSES: ReadonlySet<string> = new Set<OutcomeWord | 'failed' | 'stuck' | 'unfinished'>([
  'cancelled',
  'committed',
  'failed',
  'rejected',
  'resolved',
  'reverted',
  'stuck',
  'superseded',
  'unchanged',
  'unfinished',
]);

function refuseUnknownStatus(status: string | undefined): void {
  if (status === undefined || STATUSES.has(status)) return;
  throw new RipcordError(
    'RIPCORD_USAGE_INVALID',
    `cannot list updates by '${status}': it is no status`,
    { hint: `a status is ${[...STATUSES].join(', ')}` },
  );
}

function hasStatus({ outcome }: UpdateSummary, status: string): boolean {
  if (status === 'unfinished') return outcome === null || outcome === 'stuck';
  if (status === 'failed') return outcome !== null && FAILED.has(outcome);
  return outcome === status;
}

const FAILED: ReadonlySet<string> = new Set(['rejected', 'reverted', 'stuck', 'resolved']);

function patternOf(grep: string): RegExp {
  try {
    return new RegExp(grep, 'imu');
  } catch (error) {
    throw new RipcordError(
      'RIPCORD_USAGE_INVALID',
      `cannot search for '${grep}': it is no pattern`,
      {
        cause: error,
        hint: String(error instanceof Error ? error.message : error),
      },
    );
  }
}

function wordsOf(update: UpdateSummary): string {
  const { id, outcome, chutes, by, message, failedStep, error } = update;
  const failure = error ? [error.code, error.message] : [];
  const words = [id, outcome, ...chutes, by.user, by.via, message, failedStep, ...failure];
  return words.filter((word) => word !== null).join('\n');
}
