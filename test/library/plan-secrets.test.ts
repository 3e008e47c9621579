import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { expect, onTestFinished, test } from 'vitest';

import { comparingSecrets } from '../../src/library/definitions.ts';

function temporaryRoot(): string {
  const root = mkdtempSync(join(tmpdir(), 'ripcord-marks-'));
  onTestFinished(() => rmSync(root, { recursive: true, force: true }));
  return root;
}

test('a plan without a root gives a secret the same mark each time, another one another', async () => {
  const [one, other] = [comparingSecrets(temporaryRoot()), comparingSecrets(temporaryRoot())];
  const mark = await one('a very long key');
  expect(mark).toMatch(/^[0-9a-f]{64}$/);
  await expect(other('a very long key')).resolves.toBe(mark);
  await expect(other('another long key')).resolves.not.toBe(mark);
});

test('a root with a key of its own gives marks that no other root gives', async () => {
  const root = temporaryRoot();
  mkdirSync(join(root, 'secrets'));
  writeFileSync(join(root, 'secrets', 'key'), Buffer.alloc(32, 7));
  const mark = await comparingSecrets(root)('a very long key');
  expect(mark).toMatch(/^[0-9a-f]{64}$/);
  await expect(comparingSecrets(temporaryRoot())('a very long key')).resolves.not.toBe(mark);
});
