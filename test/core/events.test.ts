import { expectTypeOf, test } from 'vitest';

import type { Envelope } from '../../journal/record.ts';
import type { EventType, Events } from '../../src/core/events.ts';

type FieldsOf<T extends EventType> = T extends EventType ? keyof Events[T] : never;

test('no event has a field of the envelope: the journal refuses such an event', () => {
  expectTypeOf<Extract<FieldsOf<EventType>, keyof Envelope | 'type'>>().toBeNever();
});
