import { expect, test } from 'vitest';

import { parseFaults } from '../../src/engine/faults.ts';

test.each([1, 2, 3])('kill@effect=%i comes behind that effect, whichever begin meanwhile', (k) => {
  let ended = 0;
  const killed: number[] = [];
  const faults = parseFaults(`kill@effect=${k}`, () => killed.push(ended));
  const begun = [faults.beforeEffect(), faults.beforeEffect(), faults.beforeEffect()];
  for (const effect of [...begun.slice(1), ...begun.slice(0, 1)]) {
    ended = effect;
    faults.afterEffect(effect);
  }
  expect(killed).toEqual([k]);
});
