import { expect, test } from 'vitest';

import { canonical } from '../../src/core/json.ts';
import type { Planned } from '../../src/core/make-plan.ts';
import { shuffled } from './histories.ts';
import { HISTORIES, live, PATIENCE_MS } from './lived-histories.ts';
import { planned } from './plan-model.ts';

test(
  'planned twice, and from shuffled data, a plan has the same hash and a refusal the same words',
  async () => {
    const plans = await live(({ update, answer, applied, at }, { facts, seed }) => {
      const again = planned(update, { applied, facts, allowDowngrade: true });
      expect(told(again)).toBe(told(answer));
      const other = planned(shuffled(update, seed + at).toReversed(), {
        applied: shuffled(applied, seed - at),
        facts: shuffled(facts, seed),
        allowDowngrade: true,
      });
      expect(told(other)).toBe(told(answer));
    });
    expect(plans).toBeGreaterThan(HISTORIES);
  },
  PATIENCE_MS,
);

/** All that is told of a plan: its hash stands for its patch and its steps. */
const told = (answer: Planned): string =>
  canonical('plan' in answer ? { hash: answer.plan.hash, warnings: answer.warnings } : answer);
