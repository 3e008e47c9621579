import { expect, test } from 'vitest';

import { expectSound, statusOf } from '../e2e/checks.ts';
import type { Begun } from '../e2e/device.ts';
import { describeDocker } from './docker-world.ts';
import { PairDevice } from './pair.ts';

/** More boundaries than the update has: a sweep that does not end is a failure. */
const BOUNDARIES_MAX = 40;

/** Waits until a command has told of something, or ended. */
async function printed(begun: Begun, text: string): Promise<void> {
  const told = new Promise<void>((done) => {
    const look = (): void => {
      if (begun.told().includes(text)) done();
    };
    begun.child.stdout?.on('data', look);
    begun.child.stderr?.on('data', look);
    look();
  });
  await Promise.race([told, begun.ended]);
}

describeDocker('an update of containers that is killed', (docker) => {
  /** One of two versions, whole, with its state hash. */
  const expectWhole = async (
    pair: PairDevice,
    hashes: ReadonlyMap<string, string>,
    story: string,
  ): Promise<string> => {
    // A process of its own: it is what goes on with the update.
    const status = await statusOf(pair.device);
    expect(status, story).toMatchObject({ running: null, stuck: [] });
    const answer = (await pair.answer()) ?? 'nobody';
    expect(status.stateHash, `${story}: ${answer} answers`).toBe(hashes.get(answer));
    expect(await pair.containers(), story).toEqual(pair.whole);
    return answer;
  };

  /** A device that runs version 1 and has run version 2, with the state hashes of both. */
  const ready = async (services: 'both' | 'web') => {
    const pair = await PairDevice.make(docker(), services);
    const hashes = new Map<string, string>();
    for (const version of [1, 2, 1]) {
      pair.define(version);
      expect((await pair.apply(version)).code).toBe(0);
      hashes.set(`version ${version}`, (await statusOf(pair.device)).stateHash);
    }
    return { pair, hashes };
  };

  test('is whole after a kill before every effect, and another right after it', async () => {
    const { pair, hashes } = await ready('web');
    let runs = 'version 1';
    let killed = 0;
    for (let k = 1; k < BOUNDARIES_MAX; k++) {
      const wanted = runs === 'version 1' ? 2 : 1;
      const run = await pair.apply(wanted, `kill@before-effect=${k}`);
      if (run.signal !== 'SIGKILL') break;
      killed = k;
      // What goes on begins with the effect that was not taken.
      await pair.device.ripcord(['status'], 'kill@effect=1');
      runs = await expectWhole(pair, hashes, `kill@before-effect=${k} to version ${wanted}`);
    }
    expect(killed).toBeGreaterThan(7);
    await expectSound(pair.device);
    pair.device.destroy();
  });

  test('is whole after its engine of containers was killed and started again', async () => {
    const { pair, hashes } = await ready('both');
    let runs = 'version 1';
    for (const told of ['switch web', 'stop store', 'start store', 'start web', 'record pair']) {
      const wanted = runs === 'version 1' ? 2 : 1;
      const begun = pair.begin(wanted);
      await printed(begun, told);
      await docker().endDaemon('SIGKILL');
      await docker().startDaemon();
      const { code, out, err } = await begun.ended;
      const story = `dockerd killed after '${told}': exit ${code} ${out}${err}`;
      expect([0, 4], story).toContain(code);
      runs = await expectWhole(pair, hashes, story);
      expect(runs, story).toBe(`version ${code === 0 ? wanted : 3 - wanted}`);
    }
    await expectSound(pair.device);
    pair.device.destroy();
  });
});
