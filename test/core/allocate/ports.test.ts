import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import {
  assignPorts,
  portRequests,
  type AssignedPort,
  type PortContext,
  type PortRequest,
} from '../../../src/core/allocate/ports.ts';
import type { Definition } from '../../../src/core/chute.ts';
import { definition, service } from '../plan-model.ts';

type Bindings = Readonly<Record<string, { readonly internal: number }>>;

const chute = (ports: Bindings, web?: Definition['web']): Definition =>
  definition({ services: { main: service({ ports }) }, ...(web && { web }) });

const had = (internal: number, external: number): AssignedPort => ({
  service: 'main',
  internal,
  protocol: 'tcp',
  external,
});

const assign = (
  requests: readonly PortRequest[],
  context: Partial<PortContext> = {},
): ReturnType<typeof assignPorts> =>
  assignPorts(requests, {
    chute: 'c',
    before: [],
    taken: {},
    range: { first: 30_000, last: 30_003 },
    ...context,
  });

const shown = (answer: ReturnType<typeof assignPorts>): readonly string[] =>
  'ports' in answer
    ? answer.ports.map(({ external, internal, protocol }) => `${external}→${internal}/${protocol}`)
    : answer.refusals.map(({ path, message }) => `${path}: ${message}`);

const auto = (internal: number): Bindings => ({ [`auto:${internal}/tcp`]: { internal } });

describe('ParaDrop: port bindings', () => {
  test.each<
    [story: string, given: Definition, before: readonly AssignedPort[], ports: readonly string[]]
  >([
    [
      'a dynamic web port is inherited',
      chute({}, { service: 'main', port: 80 }),
      [had(80, 32_784)],
      ['32784→80/tcp'],
    ],
    [
      'a web port that is bound is not bound again',
      chute({ '8080/tcp': { internal: 80 } }, { service: 'main', port: 80 }),
      [],
      ['8080→80/tcp'],
    ],
    [
      'a web port bound as udp is not the web port',
      chute({ '8080/udp': { internal: 80 } }, { service: 'main', port: 80 }),
      [],
      ['30000→80/tcp', '8080→80/udp'],
    ],
    ['a dynamic port is inherited', chute(auto(5000)), [had(5000, 40_001)], ['40001→5000/tcp']],
    ['one of another inside is not', chute(auto(5000)), [had(5001, 40_001)], ['30000→5000/tcp']],
    [
      'an explicit one is never overridden',
      chute({ '81/tcp': { internal: 81 } }),
      [had(81, 40_001)],
      ['81→81/tcp'],
    ],
    [
      'an explicit one comes first, whatever another had',
      chute({ '40001/tcp': { internal: 81 }, ...auto(5000) }),
      [had(5000, 40_001)],
      ['40001→81/tcp', '30000→5000/tcp'],
    ],
    [
      'both an explicit and a dynamic one for one port inside',
      chute({ '8080/tcp': { internal: 80 }, ...auto(80) }),
      [had(80, 8080), had(80, 30_002)],
      ['8080→80/tcp', '30002→80/tcp'],
    ],
  ])('%s', (_story, given, before, ports) => {
    expect(shown(assign(portRequests(given), { before }))).toEqual(ports);
  });

  test('the web port of another service is not this one’s', () => {
    const given = { ...chute({}, { service: 'other', port: 80 }) };
    expect(portRequests(given).map((each) => each.service)).toEqual(['other']);
  });
});

test('what is taken is refused, or passed over where any will do', () => {
  const taken = { '8080/tcp': 'port of web', '30000/tcp': 'web', '30001/udp': 'dns' };
  expect(shown(assign(portRequests(chute(auto(1))), { taken }))).toEqual(['30001→1/tcp']);
  expect(shown(assign(portRequests(chute({ '8080/tcp': { internal: 80 } })), { taken }))).toEqual([
    '/services/main/ports/8080~1tcp: cannot publish port 8080/tcp of service main of c: port of web has it',
  ]);
  expect(shown(assign(portRequests(chute(auto(5))), { range: { first: 1, last: 0 } }))).toEqual([
    '/services/main/ports/auto:5~1tcp: cannot publish port 5/tcp of service main of c: all ports from 1 to 0 are taken',
  ]);
});

test('no port is given twice, kept ones stay, and order is nothing', () => {
  const ask = fc.record({
    service: fc.constantFrom('a', 'b'),
    internal: fc.integer({ min: 1, max: 9 }),
    protocol: fc.constantFrom('tcp', 'udp'),
    external: fc.option(fc.integer({ min: 30_000, max: 30_009 })),
    path: fc.constant(''),
  });
  const asks = fc.uniqueArray(ask, {
    maxLength: 8,
    selector: ({ service: name, internal, protocol }) => `${name} ${internal} ${protocol}`,
  });
  const context = { range: { first: 30_000, last: 30_020 } };
  fc.assert(
    fc.property(asks, (requests) => {
      const answer = assign(requests, context);
      expect(assign(requests.toReversed(), context)).toEqual(answer);
      if (!('ports' in answer)) return;
      expect(answer.ports).toHaveLength(requests.length);
      const keys = answer.ports.map(({ external, protocol }) => `${external}/${protocol}`);
      expect(new Set(keys).size).toBe(keys.length);
      // What was chosen stays though lower ones have become free.
      const fewer = requests.slice(1);
      const kept = assign(fewer, { ...context, before: answer.ports });
      expect('ports' in kept ? kept.ports : []).toEqual(
        answer.ports.filter(({ service: name, internal, protocol }) =>
          fewer.some(
            (each) =>
              each.service === name && each.internal === internal && each.protocol === protocol,
          ),
        ),
      );
    }),
  );
});
