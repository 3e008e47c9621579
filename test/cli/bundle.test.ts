import { mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeEach, describe, expect, test } from 'vitest';

import { BUNDLE_FILE, bundleAt, CODE_FILE } from '../../src/cli/bundle.ts';

/** Long enough that its code is more than a few bytes. */
const SCRIPT = `exports.main = async () => ${JSON.stringify('hello '.repeat(1000))}.trim().length;\n`;

const directory = mkdtempSync(join(tmpdir(), 'ripcord-bundle-'));
const script = join(directory, BUNDLE_FILE);
const code = join(directory, CODE_FILE);

const answer = async (): Promise<unknown> => await bundleAt(directory)?.run().main();

beforeEach(async () => {
  rmSync(code, { force: true });
  rmSync(join(directory, 'ripcord.js'), { force: true });
  writeFileSync(script, SCRIPT);
  const bundle = bundleAt(directory);
  await bundle?.run().main();
  if (bundle) writeFileSync(code, bundle.code());
});

afterAll(() => rmSync(directory, { recursive: true, force: true }));

test('a directory without a bundle has none', () => {
  rmSync(script);
  expect(bundleAt(directory)).toBeNull();
});

test('a bundle runs with the code that was kept of it', async () => {
  expect(await answer()).toBe(5999);
});

test('a bundle that is older than what was compiled beside it is not taken', () => {
  writeFileSync(join(directory, 'ripcord.js'), '');
  utimesSync(script, new Date(0), new Date(0));
  expect(bundleAt(directory)).toBeNull();
});

test('code of another script of the same length is not taken', async () => {
  writeFileSync(script, SCRIPT.replace('.length', '.charAt'));
  expect(await answer()).toBeTypeOf('function');
});

describe('code that is damaged is as if it was not there', () => {
  const whole = (): Buffer => readFileSync(code);
  test.each<[what: string, damage: (bytes: Buffer) => Uint8Array]>([
    ['empty', () => new Uint8Array()],
    ['cut', (bytes) => bytes.subarray(0, bytes.length - 9)],
    ['cut within the sums', (bytes) => bytes.subarray(0, 5)],
    ['zeroed', (bytes) => bytes.fill(0, 100, 600)],
  ])('%s', async (_, damage) => {
    writeFileSync(code, damage(whole()));
    expect(await answer()).toBe(5999);
  });

  test('a flipped bit at any of its bytes', async () => {
    const bytes = whole();
    for (let at = 0; at < bytes.length; at += 41) {
      const rotten = Buffer.from(bytes);
      rotten.writeUInt8(bytes.readUInt8(at) ^ 4, at);
      writeFileSync(code, rotten);
      expect(await answer(), `at ${at}`).toBe(5999);
    }
  });
});
