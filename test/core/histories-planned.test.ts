import { expect, test } from 'vitest';

import { canonical } from '../../src/core/json.ts';
import { shuffled } from './histories.ts';
import { HISTORIES, live, PATIENCE_MS } from './lived-histories.ts';
import { planned } from './plan-model.ts';

test(
  'planned twice, and from shuffled data, a plan has the same hash and a refusal the same words',
  async () => {
    const plans = await live(({ update, answer, applied, at }, { facts, seed }) => {
      const again = planned(update, { applied, facts, allowDowngrade: true });
      expect(canonical(again)).toBe(canonical(answer));
      const other = planned(shuffled(update, seed + at).toReversed(), {
        applied: shuffled(applied, seed - at),
        facts: shuffled(facts, seed),
        allowDowngrade: true,
      });
      expect(canonical(other)).toBe(canonical(answer));
      if ('plan' in answer && 'plan' in other) expect(other.plan.hash).toBe(answer.plan.hash);
    });
    expect(plans).toBeGreaterThan(HISTORIES);
  },
  PATIENCE_MS,
);
