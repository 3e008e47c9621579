import { expect, test } from 'vitest';

import { JournalError } from '../../journal/errors.ts';
import { serviceEnvironment } from '../../src/drivers/service-environment.ts';

const CODES = ['RIPCORD_SECRET_MISSING', 'RIPCORD_SECRET_DAMAGED'] as const;

const losing = (code: (typeof CODES)[number]) => async (): Promise<string> => {
  throw new JournalError(code, 'cannot read secret: it is not what it was');
};

test.each(CODES)(
  '%s of a token keeps no service from running: it gets one that opens nothing',
  async (code) => {
    const environment = { RIPCORD_API_TOKEN: { $token: 'hello' } };
    const secret = losing(code);
    const [once, again] = await Promise.all(
      [0, 1].map(async () => await serviceEnvironment({ root: '/r', secret }, environment)),
    );
    expect(once?.['RIPCORD_API_TOKEN']).toMatch(/^[0-9a-f]{64}$/);
    expect(again?.['RIPCORD_API_TOKEN']).not.toBe(once?.['RIPCORD_API_TOKEN']);
  },
);

test.each(CODES)('%s of a secret is told: no value is made up', async (code) => {
  const environment = { GREETING: { $secret: 'gone' } };
  const made = serviceEnvironment({ root: '/r', secret: losing(code) }, environment);
  await expect(made).rejects.toMatchObject({ code });
});
