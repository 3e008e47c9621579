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
