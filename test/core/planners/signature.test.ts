import { describe, expect, test } from 'vitest';

import { NOTHING_APPLIED, type Applied } from '../../../src/core/applied.ts';
import type { Signature } from '../../../src/core/chute.ts';
import { policyOf, rawPublicKey } from '../../../src/core/host-config/policy.ts';
import type { JsonObject } from '../../../src/core/json.ts';
import { ask, type Ambient, definition, planOf, refusalsOf, run, service } from '../plan-model.ts';

const ALICE = { name: 'alice', publicKey: `${'A'.repeat(43)}=` };
const BOB = { name: 'bob', publicKey: `${'B'.repeat(42)}A=` };

const trusting = (trust: readonly JsonObject[], applied: Applied = NOTHING_APPLIED): Applied => ({
  ...applied,
  host: { ...applied.host, config: { trust } },
});

const signed = (fields: Partial<Signature> = {}): Signature => ({
  sha256: 'c'.repeat(64),
  by: [ALICE],
  open: [],
  ...fields,
});

const refusals = (signature: Signature | null, ambient: Ambient = {}) =>
  refusalsOf([ask('apply', definition(), signature ? { signature } : {})], {
    applied: trusting([ALICE, BOB]),
    ...ambient,
  });

test('without a trust list nothing has to be signed', () => {
  expect(refusals(null, { applied: trusting([]) })).toEqual([]);
  expect(refusals(null, { applied: NOTHING_APPLIED })).toEqual([]);
});

test.each([
  [
    'nobody has signed',
    null,
    'RIPCORD_SIGNATURE_MISSING',
    'cannot apply hello: its definition is not signed, and this device takes what alice or bob signed',
  ],
  [
    'somebody else has signed',
    signed({ by: [{ name: 'alice', publicKey: `${'E'.repeat(43)}=` }] }),
    'RIPCORD_SIGNATURE_INVALID',
    `cannot apply hello: the signature beside its definition is not one of alice or bob on these bytes, sha256 ${'c'.repeat(64)}`,
  ],
  [
    'it says nothing of the files',
    signed({ open: ['main'] }),
    'RIPCORD_SOURCE_UNPINNED',
    'cannot apply hello: the signature says nothing of the files of service main',
  ],
])('what %s is refused by the name module', (_what, signature, code, message) => {
  const [refusal, ...others] = refusals(signature);
  expect(others).toEqual([]);
  expect(refusal).toMatchObject({ module: 'name', code, message });
  expect(refusal?.hint).toMatch(/openssl pkeyutl -sign|add sha256: a{64} to its source/);
});

test('one of those who may sign is enough', () => {
  expect(refusals(signed())).toEqual([]);
  expect(refusals(signed({ by: [BOB] }))).toEqual([]);
});

test('who has no right to change the chute is told only that', () => {
  const by = { user: 'guest', role: 'guest', via: 'test' };
  expect(refusals(null, { by }).map(({ code }) => code)).toEqual(['RIPCORD_ACCESS_DENIED']);
});

describe('a chute that is there', () => {
  const installed = run(NOTHING_APPLIED, planOf([ask('apply', definition())])).applied;
  const applied = trusting([ALICE], installed);
  const changed = definition({ services: { main: service({ command: 'node b.js' }) } });

  test.each(['stop', 'restart', 'delete'] as const)('needs no signature to %s', (operation) => {
    expect(refusalsOf([ask(operation, 'hello')], { applied })).toEqual([]);
  });

  test('needs one to be changed, also by a restart', () => {
    expect(refusalsOf([ask('apply', changed)], { applied })).toHaveLength(1);
    const given = definition({ environment: { A: 'b' } });
    expect(refusalsOf([ask('restart', given)], { applied })).toHaveLength(1);
  });

  test('needs none to be as it is, nor to be as it was', () => {
    expect(refusalsOf([ask('apply', definition())], { applied })).toEqual([]);
    const origin = { rollbackTo: 'hello@r1' };
    expect(refusalsOf([ask('apply', changed)], { applied, origin })).toEqual([]);
    const retry = { retryOf: 'u1' };
    expect(refusalsOf([ask('apply', changed)], { applied, origin: retry })).toHaveLength(1);
  });
});

test('an update that changes the trust list is taken by the new one', () => {
  const host = { operation: 'apply', config: { trust: [BOB] }, patch: [] } as const;
  const applied = trusting([ALICE]);
  expect(refusals(signed(), { applied, host }).map(({ code }) => code)).toEqual([
    'RIPCORD_SIGNATURE_INVALID',
  ]);
  expect(refusals(signed({ by: [BOB] }), { applied, host })).toEqual([]);
  const open = { operation: 'reset', config: null, patch: [] } as const;
  expect(refusals(null, { applied, host: open })).toEqual([]);
});

const RAW = `${'A'.repeat(43)}=`;

test.each([
  ['its bytes', RAW, RAW],
  ['the line of a PEM file', `MCowBQYDK2VwAyEA${RAW}`, RAW],
  [
    'a PEM file',
    `-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEA${RAW}\n-----END PUBLIC KEY-----\n`,
    RAW,
  ],
  ['a key of another kind', `MCowBQYDK2VuAyEA${RAW}`, null],
  ['too short a text', 'AAAA', null],
])('a public key is read from %s', (_what, text, raw) => {
  expect(rawPublicKey(text)).toBe(raw);
  const trust = raw === null ? [] : [{ name: 'alice', publicKey: raw }];
  expect(policyOf({ trust: [{ name: 'alice', publicKey: text }] }).trust).toEqual(trust);
});
