import { describe, expect, test } from 'vitest';

import { ROUTER } from '../allocate/host-model.ts';
import { FRESH, plannedOn, toBe } from './device.ts';

const messagesOf = (answer: ReturnType<typeof plannedOn>): readonly string[] =>
  'refusals' in answer ? answer.refusals.map(({ message }) => message) : [];

describe('a port that a host configuration names', () => {
  const [free = ''] = Object.values(ROUTER.ports)
    .filter(({ role }) => role === 'free')
    .map((each) => each.interface);

  test('must not be the uplink and a port of the LAN', () => {
    const lan = { interfaces: [ROUTER.uplink?.interface ?? ''] };
    expect(messagesOf(plannedOn(FRESH, toBe({ lan })))).toEqual([
      'cannot configure the host: eth0 is its uplink and cannot be a port of its LAN',
    ]);
    expect(messagesOf(plannedOn(FRESH, toBe({ lan, wan: { interface: free } })))).toEqual([]);
  });

  test('and that is not there is warned of', () => {
    const answer = plannedOn(FRESH, toBe({ lan: { interfaces: ['eth77'] } }));
    expect(answer).toMatchObject({
      warnings: [{ path: '/lan/interfaces/0', message: expect.stringContaining('no port eth77') }],
    });
  });

  test('and that is not there takes no uplink with it', () => {
    const asked = { wan: { interface: 'eth77' }, lan: { interfaces: ['eth0'] } };
    expect(messagesOf(plannedOn(FRESH, toBe(asked)))).toEqual([
      'cannot configure the host: eth0 is its uplink and cannot be a port of its LAN',
    ]);
  });
});

test('networks larger than the pool that is chosen are refused', () => {
  expect(plannedOn(FRESH, toBe({ system: { chutePrefixSize: 8 } }))).toMatchObject({
    refusals: [
      {
        path: '/system/chutePrefixSize',
        message: 'cannot configure the host: no network of /8 fits into the pool 10.128.0.0/9',
      },
    ],
  });
});

test('a LAN in the network of the uplink is warned of', () => {
  const network = { ...ROUTER, uplink: { interface: 'eth0', address: '192.168.1.20/24' } };
  expect(plannedOn(FRESH, toBe({ lan: { ipaddr: '192.168.1.1' } }), { network })).toMatchObject({
    warnings: [
      {
        path: '/lan/ipaddr',
        message: expect.stringMatching(/^the LAN 192.168.1.0.24 overlaps 192.168.1.0.24/),
      },
    ],
  });
});
