import { describe, expect, test } from 'vitest';

import { lift, type Upcasters, versionOf } from '../../journal/upcast.ts';

const upcasters: Upcasters = {
  'door.opened': [
    ({ who, ...rest }) => ({ ...rest, people: [who] }),
    (event) => ({ ...event, key: null }),
  ],
};
const envelope = {
  seq: 7,
  end: 7,
  synced: 6,
  prev: 'p',
  at: '2026-11-22T00:00:00Z',
  boot: 'b',
  up: 5,
  hash: 'h',
};

describe('lift', () => {
  test.each([
    ['from the first shape', { who: 'ann' }, 1],
    ['from the second', { people: ['ann'] }, 2],
    ['from the third, which is today’s', { people: ['ann'], key: null }, 3],
  ])('brings a record to today’s shape %s', (_story, fields, v) => {
    expect(lift({ ...envelope, type: 'door.opened', v, ...fields }, upcasters)).toEqual({
      ...envelope,
      v: 3,
      type: 'door.opened',
      people: ['ann'],
      key: null,
    });
  });

  test('leaves a type that never changed alone', () => {
    const record = { ...envelope, type: 'door.closed', v: 1 };
    expect(lift(record, upcasters)).toBe(record);
    expect(lift({ ...record, type: 'toString' }, upcasters).v).toBe(1);
    expect(versionOf(upcasters, 'door.closed')).toBe(1);
    expect(versionOf(upcasters, 'door.opened')).toBe(3);
  });

  test.each([
    ['door.opened', 4],
    ['door.closed', 2],
    ['door.closed', 0],
    ['door.closed', 1.5],
  ])('refuses %s of shape %d rather than guess', (type, v) => {
    expect(() => lift({ ...envelope, type, v }, upcasters)).toThrow(
      expect.objectContaining({ code: 'RIPCORD_SCHEMA_NEWER' }),
    );
  });
});
