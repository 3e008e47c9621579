import { describe, expect, test } from 'vitest';

import { secretCheck } from '../../../src/drivers/process/secret-check.ts';
import { driverContract } from '../../../src/testing/driver-contract.ts';
import { testContext } from '../../../src/testing/test-context.ts';
import { serviceRoot, serviceWorld } from './service-world.ts';

function checking(...marks: readonly string[]) {
  const root = serviceRoot();
  const args = { chute: 'hello', secrets: marks.map(($secret) => ({ $secret })) };
  const secrets = { one: 'hunter2', two: 'hunter3' };
  const context = testContext({ root, kind: 'secret.check@1', args, secrets });
  return { root, args, context, world: async () => serviceWorld(root) };
}

driverContract(
  { describe, test, expect },
  {
    kind: 'secret.check@1',
    driver: secretCheck,
    arrange: async () => checking('one', 'two'),
    failing: [
      {
        name: 'one of them is gone',
        code: 'RIPCORD_SECRET_MISSING',
        arrange: async () => checking('one', 'three'),
      },
    ],
  },
);

test('says what brings a secret back, and does not try again', async () => {
  const { context, args } = checking('three');
  await expect(secretCheck.run(context, args, null)).rejects.toMatchObject({
    class: 'permanent',
    hint: 'apply the definition of hello again, with its secrets',
  });
});
