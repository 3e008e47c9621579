import { expect, test } from 'vitest';

import { expectAtRest, run, statusOf, V1, V2 } from './checks.ts';
import { device as made } from './shell.ts';

test('few file descriptors let an update through, or take it back, or refuse it: never in between', async () => {
  const device = await made();
  await run(device, 'apply hello-v2 -y', 0);
  const two = {
    words: 'apply hello-v2 -y',
    answer: V2,
    stateHash: (await statusOf(device)).stateHash,
  };
  const words = 'apply hello -y --allow-downgrade';
  await run(device, words, 0);
  const one = { words, answer: V1, stateHash: (await statusOf(device)).stateHash };
  let [old, wanted] = [one, two];
  const ends = new Set<boolean>();
  for (const count of [20, 24, 28, 36, 44, 48, 50, 52, 54, 56, 60, 300]) {
    // One of the caller's own lies beyond them all.
    const limited = `exec 250</dev/null; ulimit -n ${count}; exec "$@"`;
    device.launcher = ['bash', '-c', limited, 'bash'];
    const { code, signal, out, err } = await device.ripcord(wanted.words.split(' '));
    device.launcher = [];
    const story = `${count} descriptors, exit ${code} ${signal}: ${out}${err}`;
    const { stateHash } = await statusOf(device);
    expect([old.stateHash, wanted.stateHash], story).toContain(stateHash);
    const isThrough = stateHash === wanted.stateHash;
    if (code === 0) expect(isThrough, story).toBe(true);
    ends.add(code === 0);
    await expectAtRest(device, isThrough ? wanted : old, story);
    if (isThrough) [old, wanted] = [wanted, old];
  }
  expect(ends).toEqual(new Set([false, true]));
});
