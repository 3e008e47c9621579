import { describe, expect, test } from 'vitest';

import { NEW_CHUTE } from '../../src/core/applied.ts';
import { builtInDrivers } from '../../src/drivers/all.ts';
import { chuteSave } from '../../src/drivers/chute-save.ts';
import { driverContract } from '../../src/testing/driver-contract.ts';
import { testContext } from '../../src/testing/test-context.ts';
import { temporaryRoot } from './world.ts';

driverContract(
  { describe, test, expect },
  {
    kind: 'chute.save@1',
    driver: chuteSave,
    arrange: async () => {
      const patch = [{ op: 'add', path: '/chutes/hello', value: NEW_CHUTE }] as const;
      const args = { chute: 'hello', patch };
      const context = testContext({ root: temporaryRoot(), kind: 'chute.save@1', args });
      return { args, context, world: async () => null };
    },
  },
);

test('every built-in driver has a probe, is idempotent or has no effect', () => {
  const wrong = Object.entries(builtInDrivers())
    .filter(([, driver]) => driver.effect !== false)
    .filter(([, driver]) => driver.probe === undefined && driver.idempotent !== true)
    .map(([kind]) => kind);
  expect(wrong).toEqual([]);
});
