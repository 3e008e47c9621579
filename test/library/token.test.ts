import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { afterEach, expect, test } from 'vitest';

import { stateHash } from '../../src/core/applied.ts';
import type { Ripcord } from '../../src/library/ripcord.ts';
import { sha256 } from '../core/plan-model.ts';
import { byName, chute, pidOf, Root, SLEEPS } from './open-root.ts';

let root = new Root();

afterEach(async () => {
  await root.destroy();
  root = new Root();
});

/** The token that the running service was told. */
function tokenOf(ripcord: Ripcord): string {
  const variables = readFileSync(`/proc/${pidOf(ripcord)}/environ`, 'utf8').split('\0');
  const told = ['PARADROP_API_TOKEN', 'RIPCORD_API_TOKEN'].map(
    (name) => variables.find((each) => each.startsWith(`${name}=`))?.slice(name.length + 1) ?? '',
  );
  expect(told[0]).toBe(told[1]);
  return told[0] ?? '';
}

const settled = async (update: { readonly done: Promise<{ readonly outcome: string }> }) =>
  (await update.done).outcome;

test('a token stays with its chute, and a chute that comes again has another', async () => {
  const ripcord = await root.open();
  await settled(await ripcord.apply([chute(SLEEPS)]));
  const first = tokenOf(ripcord);
  expect(first).toMatch(/^[0-9a-f]{64}$/);

  await settled(await ripcord.apply([chute(SLEEPS, { version: 2, environment: { A: '1' } })]));
  expect(tokenOf(ripcord)).toBe(first);
  await settled(await ripcord.ask([byName('restart')]));
  expect(tokenOf(ripcord)).toBe(first);
  const broken = chute(['no-such-command'], { version: 3 });
  expect(await settled(await ripcord.apply([broken]))).toBe('reverted');
  expect(tokenOf(ripcord)).toBe(first);

  await settled(await ripcord.ask([byName('delete')]));
  await settled(await ripcord.apply([chute(SLEEPS)]));
  const second = tokenOf(ripcord);
  expect(second).toMatch(/^[0-9a-f]{64}$/);
  expect(second).not.toBe(first);

  await ripcord.close();
  const log = join(root.path, 'log');
  const journal = readdirSync(log).map((name) => readFileSync(join(log, name), 'utf8'));
  for (const token of [first, second]) expect(journal.join('')).not.toContain(token);
});

test('two devices with the same chute are in the same state, and have tokens of their own', async () => {
  const other = new Root();
  try {
    const both = [await root.open(), await other.open()];
    for (const ripcord of both) await settled(await ripcord.apply([chute(SLEEPS)]));
    const hashes = both.map(({ state }) => stateHash(state.applied, sha256));
    expect(hashes[0]).toBe(hashes[1]);
    const [left, right] = both.map(tokenOf);
    expect(left).not.toBe(right);
  } finally {
    await other.destroy();
  }
});
