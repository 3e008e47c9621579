import { chownSync, mkdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

import { expect, test } from 'vitest';

import { giveMounts } from '../../../src/drivers/docker/container-body.ts';
import { testContext } from '../../../src/testing/test-context.ts';
import { SPEC } from '../../docker/docker-world.ts';
import { temporaryRoot } from '../world.ts';

const UNPRIVILEGED = 999;

test.skipIf(process.getuid?.() !== 0)(
  'a version that runs as root leaves the data to the one before, which may have to run again',
  async () => {
    const root = temporaryRoot();
    const data = join(root, 'chutes/hello/data');
    mkdirSync(data, { recursive: true });
    chownSync(data, 0, 0);
    const give = (uid: number): Promise<void> => {
      const args = { chute: 'hello', service: 'main', spec: { ...SPEC, uid } };
      return giveMounts(testContext({ root, kind: 'container.start@1', args }), args);
    };
    await give(UNPRIVILEGED);
    expect(statSync(data).uid).toBe(UNPRIVILEGED);
    await give(0);
    expect(statSync(data).uid).toBe(UNPRIVILEGED);
  },
);
