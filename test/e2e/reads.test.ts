import { existsSync } from 'node:fs';

import { beforeAll, describe, expect, test } from 'vitest';

import type { Device } from './device.ts';
import { footprint } from './footprint.ts';
import { deviceWithPast } from './past.ts';
import { device, jsonLines } from './shell.ts';

let on: Device;

beforeAll(async () => {
  on = await deviceWithPast();
});

const READS = [
  'status',
  'status hello --wide',
  'log',
  'log -p --steps -x',
  'log --events',
  'show u2',
  'show u3 --events --patch',
  'show u2.s1',
  'show @3',
  'at u1',
  'at HEAD --both',
  'diff u1 u2',
  'diff',
  'diff --live',
  'watch u2',
  'watch',
  'logs hello',
  'plan hello-v2',
  'plan hello --allow-downgrade',
  'validate hello',
  'doctor',
  'doctor -o json',
  'verify',
  'verify --deep',
  'journal cat',
  'journal tail',
  'journal verify',
  'journal repair',
  'apply hello-v2 -y',
  'apply hello-v2',
  'apply hello --dry-run --allow-downgrade',
  'rollback --preview',
  'schema',
  'version',
  'completion bash',
];

describe('looking', () => {
  test.each(READS)('%s leaves every file as it was', async (command) => {
    const before = footprint(on.root);
    for (const more of [[], ['-o', 'json']]) {
      const { code, err } = await on.ripcord([...command.split(' '), ...more]);
      expect(code, err).toBe(0);
      expect(footprint(on.root)).toEqual(before);
    }
  });

  test('where there is no root makes none', async () => {
    const nobody = await device();
    const expected: readonly (readonly [string, number])[] = [
      ['status', 0],
      ['log', 0],
      ['log --events', 0],
      ['plan hello', 0],
      ['watch', 0],
      ['validate hello', 0],
      ['at HEAD', 2],
      ['show u1', 2],
      ['diff', 2],
      ['verify', 2],
      ['journal cat', 2],
      ['journal repair', 2],
      ['stop hello', 2],
      ['cancel u1', 2],
      ['rollback -y', 2],
    ];
    for (const [command, exitCode] of expected) {
      const { code, err } = await nobody.ripcord(command.split(' '));
      expect(code, `${command}: ${err}`).toBe(exitCode);
      const { out } = await nobody.ripcord([...command.split(' '), '-o', 'json']);
      expect(() => jsonLines(out), command).not.toThrow();
    }
    expect(await nobody.json(['status'])).toEqual({
      head: { seq: 0, hash: '0'.repeat(64) },
      stateHash: expect.stringMatching(/^[0-9a-f]{64}$/),
      running: null,
      updates: [],
      stuck: [],
      reloadsOwed: [],
      chutes: {},
      host: expect.objectContaining({ config: expect.any(Object) as object }) as object,
    });
    expect(await nobody.json(['log'])).toEqual([]);
    expect(existsSync(nobody.root)).toBe(false);
  });
});

describe('points in time', () => {
  const hashAt = async (ref: string): Promise<string> =>
    ((await on.json(['at', ref])) as { readonly stateHash: string }).stateHash;

  test.each([
    ['u1', 'u2^'],
    ['u1', 'hello@r1'],
    ['u2', 'hello@r2'],
    ['u2', 'u3'],
    ['u2', 'u3^'],
    ['HEAD', 'u6'],
    ['HEAD~1', 'u6^'],
    ['HEAD~1', 'u5'],
    ['HEAD~2', 'u4'],
    ['@0', 'u1^'],
    ['boot', 'u1^'],
    ['-0s', 'HEAD'],
    ['2099-01-01', 'HEAD'],
    ['2099-01-01T10:31:00Z', 'HEAD'],
    ['1980-01-01', '@0'],
  ])('%s is %s', async (one, other) => {
    expect(await hashAt(one)).toBe(await hashAt(other));
  });

  test('every update, step and record has its own', async () => {
    const seqs = (await on.json(['log'])) as readonly {
      readonly id: string;
      readonly lastSeq: number;
    }[];
    for (const { id, lastSeq } of seqs) expect(await hashAt(`@${lastSeq}`)).toBe(await hashAt(id));
    const hashes = new Set([
      await hashAt('@0'),
      await hashAt('u1'),
      await hashAt('u2'),
      await hashAt('u4'),
    ]);
    expect(hashes.size).toBe(4);
    const { plan } = (await on.json(['show', 'u2'])) as {
      readonly plan: { readonly steps: readonly object[] };
    };
    const steps: string[] = [];
    for (const n of plan.steps.keys()) steps.push(await hashAt(`u2.s${n + 1}`));
    expect(steps.at(-1)).toBe(await hashAt('u2'));
    expect(new Set(steps).size).toBeGreaterThan(2);
  });

  test('are told apart and shown', async () => {
    const found = (await on.json(['diff', 'u1', 'u2'])) as { readonly patch: readonly object[] };
    expect(found.patch).not.toEqual([]);
    expect(await on.json(['diff', 'u1..u2'])).toEqual(found);
    expect(await on.json(['diff', 'hello@r1', 'hello@r2'])).toMatchObject({ patch: found.patch });
    expect(await on.json(['diff', 'u2', 'u3'])).toMatchObject({ patch: [], differences: [] });
    expect((await on.ripcord(['diff', 'u2', 'u3', '--exit-code'])).code).toBe(0);
    expect((await on.ripcord(['diff', 'u1', 'u2', '--exit-code'])).code).toBe(3);
    for (const ref of ['u2', 'u2^', 'u2.s1', '@4', 'hello@r2'])
      expect((await on.ripcord(['show', ref])).code, ref).toBe(0);
  });
});
