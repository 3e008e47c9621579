import { createHash } from 'node:crypto';

import { expect, test } from 'vitest';

import { type Applied, NEW_CHUTE, NOTHING_APPLIED, stateHash } from '../../src/core/applied.ts';

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

const running = (pid: number, chute = 'hello', service = 'main'): Applied => ({
  ...NOTHING_APPLIED,
  chutes: {
    [chute]: {
      ...NEW_CHUTE,
      run: 'running',
      services: {
        [service]: {
          state: 'running',
          spec: null,
          instance: { pid, startTicks: 1, boot: 'b', mark: 'u1/x' },
        },
      },
    },
  },
});

test('who runs is no part of the state hash', () => {
  expect(stateHash(running(1), sha256)).toBe(stateHash(running(2), sha256));
});

test('what is called like a field of ours is part of it all the same', () => {
  const empty = stateHash(NOTHING_APPLIED, sha256);
  expect(stateHash(running(1, 'instance'), sha256)).not.toBe(empty);
  expect(stateHash(running(1, 'hello', 'instance'), sha256)).not.toBe(
    stateHash(running(1, 'hello', 'main'), sha256),
  );
  const stopped = running(1, 'instance').chutes['instance'];
  const changed = {
    ...running(1, 'instance'),
    chutes: { instance: { ...stopped, run: 'stopped' } },
  };
  expect(stateHash(changed as Applied, sha256)).not.toBe(stateHash(running(1, 'instance'), sha256));
});
