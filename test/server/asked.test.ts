import { describe, expect, test } from 'vitest';

import type { Json } from '../../src/core/json.ts';
import { askedFrom } from '../../src/server/asked.ts';

describe('what a body asks of the device itself', () => {
  test('may stand without chutes', () => {
    const host = { operation: 'patch', config: null, patch: [{ op: 'remove', path: '/wan' }] };
    expect(askedFrom({ chutes: [], host })).toMatchObject({ chutes: [], host });
  });

  test.each<[body: Json, reason: string]>([
    [{ chutes: [] }, 'chutes must be a list of 1 to 256'],
    [{ chutes: [], host: [] }, 'host must be a map'],
    [{ chutes: [], host: { operation: 'explode' } }, 'operation must be one of apply, set'],
    [{ chutes: [], host: { config: 'x' } }, 'host.config must be a map'],
    [{ chutes: [], host: { patch: {} } }, 'host.patch must be a list'],
    [{ chutes: [], host: { patch: [1] } }, 'host.patch[0] must be a map'],
  ])('%j is refused', (body, reason) => {
    expect(() => askedFrom(body)).toThrow(reason);
  });
});

describe('who has signed what a body asks for', () => {
  const signature = { sha256: 'f'.repeat(64), by: [{ name: 'alice', publicKey: 'x' }], open: [] };
  const asking = (signed: Json): Json => ({
    chutes: [
      { chute: 'hello', operation: 'apply', definition: {}, sources: {}, signature: signed },
    ],
  });

  test('is taken as it is said', () => {
    expect(askedFrom(asking(signature)).chutes[0]).toMatchObject({ signature });
  });

  test.each<[signed: Json, reason: string]>([
    ['alice', 'chutes[0].signature must be a map'],
    [{ ...signature, sha256: 1 }, 'signature.sha256 must be a text'],
    [{ ...signature, open: 'main' }, 'signature.open must be a list of services'],
    [{ ...signature, by: {} }, 'signature.by must be a list'],
    [{ ...signature, by: [{ name: 'alice' }] }, 'signature.by must be names with their publicKey'],
  ])('%j is refused', (signed, reason) => {
    expect(() => askedFrom(asking(signed))).toThrow(reason);
  });
});
