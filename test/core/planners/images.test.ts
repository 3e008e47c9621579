import { describe, expect, test } from 'vitest';

import type { Definition, Service } from '../../../src/core/chute.ts';
import { argsOf, ask, definition, digest, planOf, service } from '../plan-model.ts';
import { after, chute, FACTS, idsOf, specOf } from './container-model.ts';

describe('images', () => {
  test.each<[story: string, given: Definition, image: string]>([
    ['by version', chute({}, { version: '1.2' }), 'hello-main:1.2'],
    ['without a version', chute({}, { version: undefined } as object), 'hello-main:latest'],
    ['of a version that is no tag', chute({}, { version: '1+b' }), 'hello-main:1-b'],
    ['of one that is published', chute({ type: 'image', image: 'nginx:1' }), 'nginx:1'],
  ])('are called %s', (_story, given, image) => {
    expect(specOf(given).image).toBe(image);
  });

  test('one that two services run is pulled once', () => {
    const main = service({ type: 'image', image: 'nginx:1' });
    const given = definition({ services: { main, other: main } });
    expect(idsOf([ask('apply', given)]).filter((id) => id.includes('/image.'))).toEqual([
      'hello/main/image.pull',
      'hello/image.check',
    ]);
  });

  test.each<[story: string, fields: Partial<Service>, dockerfile: unknown]>([
    ['a light one by a text for its language', {}, expect.stringContaining('FROM node:')],
    [
      'an inline one by its own text',
      { type: 'inline', dockerfile: 'FROM scratch' },
      'FROM scratch',
    ],
    ['a normal one by the file among its files', { type: 'normal' }, null],
  ])('are built: %s', (_story, fields, dockerfile) => {
    const plan = planOf([ask('apply', chute(fields))], { facts: FACTS });
    expect(argsOf(plan, 'image.build@1', 'hello/main/image.build')).toEqual({
      chute: 'hello',
      service: 'main',
      image: 'hello-main:1',
      release: digest('a'),
      dockerfile,
    });
  });

  test('those before are kept for one more change, those of others always', () => {
    const other = definition({
      name: 'other',
      services: { main: service({ type: 'image', image: 'redis:7' }) },
    });
    const applied = after([ask('apply', chute())], [ask('apply', other)]);
    const asked = [ask('apply', chute({}, { version: 2 }))];
    const plan = planOf(asked, { applied, facts: FACTS });
    expect(argsOf(plan, 'image.drop@1', 'hello/image.drop')).toMatchObject({
      keep: ['hello-main:1', 'hello-main:2'],
      shared: ['redis:7'],
      // Under one version with other content the name is another's by then.
      recipes: [{ service: 'main', release: digest('a'), dockerfile: expect.any(String) }],
    });
    const gone = planOf([ask('delete', 'hello')], { applied, facts: FACTS });
    expect(argsOf(gone, 'image.drop@1', 'hello/image.drop')).toMatchObject({
      keep: [],
      shared: ['redis:7'],
      recipes: [],
    });
  });
});
