import { expect, test } from 'vitest';

import { statusOf } from '../e2e/checks.ts';
import { clearDocker, describeDocker } from './docker-world.ts';
import { PairDevice } from './pair.ts';

const WHOLE = ['pair-store running', 'pair-web running'];

describeDocker('a chute of two containers', (docker) => {
  test('is installed, updated, rolled back when the update fails, and removed', async () => {
    const pair = await PairDevice.make(docker());
    const { device } = pair;
    for (const version of [1, 2]) {
      pair.define(version);
      expect((await pair.apply(version)).code).toBe(0);
      expect(await pair.containers()).toEqual(WHOLE);
      expect(await pair.answer()).toBe(`version ${version}`);
    }
    const before = await statusOf(device);
    expect((await device.ripcord(['logs', 'pair', 'store'])).out).toBe('stored\n');
    const { out } = await device.ripcord(['doctor', 'host']);
    expect(out).toMatch(/docker [\d.]+\S* at .*: API [\d.]+, overlay2, live-restore off/);

    pair.define(3, { path: '/no-such-page' });
    const failed = await pair.apply(3);
    expect(failed.code, failed.out + failed.err).toBe(4);
    expect(failed.out + failed.err).toContain('404');
    expect(await pair.containers()).toEqual(WHOLE);
    expect(await pair.answer()).toBe('version 2');
    expect((await statusOf(device)).stateHash).toBe(before.stateHash);

    pair.define(4, { command: 'echo why it ends; exit 3' });
    const ended = await pair.apply(4);
    expect(ended.code).toBe(4);
    expect(ended.out + ended.err).toContain('exit 3');
    expect((await device.ripcord(['show', 'u4', '-o', 'json'])).out).toContain('why it ends');
    expect(await pair.answer()).toBe('version 2');

    expect((await device.ripcord(['stop', 'pair'])).code).toBe(0);
    expect(await pair.containers()).toEqual([]);
    expect((await device.ripcord(['start', 'pair'])).code).toBe(0);
    expect(await pair.answer()).toBe('version 2');

    expect((await device.ripcord(['rm', 'pair', '-y'])).code).toBe(0);
    expect(await pair.containers()).toEqual([]);
    const images = (await docker().api().images({})).flatMap(({ RepoTags }) => RepoTags ?? []);
    expect(images).toEqual(['busybox:test']);
    expect(await docker().api().networksNamed('pair')).toEqual([]);
    device.destroy();
  });

  test('leaves a container of somebody else alone that has its name, and says whose it is', async () => {
    const pair = await PairDevice.make(docker());
    const api = docker().api();
    const foreign = await api.createContainer('pair-web', {
      Image: 'busybox:test',
      Labels: {},
      HostConfig: {},
    });
    await api.startContainer(foreign);
    pair.define(1);
    const refused = await pair.apply(1);
    expect(refused.code).toBe(4);
    expect(refused.out + refused.err).toContain(`container pair-web (${foreign.slice(0, 12)})`);
    expect(await pair.containers()).toEqual([]);
    expect((await api.container(foreign))?.State.Running).toBe(true);
    pair.device.destroy();
    await clearDocker(api);
  });

  test('is found dead when its container was ended by somebody, and started again', async () => {
    const pair = await PairDevice.make(docker());
    pair.define(1);
    expect((await pair.apply(1)).code).toBe(0);
    await docker().api().stopContainer('pair-web', 1_000);
    const { out } = await pair.device.ripcord(['status']);
    expect(out).toContain('pair/web is exited, expected running');
    expect((await pair.apply(1)).code).toBe(0);
    expect(await pair.answer()).toBe('version 1');
    expect(await pair.containers()).toEqual(WHOLE);
    pair.device.destroy();
  });
});
