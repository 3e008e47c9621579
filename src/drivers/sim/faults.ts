import type { ErrorClass } from '../../core/errors.ts';
import type { Step } from '../../core/step.ts';

/**
 * What goes wrong with calls of a driver.
 *
 * `before` nothing of the effect is there, `after` all of it is and the answer is lost, `partway` only
 * its first `parts` are.
 */
export type SimFault = {
  readonly on: 'run' | 'undo';
  /** Matched against the step's id and its kind, with `*` and `?`. */
  readonly steps: string;
  readonly when: 'before' | 'partway' | 'after';
  readonly parts?: number;
  /** The class of the error, or no answer at all until the engine gives up. */
  readonly answer: ErrorClass | 'hang';
  /** How many calls it hits; absent: every one. */
  readonly times?: number;
};

/** Faults by chance: of so many calls, 0 to 1, each hit in one of these ways. */
export type SimChance = {
  readonly share: number;
  readonly faults: readonly Omit<SimFault, 'steps' | 'times'>[];
};

/** Whether a fault is about this step. Pure. */
export function isAbout({ steps }: Pick<SimFault, 'steps'>, { id, kind }: Step): boolean {
  const source = steps
    .replaceAll(/[.+^${}()|[\]\\]/g, String.raw`\$&`)
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  const glob = new RegExp(`^${source}$`);
  return [id, kind, kind.split('@')[0] ?? kind].some((name) => glob.test(name));
}
