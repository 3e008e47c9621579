// node --import tsx --test docs/examples/notices/notices.test.ts
import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';

import { driverContract, planFor, testContext } from 'ripcord/testing';

import { noticeWrite } from './driver.ts';
import { notices } from './planner.ts';

const args = { chute: 'hello', text: 'open until nine' };

driverContract(
  {
    describe: (name, body) => void describe(name, body),
    test: (name, body) => void test(name, body),
    expect: (actual) => ({ toEqual: (expected) => assert.deepEqual(actual, expected) }),
  },
  {
    kind: 'notice.write@1',
    driver: noticeWrite,
    async arrange() {
      const root = await mkdtemp(join(tmpdir(), 'notices-'));
      return {
        context: testContext({ root, kind: 'notice.write@1', args }),
        args,
        async world() {
          const names = await readdir(join(root, 'notices')).catch(() => []);
          const read = async (name: string): Promise<[string, string]> => [
            name,
            await readFile(join(root, 'notices', name), 'utf8'),
          ];
          return Object.fromEntries(await Promise.all(names.map(read)));
        },
        dispose: async () => await rm(root, { recursive: true }),
      };
    },
    prefixes: [
      {
        name: 'a draft that was not put in place',
        state: 'not-done',
        async reach({ context: { root } }) {
          await mkdir(join(root, 'notices'));
          await writeFile(join(root, 'notices', 'hello.txt.draft'), 'open unt');
        },
      },
    ],
  },
);

const chute = (description: string): object => ({
  name: 'hello',
  version: 1,
  description,
  services: { main: { type: 'light', image: 'node', source: '.', command: 'node server.mjs' } },
});

void describe('the planner of notices', () => {
  void test('announces a chute before its services start', () => {
    const planned = planFor({ definitions: [chute('open')], planners: [notices] });
    assert.ok('plan' in planned);
    const kinds = planned.plan.steps.map(({ kind }) => kind);
    assert.ok(kinds.indexOf('notice.write@1') < kinds.indexOf('process.start@1'));
  });

  void test('refuses what does not fit on the sign', () => {
    const planned = planFor({ definitions: [chute('x'.repeat(81))], planners: [notices] });
    assert.ok('refusals' in planned);
    assert.deepEqual(
      planned.refusals.map(({ code, path }) => [code, path]),
      [['NOTICE_TOO_LONG', '/description']],
    );
  });
});
