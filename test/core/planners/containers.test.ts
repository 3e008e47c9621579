import { describe, expect, test } from 'vitest';

import { stateHash } from '../../../src/core/applied.ts';
import type { Definition } from '../../../src/core/chute.ts';
import type { ChuteRequest } from '../../../src/core/events.ts';
import { ask, definition, patched, planned, planOf, sha256, withDead } from '../plan-model.ts';
import { after, chute, FACTS, idsOf, node, one, source, specOf } from './container-model.ts';

describe('the plan of a chute that runs in containers', () => {
  test('has its image and its network before it starts anything', () => {
    expect(idsOf([ask('apply', chute())])).toEqual([
      'hello/directory.create',
      'hello/directory.create:data',
      'hello/directory.create:system',
      `hello/release.fetch:${'a'.repeat(12)}`,
      'hello/main/image.build',
      'hello/image.check',
      'hello/main/release.switch',
      'hello/network.create',
      'hello/main/container.start',
      'hello/gate.check',
      'hello/chute.save',
      'hello/container.keep',
    ]);
  });

  test('builds what is new while the old one serves, and removes that behind the commit', () => {
    const next = chute(source('b'), { version: 2 });
    expect(idsOf([ask('apply', next)], one)).toEqual([
      `hello/release.fetch:${'b'.repeat(12)}`,
      'hello/main/image.build',
      'hello/image.check',
      'hello/main/release.switch',
      'hello/network.create',
      'hello/main/container.stop',
      'hello/main/container.start',
      'hello/gate.check',
      'hello/chute.save',
      'hello/container.keep',
      'hello/container.remove',
      'hello/image.drop',
      'hello/release.drop',
    ]);
  });

  test.each<[story: string, asked: ChuteRequest, ids: readonly string[]]>([
    [
      'stopping keeps the image',
      ask('stop', 'hello'),
      [
        'hello/main/container.stop',
        'hello/chute.save',
        'hello/container.remove',
        'hello/network.remove',
      ],
    ],
    [
      'restarting sees that image and network are still there',
      ask('restart', 'hello'),
      [
        'hello/main/image.build',
        'hello/image.check',
        'hello/network.create',
        'hello/main/container.stop',
        'hello/main/container.start',
        'hello/gate.check',
        'hello/container.keep',
        'hello/container.remove',
      ],
    ],
    [
      'deleting leaves nothing',
      ask('delete', 'hello'),
      [
        'hello/main/container.stop',
        'hello/chute.save',
        'hello/directory.remove:releases',
        'hello/directory.remove:services',
        'hello/directory.remove:system',
        'hello/container.remove',
        'hello/image.drop',
        'hello/network.remove',
      ],
    ],
  ])('%s', (_story, asked, ids) => {
    expect(idsOf([asked], one).toSorted()).toEqual(ids.toSorted());
  });

  test('makes the network again when a stopped chute starts', () => {
    const stopped = after([ask('apply', chute())], [ask('stop', 'hello')]);
    expect(idsOf([ask('start', 'hello')], stopped)).toContain('hello/network.create');
  });

  test('deleting a stopped chute takes along what could not be removed when it stopped', () => {
    const stopped = after([ask('apply', chute())], [ask('stop', 'hello')]);
    const ids = idsOf([ask('delete', 'hello')], stopped);
    expect(ids).toContain('hello/container.remove');
    expect(ids).toContain('hello/network.remove');
  });

  test('leaves a service alone that nothing changes', () => {
    const two = (letter: string): Definition =>
      definition({ services: { main: node(source(letter)), db: node() } });
    const ids = idsOf([ask('apply', two('b'))], after([ask('apply', two('a'))]));
    expect(ids.filter((id) => id.startsWith('hello/db/'))).toEqual([]);
    expect(ids).toContain('hello/main/container.stop');
  });

  test('starts what is needed first, on one network by their names', () => {
    const given = definition({ services: { main: node({ needs: ['db'] }), db: node() } });
    const { steps } = planOf([ask('apply', given)], { facts: FACTS });
    const starts = steps.filter(({ kind }) => kind === 'container.start@1').map(({ id }) => id);
    expect(starts).toEqual(['hello/db/container.start', 'hello/main/container.start']);
    expect(specOf(given, 'db').network).toEqual({ name: 'ripcord-hello', aliases: ['db'] });
    expect(specOf(given).network).toEqual({ name: 'ripcord-hello', aliases: ['main'] });
  });

  test('gives undoing a start the time that stopping takes', () => {
    const slow = chute({ stop: { signal: 'SIGTERM', graceMs: 300_000 } });
    const { steps } = planOf([ask('apply', slow)], { facts: FACTS });
    const start = steps.find(({ kind }) => kind === 'container.start@1');
    expect(start?.timeoutMs).toBeGreaterThan(300_000);
  });

  test('clears away what died', () => {
    const ids = idsOf([ask('apply', chute())], withDead(one, 'hello', 'main'));
    expect(ids).toContain('hello/container.remove');
    expect(ids).not.toContain('hello/main/container.stop');
  });

  test('has the network of what died: somebody who cleans up takes what nothing runs on', () => {
    const dead = withDead(one, 'hello', 'main');
    expect(idsOf([ask('apply', chute())], dead)).toContain('hello/network.create');
  });

  test('is empty for what runs', () => {
    expect(planned([ask('apply', chute())], { applied: one, facts: FACTS })).toEqual({
      unchanged: true,
    });
  });

  test('the state hash has no identity of a container', () => {
    const instance = { container: 'another', mark: 'u9/hello/main/container.start' };
    const path = '/chutes/hello/services/main/instance';
    const other = patched(one, [{ op: 'replace', path, value: instance }]);
    expect(stateHash(other, sha256)).toBe(stateHash(one, sha256));
  });
});

describe('what a service may take', () => {
  test('is limited wherever there are containers, for others at once', () => {
    const other = definition({ name: 'other', services: { main: node() } });
    const applied = after([ask('apply', other)]);
    const greedy = chute({ requests: { cpuFraction: 0.8, memory: 64 * 1024 * 1024 } });
    const { steps } = planOf([ask('apply', greedy)], { applied, facts: FACTS });
    expect(steps.filter(({ kind }) => kind === 'resource.limit@1').map(({ id }) => id)).toEqual([
      'host/resource.limit:hello',
      'host/resource.limit:other',
    ]);
  });
});
