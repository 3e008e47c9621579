import { expect, test } from 'vitest';

import type { Recorded } from '../../journal/record.ts';
import type { ChuteEvent } from '../../src/core/events.ts';
import { evolve } from '../../src/core/fold.ts';
import { NEW_STATE } from '../../src/core/state.ts';

const recorded = (event: ChuteEvent): Recorded<ChuteEvent> => ({
  ...event,
  seq: 1,
  end: 1,
  synced: 0,
  prev: '',
  hash: '',
  at: '',
  boot: 'b1',
  up: 0,
  v: 1,
});

test.each([
  ['passes over numbers that lost updates may have had', { passed: 13 }, 14],
  ['of an older program passes over none', {}, 1],
])('a repair %s', (_title, more, next) => {
  const repaired = recorded({ type: 'journal.repaired', lost: [], quarantine: 'q', ...more });
  expect(evolve(NEW_STATE, repaired).nextUpdate).toBe(next);
});
