import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { resolveRedirects } from '../../../src/core/allocate/redirects.ts';
import type { Allocations } from '../../../src/core/allocate/surroundings.ts';
import type { JsonObject } from '../../../src/core/json.ts';
import { given } from './allocation-model.ts';

const interfaces: Allocations = {
  mon0: given({ inside: 'mon0', kind: 'wifi-monitor', hostAddress: null, chuteAddress: null }),
  mylan: given({ inside: 'mylan', hostAddress: '192.168.2.1', chuteAddress: '192.168.2.2' }),
  mywan: given({ inside: 'mywan', hostAddress: '192.168.1.1', chuteAddress: '192.168.1.2' }),
  mywifi: given({ inside: 'mywifi', hostAddress: '192.168.3.1', chuteAddress: '192.168.3.2' }),
};

const resolve = (
  rules: Readonly<Record<string, JsonObject>>,
  portsTaken: Readonly<Record<string, string>> = {},
): ReturnType<typeof resolveRedirects> =>
  resolveRedirects({ chute: 'c', rules, interfaces, portsTaken });

function told(rule: JsonObject): string {
  const answer = resolve({ r: rule });
  if ('refusals' in answer)
    return answer.refusals.map(({ message, path }) => `${path}: ${message}`).join('\n');
  return answer.redirects
    .map(({ fromPort, toAddress, toPort }) => `${fromPort} → ${toAddress} ${toPort}`)
    .join();
}

const refused = (field: string, reason: string): string =>
  `/firewall/r/${field}: cannot add redirect r of c: ${reason}`;

describe('ParaDrop: redirects, to the address inside', () => {
  test.each([
    ['@host.lan', 'mywan', 'null → 192.168.1.2 null'],
    ['@host.lan:9000', '??lan:80', '9000 → 192.168.2.2 80'],
    [' @host.lan:9000 ', 'my*', '9000 → 192.168.2.2 null'],
    ['@host.lan:9000', 'myw[!a]*', '9000 → 192.168.3.2 null'],
    ['@host.lan:9000', 'my[k-m]an:1', '9000 → 192.168.2.2 1'],
    ['@host.lan:80', 'missing', refused('to', 'the chute has no interface missing')],
    ['@host.lan:80', 'my.an', refused('to', 'the chute has no interface my.an')],
    ['@host.lan:80', 'my[z-a]an', refused('to', 'the chute has no interface my[z-a]an')],
    ['@host.lan:80', 'mon0', refused('to', 'interface mon0 has no address')],
    [
      'mywan',
      'mylan',
      refused('from', 'from mywan to mylan: between interfaces of a chute is not supported'),
    ],
    [
      'mywan:80',
      '@host.lan:80',
      refused('from', 'from mywan to @host.lan: from a chute to the host is not supported'),
    ],
    [
      '@host.lan:80',
      '@host.lan:81',
      refused('to', 'from @host.lan to @host.lan: both are outside of the chute'),
    ],
    ['@host.wan:80', 'mywan', refused('from', '@host.wan is no place outside that there is')],
    [
      '@host.lan:0',
      'mywan',
      refused('from', '@host.lan:0 has no port from 1 to 65535 behind its colon'),
    ],
    [
      '@host.lan:80',
      'mywan:65536',
      refused('to', 'mywan:65536 has no port from 1 to 65535 behind its colon'),
    ],
    [
      '@host.lan:8:9',
      'mywan',
      refused('from', '@host.lan:8:9 has no port from 1 to 65535 behind its colon'),
    ],
    ['', 'mywan', refused('from', 'it is missing')],
    ['@host.lan', ':80', refused('to', 'it names no interface: :80')],
  ])('%j to %j: %s', (from, to, expected) => {
    expect(told({ type: 'redirect', from, to })).toBe(expected);
  });

  test('a rule of another type is refused', () => {
    expect(told({ type: 'drop', from: '@host.lan', to: 'mywan' })).toBe(
      refused('type', 'its type is unknown: "drop"'),
    );
  });
});

test('a port that is taken is refused, naming who has it', () => {
  const answer = resolve(
    {
      a: { from: '@host.lan:80', to: 'mywan' },
      b: { from: '@host.lan:81', to: 'mywan' },
      c: { from: '@host.lan:81', to: 'mylan' },
    },
    { '80/udp': 'main of web' },
  );
  expect(answer).toMatchObject({
    refusals: [
      {
        code: 'RIPCORD_PORT_TAKEN',
        message: 'cannot add redirect a of c: port 80/udp is taken by main of web',
      },
      { message: 'cannot add redirect c of c: port 81 is redirected by b already' },
    ],
  });
});

test('redirects come in the order of their names', () => {
  const names = fc.uniqueArray(fc.stringMatching(/^[a-z]{1,6}$/), { maxLength: 8 });
  fc.assert(
    fc.property(names, (unsorted) => {
      const rules = unsorted.map(
        (name, at) => [name, { from: `@host.lan:${9000 + at}`, to: 'mywan' }] as const,
      );
      const answer = resolve(Object.fromEntries(rules));
      expect(answer).toEqual(resolve(Object.fromEntries(rules.toReversed())));
      const listed = 'redirects' in answer ? answer.redirects.map(({ name }) => name) : null;
      expect(listed).toEqual(unsorted.toSorted());
    }),
  );
});
