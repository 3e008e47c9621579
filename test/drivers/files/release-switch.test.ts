import { mkdirSync, readFileSync, renameSync, symlinkSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

import { describe, expect, test } from 'vitest';

import { NEW_CHUTE } from '../../../src/core/applied.ts';
import { currentLink, currentTarget, releaseDirectory } from '../../../src/core/layout.ts';
import { releaseDrop } from '../../../src/drivers/files/release-drop.ts';
import { releaseSwitch } from '../../../src/drivers/files/release-switch.ts';
import { driverContract } from '../../../src/testing/driver-contract.ts';
import { testContext } from '../../../src/testing/test-context.ts';
import { temporaryRoot, writeTree } from '../world.ts';
import { releasesOf, treeOf } from './file-world.ts';

const [OLD, NEW, UNKNOWN] = ['a', 'b', 'c'].map((digit) => `sha256:${digit.repeat(64)}`) as [
  string,
  string,
  string,
];
const LINK = currentLink('hello', 'main');

function arranged(from: string | null, to: string | null) {
  const root = temporaryRoot();
  for (const digest of [OLD, NEW]) {
    writeTree(join(root, releaseDirectory('hello', digest)), { 'app.txt': digest });
  }
  mkdirSync(join(root, 'chutes/hello/services/main'), { recursive: true });
  if (from !== null) symlinkSync(currentTarget(from), join(root, LINK));
  const args = { chute: 'hello', service: 'main', digest: to };
  const releases: Readonly<Record<string, string>> = from === null ? {} : { main: from };
  const applied = {
    chutes: { hello: { ...NEW_CHUTE, releases } },
    reservations: { ports: {} },
    limits: {},
    host: { files: {} },
  };
  const context = testContext({ root, kind: 'release.switch@1', args, applied });
  return { root, args, context, world: async () => treeOf(join(root, 'chutes/hello/services')) };
}

const inTheWay = async () => {
  const scenario = arranged(null, NEW);
  writeFileSync(join(scenario.root, LINK), 'a file');
  return scenario;
};

describe.each([
  { name: 'from one release to another', from: OLD, to: NEW },
  { name: 'from none', from: null, to: NEW },
  { name: 'to none', from: OLD, to: null },
])('$name', ({ from, to }) => {
  driverContract(
    { describe, test, expect },
    {
      kind: 'release.switch@1',
      driver: releaseSwitch,
      arrange: async () => arranged(from, to),
      prefixes: [
        {
          name: 'a link that was made and not put in place',
          state: 'partial',
          reach: async ({ context }) =>
            symlinkSync(currentTarget(NEW), join(context.root, `${LINK}.next`)),
        },
      ],
      failing: [
        {
          name: 'the release was not fetched',
          code: 'RIPCORD_STEP_FAILED',
          arrange: async () => arranged(from, UNKNOWN),
        },
      ],
    },
  );
});

test('leads to the files of the release', async () => {
  const { root, args, context } = arranged(OLD, NEW);
  await releaseSwitch.run(context, args, { previous: OLD });
  expect(readFileSync(join(root, LINK, 'app.txt'), 'utf8')).toBe(NEW);
});

test('refuses what it did not make before anything is recorded', async () => {
  const { root, args, context } = await inTheWay();
  await expect(releaseSwitch.prepare?.(context, args)).rejects.toMatchObject({
    code: 'RIPCORD_STEP_FAILED',
  });
  expect(readFileSync(join(root, LINK), 'utf8')).toBe('a file');
});

test('tells when somebody else switched to a third release', async () => {
  const { context, args } = arranged(UNKNOWN, NEW);
  const probe = await releaseSwitch.probe?.(context, args, { previous: OLD });
  expect(probe?.state).toBe('unknown');
});

function dropping() {
  const scenario = arranged(OLD, null);
  const { root } = scenario;
  writeTree(root, {
    [`${releaseDirectory('hello', UNKNOWN)}/app.txt`]: 'unused',
    [`chutes/hello/releases/.fetch-${'d'.repeat(64)}/archive`]: 'cut off',
    'chutes/hello/releases/notes.txt': 'somebody’s own',
  });
  const args = { chute: 'hello', keep: [NEW] };
  return { ...scenario, args, world: async () => releasesOf(root) };
}

driverContract(
  { describe, test, expect },
  {
    kind: 'release.drop@1',
    driver: releaseDrop,
    arrange: async () => dropping(),
    prefixes: [
      {
        name: 'one release that lost its name and not yet its content',
        state: 'not-done',
        reach: async ({ context }) => {
          const release = join(context.root, releaseDirectory('hello', UNKNOWN));
          renameSync(release, join(dirname(release), `.gone-${basename(release)}`));
        },
      },
    ],
  },
);

test('drops what is neither kept nor applied, and nothing it does not know', async () => {
  const { root, context, args } = dropping();
  const { result } = await releaseDrop.run(context, args, null);
  expect(result).toEqual({ dropped: [UNKNOWN] });
  const names = Object.keys(releasesOf(root)).filter((name) => !name.includes('/'));
  expect(names).toEqual(['a'.repeat(64), 'b'.repeat(64), 'notes.txt']);
});
