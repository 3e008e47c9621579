import { breachesOf } from './invariants.ts';
import { Life } from './life.ts';

export type Simulated = {
  readonly seed: number;
  readonly breaches: readonly string[];
  readonly counts: Life['counts'];
};

/** The life of the device of a seed, and what did not hold of it. Equal seeds, equal lives. */
export async function simulate(
  seed: number,
  tell: (line: string) => void = () => undefined,
): Promise<Simulated> {
  const life = new Life(seed, tell);
  await life.live();
  const state = await life.settle();
  return { seed, breaches: await breachesOf(life, state), counts: life.counts };
}
