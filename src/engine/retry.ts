import type { ErrorClass } from '../core/errors.ts';
import type { Step } from '../core/step.ts';

/** How often and after what time a failed step or undo is tried again (DESIGN §7). */
export type RetryPolicy = {
  /** Milliseconds before the first repetition; doubled for each further one. */
  readonly firstMs: number;
  readonly longestMs: number;
  /** Attempts at one undo before a person is asked. */
  readonly undoAttemptsMax: number;
};

export const RETRY: RetryPolicy = { firstMs: 200, longestMs: 60_000, undoAttemptsMax: 5 };

/** Milliseconds until the next attempt at a step, or null when this failure is final. Pure. */
export function retryStepInMs(
  policy: RetryPolicy,
  step: Step,
  attempt: number,
  errorClass: ErrorClass,
): number | null {
  if (errorClass === 'permanent' || attempt > step.retries) return null;
  return delayMs(policy, attempt);
}

/** Milliseconds until the next attempt at an undo, or null when a person has to look. Pure. */
export function retryUndoInMs(
  policy: RetryPolicy,
  attempt: number,
  errorClass: ErrorClass,
): number | null {
  if (errorClass === 'permanent' || attempt >= policy.undoAttemptsMax) return null;
  return delayMs(policy, attempt);
}

const delayMs = ({ firstMs, longestMs }: RetryPolicy, attempt: number): number =>
  Math.min(firstMs * 2 ** (attempt - 1), longestMs);
