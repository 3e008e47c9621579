import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, test } from 'vitest';

import type { SourceReference } from '../../src/core/definition/source-reference.ts';
import { rawPublicKey, type TrustedKey } from '../../src/core/host-config/policy.ts';
import { openServices, readSignatures, signatureOf } from '../../src/library/signed-file.ts';
import { temporaryRoot } from '../drivers/world.ts';

const BYTES = Buffer.from('name: hello\n');

function signer(name: string): { readonly key: TrustedKey; readonly secret: KeyObject } {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const pem = publicKey.export({ type: 'spki', format: 'pem' }).toString();
  return { key: { name, publicKey: rawPublicKey(pem) ?? '' }, secret: privateKey };
}

const alice = signer('alice');
const bob = signer('bob');
const byAlice = sign(null, BYTES, alice.secret);
const byBob = sign(null, BYTES, bob.secret);

/** Who is found to have signed, of both, by what stands beside the file. */
async function foundIn(content: string | Buffer, bytes: Uint8Array = BYTES): Promise<unknown> {
  const file = join(temporaryRoot(), 'chute.yaml');
  writeFileSync(`${file}.sig`, content);
  const signatures = (await readSignatures(file)) ?? [];
  const { by } = signatureOf({ bytes, signatures, open: [] }, [alice.key, bob.key]);
  return by.map(({ name }) => name);
}

describe('signatures beside a file', () => {
  test.each([
    ['bytes, as openssl writes them', byAlice, ['alice']],
    ['base64', byBob.toString('base64'), ['bob']],
    [
      'base64 in lines of any length',
      byAlice.toString('base64').replace(/(.{64})/, '$1\r\n'),
      ['alice'],
    ],
    ['several', `${byAlice.toString('base64')}\n${byBob.toString('base64')}\n`, ['alice', 'bob']],
    ['none', '', []],
    ['one of something else', sign(null, Buffer.from('x'), alice.secret), []],
    ['no signature', 'this is signed, believe me', []],
  ])('are read from %s', async (_what, content, names) => {
    expect(await foundIn(content)).toEqual(names);
  });

  test('hold for these bytes alone', async () => {
    expect(await foundIn(byAlice, Buffer.from('name: hello2\n'))).toEqual([]);
  });

  test('are not missed where there are none', async () => {
    expect(await readSignatures(join(temporaryRoot(), 'chute.yaml'))).toBeNull();
    expect(await readSignatures(join(temporaryRoot(), 'no/chute.yaml'))).toBeNull();
  });
});

const HEX = 'a'.repeat(64);
const COMMIT = 'b'.repeat(40);

test.each<readonly [string, SourceReference, boolean]>([
  ['a directory', { type: 'local', path: '.' }, true],
  ['a directory of a digest', { type: 'local', path: '.', sha256: HEX }, false],
  ['an archive', { type: 'archive', path: 'a.tar' }, true],
  ['an archive of a digest', { type: 'http', url: 'https://x.example/a.tar', sha256: HEX }, false],
  ['a branch', { type: 'git', url: 'https://x.example/a', checkout: 'main' }, true],
  ['the HEAD of a repository', { type: 'git', url: 'https://x.example/a' }, true],
  ['a commit', { type: 'git', url: 'https://x.example/a', checkout: COMMIT }, false],
  ['a short commit', { type: 'git', url: 'https://x.example/a', checkout: 'bbbbbbb' }, true],
])('whether what is signed names the files of %s', (_what, source, isOpen) => {
  expect(openServices({ main: source }, null)).toEqual(isOpen ? ['main'] : []);
});

test('a definition found elsewhere is signed for when its place is named by its content', () => {
  const inner: SourceReference = { type: 'git', url: 'https://x.example/a', checkout: COMMIT };
  const { url } = inner;
  expect(openServices({ main: inner }, inner)).toEqual([]);
  expect(openServices({ main: inner }, { type: 'git', url, checkout: 'main' })).toEqual(['main']);
  // The definition in there is no part of a directory's digest.
  const local: SourceReference = { type: 'local', path: '.', sha256: HEX };
  expect(openServices({ main: inner }, local)).toEqual(['main']);
});
