import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { expect, test } from 'vitest';

import type { Health } from '../../src/core/chute.ts';
import { buildContext, RECIPE } from '../../src/drivers/docker/build-context.ts';
import { askContainer } from '../../src/drivers/docker/container-health.ts';
import { containerRemove } from '../../src/drivers/docker/container-remove.ts';
import { containerStart, startOnce } from '../../src/drivers/docker/container-start.ts';
import { containerStop } from '../../src/drivers/docker/container-stop.ts';
import { imageBuild } from '../../src/drivers/docker/image-build.ts';
import { imageDrop } from '../../src/drivers/docker/image-drop.ts';
import { imagePull } from '../../src/drivers/docker/image-pull.ts';
import { findNetwork, networkCreate, networkRemove } from '../../src/drivers/docker/network.ts';
import { liveProcesses } from '../../src/drivers/proc.ts';
import { testContext } from '../../src/testing/test-context.ts';
import { until } from '../drivers/world.ts';
import { appliedContainer, describeDocker, dockerRoot, NAME, SPEC } from './docker-world.ts';

const START = { chute: 'hello', service: 'main', spec: SPEC };
const STOP = { ...START, ready: null };
const BUILT = 'hello-main:1';

/** What a file holds; nothing when its process has just ended. */
const textOf = (path: string): string => {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
};

describeDocker('beside what we do', (docker) => {
  const contextOf = (root = dockerRoot()) =>
    testContext({ root, kind: 'container.start@1', args: START });

  /** `main` in a container of an earlier update, with the context of one that stops it. */
  const running = async () => {
    const earlier = contextOf();
    const instance = await startOnce(earlier, START);
    const kind = 'container.stop@1';
    const applied = appliedContainer(instance);
    const context = testContext({ root: earlier.root, update: 'u2', kind, args: STOP, applied });
    const undo = (await containerStop.prepare?.(context, STOP)) ?? { instance: null, image: null };
    return { instance, context, undo };
  };

  /** The image of `main`, built by us, and somebody's container and image that were made of it. */
  const lent = async (root: string): Promise<{ readonly guest: string }> => {
    const build = { chute: 'hello', service: 'main', image: BUILT, release: null };
    const dockerfile = 'FROM busybox:test\nLABEL a=b\n';
    const context = testContext({ root, kind: 'image.build@1', args: build });
    await imageBuild.run(context, { ...build, dockerfile }, { previous: null });
    const api = docker().api();
    const guest = await api.createContainer('guest', { Image: BUILT, Labels: {}, HostConfig: {} });
    await api.startContainer(guest);
    return { guest };
  };

  test('a container that somebody runs of an image of ours is theirs', async () => {
    const context = contextOf();
    const { guest } = await lent(context.root);
    await startOnce(context, START);
    const remove = { chute: 'hello', services: ['main'] };
    const { result } = await containerRemove.run(context, remove, null);
    expect(result.removed).toEqual([NAME]);
    expect((await docker().api().container(guest))?.State.Running).toBe(true);
  });

  test('an image that somebody has built on one of ours is theirs', async () => {
    const context = contextOf();
    await lent(context.root);
    const api = docker().api();
    await api.removeContainer('guest');
    const build = (n: number) =>
      api.buildImage(() => buildContext(null, `FROM ${BUILT}\nLABEL mine=${n}\n`), {
        tag: 'mine:1',
        labels: {},
        dockerfile: RECIPE,
      });
    const nameless = await build(1);
    await build(2);
    await imageDrop.run(context, { chute: 'hello', keep: [], shared: [], recipes: [] }, null);
    expect(await api.image('mine:1')).not.toBeNull();
    expect(await api.image(nameless ?? '')).not.toBeNull();
    expect(await api.image(BUILT)).toBeNull();
  });

  test('a container of another make is not taken for what a step would start', async () => {
    const context = contextOf();
    await startOnce(context, START);
    const other = { ...START, spec: { ...SPEC, environment: { NEW: '1' } } };
    const found = await containerStart.probe?.(context, other, null);
    expect(found?.state).toBe('partial');
  });

  test('a container that is made again because somebody removed it is kept as that was', async () => {
    const { context, undo } = await running();
    await containerStop.run(context, STOP, undo);
    const api = docker().api();
    await api.removeContainer(undo.instance?.container ?? '');
    await containerStop.undo?.(context, STOP, undo);
    expect((await api.container(NAME))?.HostConfig.RestartPolicy.Name).toBe('unless-stopped');
  });

  test('a container that an undo made again is what is applied, also when nobody recorded it', async () => {
    const { context, undo } = await running();
    await containerStop.run(context, STOP, undo);
    await docker()
      .api()
      .removeContainer(undo.instance?.container ?? '');
    const first = await containerStop.undo?.(context, STOP, undo);
    const again = await containerStop.undo?.(context, STOP, undo);
    expect(again).toEqual(first);
    const { Id = '' } = (await docker().api().container(NAME)) ?? {};
    expect(JSON.stringify(again)).toContain(Id);
  });

  test('a container that was put aside is stopped and not removed when somebody has started it', async () => {
    const { context, instance, undo } = await running();
    await containerStop.run(context, STOP, undo);
    const api = docker().api();
    await api.startContainer(instance.container);
    const start = {
      ...context,
      mark: 'u2/hello/main/container.start',
      applied: appliedContainer(null),
    };
    await startOnce(start, START);
    expect((await api.container(instance.container))?.State.Running).toBe(false);
  });

  test('a container of an earlier life of a root does not keep another from being put aside', async () => {
    const { context, undo } = await running();
    const earlier = { ...context, mark: 'u0/hello/main/container.start' };
    const old = await startOnce(earlier, { ...START, spec: { ...SPEC, name: `${NAME}.u2` } });
    await docker().api().stopContainer(old.container, 0);
    await containerStop.run(context, STOP, undo);
    expect(await docker().api().container(old.container)).toBeNull();
  });

  test.each(['running', 'put aside'])(
    'a container of an earlier life of a root that is %s is not taken for what a step of this one made',
    async (state) => {
      const context = contextOf();
      const facts = join(context.root, 'ripcord.json');
      writeFileSync(facts, JSON.stringify({ uuid: 'first' }));
      const earlier = await startOnce(context, START);
      const api = docker().api();
      if (state === 'put aside')
        await api.renameContainer(earlier.container, `${NAME}.${context.update}`);
      writeFileSync(facts, JSON.stringify({ uuid: 'second' }));
      const before = await containerStart.probe?.(context, START, null);
      expect(before?.state).toBe('not-done');
      const { container } = await startOnce(context, START);
      expect(container).not.toBe(earlier.container);
      expect(await api.container(earlier.container)).toBeNull();
      expect((await containerStart.probe?.(context, START, null))?.state).toBe('done');
    },
  );

  test('a check that hangs in a container is ended, with what it has started', async () => {
    const { container } = await startOnce(contextOf(), START);
    const command = ['sh', '-c', 'sleep 4242 & sleep 4242; exit'];
    const times = { intervalMs: 10, retries: 1, settleMs: 0, withinMs: 1_000, timeoutMs: 500_000 };
    const health: Health = { check: { type: 'exec', command }, ...times };
    const stop = new AbortController();
    const hung = () =>
      liveProcesses().filter(
        ({ pid }) =>
          textOf(`/proc/${pid}/cgroup`).includes(container) &&
          textOf(`/proc/${pid}/cmdline`).includes('4242'),
      );
    const asked = askContainer(health, { container, signal: stop.signal });
    await until(() => hung().length === 3);
    stop.abort();
    await expect(asked).rejects.toThrow('abort');
    await until(() => hung().length === 0);
    expect((await docker().api().container(container))?.State.Running).toBe(true);
  });

  test('what was built under the same name before is not built again for going back', async () => {
    const context = contextOf();
    const args = { chute: 'hello', service: 'main', image: BUILT, release: null };
    const build = async (dockerfile: string) =>
      (await imageBuild.run(context, { ...args, dockerfile }, { previous: null })).result.image;
    const [first, next] = ['FROM busybox:test\nLABEL v=1\n', 'FROM busybox:test\nLABEL v=2\n'];
    const id = await build(first);
    await build(next);
    const recipes = [{ service: 'main', release: null, dockerfile: first }];
    const drop = { chute: 'hello', keep: [args.image], shared: [], recipes };
    await imageDrop.run(context, drop, null);
    const api = docker().api();
    expect((await api.image(id))?.RepoTags).toEqual([
      expect.stringContaining('hello-main:before-'),
    ]);
    const back = { ...args, dockerfile: first };
    const undo = (await imageBuild.prepare?.(context, back)) ?? { previous: null };
    expect(await build(first)).toBe(id);
    await imageBuild.undo?.({ ...context, mark: 'u9/x' }, back, undo);
    expect((await api.image(args.image))?.Id).toBe(undo.previous);
    expect(await api.image(id)).not.toBeNull();
    await imageDrop.run(context, { ...drop, recipes: [] }, null);
    expect(await api.image(id)).toBeNull();
  });

  test('what a container printed that is found dead is told when another takes its place', async () => {
    const earlier = contextOf();
    const { container } = await startOnce(earlier, START);
    await docker().api().stopContainer(container, 1_000);
    const notes: unknown[] = [];
    const context = testContext({
      root: earlier.root,
      kind: 'container.start@1',
      args: START,
      mark: 'u2/hello/main/container.start',
      applied: appliedContainer(null),
      onNote: (fact) => notes.push(fact),
    });
    await startOnce(context, START);
    expect(notes).toEqual([
      expect.objectContaining({ service: 'main', exit: 'exit 143', log: ['ready'] }),
    ]);
  });

  test('an image that somebody has pulled anew under its name is theirs', async () => {
    const args = { chute: 'hello', image: 'published:1' };
    const context = testContext({ root: dockerRoot(), kind: 'image.pull@1', args });
    const api = docker().api();
    await api.tagImage('busybox:test', args.image);
    await imagePull.run(context, args, { existed: false });
    await api.buildImage(() => buildContext(null, 'FROM busybox:test\nLABEL new=1\n'), {
      tag: args.image,
      labels: {},
      dockerfile: RECIPE,
    });
    await imagePull.undo?.(context, args, { existed: false });
    expect(await api.image(args.image)).not.toBeNull();
    expect((await api.image('busybox:test'))?.RepoTags).toEqual(['busybox:test']);
  });

  test.each(['a network', 'a container and a network'])(
    'undoing a stop brings back %s that somebody has tidied away',
    async (what) => {
      const network = { chute: 'hello', network: 'hello-net' };
      const spec = { ...SPEC, network: { name: network.network, aliases: ['main'] } };
      const args = { ...STOP, spec };
      const earlier = contextOf();
      await networkCreate.run(earlier, network, { existed: false });
      const instance = await startOnce(earlier, args);
      const applied = appliedContainer(instance, spec);
      const context = { ...earlier, update: 'u2', mark: 'u2/hello/main/container.stop', applied };
      const undo = { instance, image: null };
      await containerStop.run(context, args, undo);
      const api = docker().api();
      if (what !== 'a network') await api.removeContainer(instance.container);
      await networkRemove.run(context, network, null);
      await containerStop.undo?.(context, args, undo);
      expect((await api.container(NAME))?.State.Running).toBe(true);
      expect(await findNetwork(api, context, network)).not.toBeNull();
    },
  );
});
