import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import type { StepContext } from '../../src/core/driver.ts';
import type { Json } from '../../src/core/json.ts';
import { releaseDirectory } from '../../src/core/layout.ts';
import { imageBuild } from '../../src/drivers/docker/image-build.ts';
import { imageCheck } from '../../src/drivers/docker/image-check.ts';
import { imageDrop } from '../../src/drivers/docker/image-drop.ts';
import { imagePull } from '../../src/drivers/docker/image-pull.ts';
import { driverContract, type TestFramework } from '../../src/testing/driver-contract.ts';
import { testContext } from '../../src/testing/test-context.ts';
import { clearDocker, describeDocker, dockerRoot, dockerWorld } from './docker-world.ts';

const framework: TestFramework = { describe, test, expect };
const RELEASE = `sha256:${'ab'.repeat(32)}`;

describeDocker('images', (docker) => {
  let registry: ChildProcess;
  /** Of an image that can be pulled. */
  const tiny = { name: '' };

  beforeAll(async () => {
    const { Arch } = await docker().api().version();
    const [program, ...args] = [
      ...docker().launcher,
      process.execPath,
      resolve('test/docker/registry.mjs'),
    ];
    registry = spawn(program, args, {
      stdio: ['pipe', 'pipe', 'inherit'],
      env: { ...process.env, ARCHITECTURE: Arch },
    });
    const [port] = registry.stdout ? ((await once(registry.stdout, 'data')) as [Buffer]) : [''];
    tiny.name = `127.0.0.1:${String(port).trim()}/library/tiny:1`;
  });
  afterAll(() => registry.stdin?.end());

  const scene = (kind: string, args: Json, root = dockerRoot()) => ({
    context: testContext({ root, kind, args }),
    world: () => dockerWorld(docker().api(), root),
    dispose: () => clearDocker(docker().api()),
  });

  const pulling = (image = tiny.name) => {
    const args = { chute: 'hello', image };
    return { args, ...scene('image.pull@1', args) };
  };

  driverContract(framework, {
    kind: 'image.pull@1',
    driver: imagePull,
    arrange: async () => pulling(),
    prefixes: [
      {
        name: 'an image that is here and does not say whose it is',
        state: 'partial',
        reach: async () => docker().api().pullImage(tiny.name),
      },
    ],
    failing: [
      {
        name: 'nobody has published it',
        code: 'RIPCORD_DOCKER_REFUSED',
        arrange: async () => pulling(tiny.name.replace(':1', ':2')),
      },
      {
        name: 'its registry is away',
        code: 'RIPCORD_DOCKER_REFUSED',
        arrange: async () => pulling('127.0.0.1:9/library/tiny:1'),
      },
    ],
  });

  test('an image that was here before stays when the update that names it is undone', async () => {
    const { context, args, world } = pulling('busybox:test');
    const before = await world();
    const undo = (await imagePull.prepare?.(context, args)) ?? { existed: false };
    await imagePull.run(context, args, undo);
    await imagePull.undo?.(context, args, undo);
    expect(await world()).toEqual(before);
  });

  const recipe = 'FROM scratch\nCOPY main.txt /\n';
  const buildArgs = {
    chute: 'hello',
    service: 'main',
    image: 'hello-main:1',
    release: RELEASE,
    dockerfile: recipe,
  };
  const building = (
    args: typeof buildArgs | (Omit<typeof buildArgs, 'dockerfile'> & { dockerfile: null }),
  ) => {
    const root = dockerRoot();
    const tree = join(root, releaseDirectory('hello', RELEASE));
    mkdirSync(tree, { recursive: true });
    writeFileSync(join(tree, 'main.txt'), 'one');
    return { args, ...scene('image.build@1', args, root) };
  };
  /** An image of this name, of somebody else or of an earlier version. */
  const withImage = async (labels: Record<string, string>) => {
    const { buildContext, RECIPE } = await import('../../src/drivers/docker/build-context.ts');
    await docker()
      .api()
      .buildImage(() => buildContext(null, 'FROM scratch\nLABEL a=b\n'), {
        tag: buildArgs.image,
        labels,
        dockerfile: RECIPE,
      });
  };

  driverContract(framework, {
    kind: 'image.build@1',
    driver: imageBuild,
    arrange: async () => building(buildArgs),
    prefixes: [
      {
        name: 'a build whose outcome was never recorded',
        state: 'done',
        reach: async ({ context, args }, undo) => void (await imageBuild.run(context, args, undo)),
      },
    ],
    failing: [
      {
        name: 'its recipe is wrong',
        code: 'RIPCORD_DOCKER_REFUSED',
        arrange: async () => building({ ...buildArgs, dockerfile: 'FORM scratch\n' }),
      },
      {
        name: 'a command of its recipe fails',
        code: 'RIPCORD_DOCKER_REFUSED',
        arrange: async () =>
          building({
            ...buildArgs,
            dockerfile: 'FROM busybox:test\nRUN ["/bin/sh", "-c", "exit 3"]\n',
          }),
      },
      {
        name: 'nothing says how to build it',
        code: 'RIPCORD_SOURCE_INVALID',
        arrange: async () => building({ ...buildArgs, dockerfile: null }),
      },
      {
        name: 'somebody else has an image of its name',
        code: 'RIPCORD_RESOURCE_TAKEN',
        arrange: async () => {
          await withImage({});
          return building(buildArgs);
        },
      },
    ],
  });

  test('a build that is undone leaves the name to the image that had it', async () => {
    const { context, args, world } = building(buildArgs);
    const first = { ...args, dockerfile: 'FROM scratch\nLABEL first=1\n' };
    await imageBuild.run({ ...context, mark: 'u0/x' }, first, { previous: null });
    const before = await world();
    const undo = (await imageBuild.prepare?.(context, args)) ?? { previous: null };
    const { result } = await imageBuild.run(context, args, undo);
    expect(result.built).toBe(true);
    expect(await world()).not.toEqual(before);
    await imageBuild.undo?.(context, args, undo);
    expect(await world()).toEqual(before);
  });

  test('an image holds the files of its release and not the recipe', async () => {
    const dockerfile = 'FROM busybox:test\nCOPY . /app\n';
    const { context, args } = building({ ...buildArgs, dockerfile });
    await imageBuild.run(context, args, { previous: null });
    const api = docker().api();
    const id = await api.createContainer('look', { Image: args.image, Labels: {}, HostConfig: {} });
    await api.startContainer(id);
    expect((await api.exec(id, ['ls', '-A', '/app'], 5_000)).output).toBe('main.txt\n');
  });

  const check = (images: readonly string[]) => {
    const args = { chute: 'hello', images };
    return { args, ...scene('image.check@1', args) };
  };
  driverContract(framework, {
    kind: 'image.check@1',
    driver: imageCheck,
    arrange: async () => check(['busybox:test']),
    failing: [
      {
        name: 'an image is not there',
        code: 'RIPCORD_RESOURCE_MISSING',
        arrange: async () => check(['busybox:test', 'no-such-image:1']),
      },
    ],
  });

  const dropArgs = { chute: 'hello', keep: ['hello-main:2'], shared: [], recipes: [] };
  driverContract(framework, {
    kind: 'image.drop@1',
    driver: imageDrop,
    arrange: async () => {
      const { context, args: build } = building(buildArgs);
      await imageBuild.run(
        context,
        { ...build, dockerfile: 'FROM scratch\nLABEL v=1\n' },
        { previous: null },
      );
      const next = { ...build, image: 'hello-main:2', dockerfile: 'FROM scratch\nLABEL v=2\n' };
      await imageBuild.run(context, next, { previous: null });
      const pull = { chute: 'hello', image: tiny.name };
      await imagePull.run(context, pull, { existed: false });
      return { args: dropArgs, ...scene('image.drop@1', dropArgs, context.root) };
    },
  });

  test('what is dropped is what no definition names, and nothing of others', async () => {
    const { context, args: build } = building(buildArgs);
    const api = docker().api();
    await imageBuild.run(
      context,
      { ...build, dockerfile: 'FROM scratch\nLABEL v=1\n' },
      { previous: null },
    );
    const other = { ...build, chute: 'other', image: 'other-main:1', release: null };
    await imageBuild.run(
      context,
      { ...other, dockerfile: 'FROM scratch\nLABEL o=1\n' },
      { previous: null },
    );
    await imagePull.run(context, { chute: 'hello', image: tiny.name }, { existed: false });
    const { result } = await imageDrop.run(
      context,
      { chute: 'hello', keep: [], shared: [], recipes: [] },
      null,
    );
    expect(result.dropped.toSorted()).toEqual([tiny.name, 'hello-main:1'].toSorted());
    const left = (await api.images({})).flatMap(({ RepoTags }) => RepoTags ?? []);
    expect(left.toSorted()).toEqual(['busybox:test', 'other-main:1']);
  });

  test('an image that a container uses is not dropped', async () => {
    const { context } = pulling();
    await imagePull.run(context, { chute: 'hello', image: tiny.name }, { existed: false });
    await docker().api().createContainer('user', { Image: tiny.name, Labels: {}, HostConfig: {} });
    const { result } = await imageDrop.run(
      context,
      { chute: 'hello', keep: [], shared: [], recipes: [] },
      null,
    );
    expect(result.dropped).toEqual([]);
    expect(await docker().api().image(tiny.name)).not.toBeNull();
  });

  /** Brings the published image for a chute, and gives what undoing that needs. */
  const bringFor = async (context: StepContext, chute: string) => {
    const args = { chute, image: tiny.name };
    const undo = (await imagePull.prepare?.(context, args)) ?? { existed: true };
    await imagePull.run(context, args, undo);
    return { args, undo };
  };
  const isThere = async () => (await docker().api().image(tiny.name)) !== null;

  test('an image that two chutes name goes with the second of them', async () => {
    const { context } = pulling();
    for (const chute of ['hello', 'other']) await bringFor(context, chute);
    await imageDrop.run(
      context,
      { chute: 'hello', keep: [], shared: [tiny.name], recipes: [] },
      null,
    );
    expect(await isThere()).toBe(true);
    await imageDrop.run(context, { chute: 'other', keep: [], shared: [], recipes: [] }, null);
    expect(await isThere()).toBe(false);
  });

  test('an image stays for a chute that needs it when the update that brought it is undone', async () => {
    const { context } = pulling();
    const { args, undo } = await bringFor(context, 'hello');
    await bringFor(context, 'other');
    await imagePull.undo?.(context, args, undo);
    expect(await isThere()).toBe(true);
  });

  test('what was half dropped when the power went is dropped by the next', async () => {
    const { context } = pulling();
    await bringFor(context, 'hello');
    const api = docker().api();
    await api.removeImage(tiny.name);
    await imageDrop.run(context, { chute: 'hello', keep: [], shared: [], recipes: [] }, null);
    expect((await api.images({})).flatMap(({ RepoTags }) => RepoTags)).toEqual(['busybox:test']);
  });
});
