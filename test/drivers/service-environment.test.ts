import { expect, test } from 'vitest';

import { RipcordError } from '../../src/core/errors.ts';
import { serviceEnvironment } from '../../src/drivers/service-environment.ts';

const lost = async (): Promise<string> => {
  throw new RipcordError('RIPCORD_SECRET_MISSING', 'cannot read secret: it is not kept here');
};

test('a token that is lost keeps no service from running: it gets one that opens nothing', async () => {
  const environment = { RIPCORD_API_TOKEN: { $token: 'hello' } };
  const [once, again] = await Promise.all(
    [0, 1].map(async () => await serviceEnvironment({ root: '/r', secret: lost }, environment)),
  );
  expect(once?.['RIPCORD_API_TOKEN']).toMatch(/^[0-9a-f]{64}$/);
  expect(again?.['RIPCORD_API_TOKEN']).not.toBe(once?.['RIPCORD_API_TOKEN']);
});

test('a secret that is lost is not made up', async () => {
  const environment = { GREETING: { $secret: 'gone' } };
  await expect(serviceEnvironment({ root: '/r', secret: lost }, environment)).rejects.toMatchObject(
    {
      code: 'RIPCORD_SECRET_MISSING',
    },
  );
});
