import { describe, expect, test } from 'vitest';

import { readDhcp, dhcpAt, wrongRange } from '../../../src/core/allocate/dhcp.ts';
import { readInterfaces } from '../../../src/core/allocate/interfaces.ts';
import { networkAt, networkText, parseAddress } from '../../../src/core/allocate/ipv4.ts';
import type { JsonObject } from '../../../src/core/json.ts';
import { ap } from './allocation-model.ts';

const read = (name: string, given: JsonObject): ReturnType<typeof readInterfaces> =>
  readInterfaces('c', { main: { interfaces: { [name]: given } } });

/** Refusals without what is the same in all. */
const wrong = (given: JsonObject, name = 'wlan0'): readonly string[] =>
  read(name, given).refusals.map(({ path, message }) => {
    expect(message.startsWith('cannot plan c: ')).toBe(true);
    return `${path.replace(`/services/main/interfaces/${name}`, '')}: ${message.slice(15)}`;
  });

const secured = (wireless: JsonObject): JsonObject =>
  ap('x', { wireless: { ssid: 'x', ...wireless } });

describe('ParaDrop: wireless security', () => {
  test.each<[wireless: JsonObject, expected: JsonObject]>([
    [{}, { encryption: 'none' }],
    [{ encryption: 'none' }, { encryption: 'none' }],
    [{ key: 'password' }, { encryption: 'psk2', key: 'password' }],
    [
      { key: 'password', encryption: 'psk' },
      { encryption: 'psk', key: 'password' },
    ],
    [
      { key: 'password', encryption: 'none' },
      { encryption: 'none', key: 'password' },
    ],
    [
      { key: 'password', encryption: 'psk2+ccmp' },
      { encryption: 'psk2+ccmp', key: 'password' },
    ],
    [
      { key: { $secret: 'h' }, encryption: 'psk-mixed' },
      { encryption: 'psk-mixed', key: { $secret: 'h' } },
    ],
    [{ key: 12_345_678 }, { encryption: 'psk2', key: '12345678' }],
    [
      { encryption: 'wpa2', auth_server: '10.0.0.9', auth_secret: 's' },
      { encryption: 'wpa2', authServer: '10.0.0.9', authSecret: 's' },
    ],
    [
      { nasid: 'n', acct_server: '1.1.1.1', acct_secret: 's', acct_interval: '60' },
      { encryption: 'none', nasid: 'n', acctServer: '1.1.1.1', acctSecret: 's', acctInterval: 60 },
    ],
    [
      { hidden: '1', isolate: false, maxassoc: 5 },
      { encryption: 'none', hidden: true, isolate: false, maxassoc: 5 },
    ],
  ])('%j is read as %j', (wireless, expected) => {
    expect(read('wlan0', secured(wireless)).wanted[0]?.wireless).toEqual({
      ssid: 'x',
      ...expected,
    });
  });

  test.each<[wireless: JsonObject, reason: string]>([
    [{ encryption: 'psk' }, 'encryption of interface wlan0 is psk, which needs a key'],
    [{ encryption: 'psk2+ccmp' }, 'encryption of interface wlan0 is psk2+ccmp, which needs a key'],
    [{ encryption: 'sae', key: 'longenough' }, 'encryption of interface wlan0 is unknown: sae'],
    [
      { encryption: 'psk2+gcmp', key: 'longenough' },
      'encryption of interface wlan0 is unknown: psk2+gcmp',
    ],
    [
      { auth_server: 'radius.example', auth_secret: 's' },
      'auth_server of interface wlan0 is no IPv4 address: radius.example',
    ],
    [
      { acct_server: '10.0.0.9' },
      'acct_secret of interface wlan0 is missing: acct_server needs it',
    ],
    [{ maxassoc: 5000 }, 'maxassoc of interface wlan0 is 5000: more than can be served'],
    [{ nasid: 'n'.repeat(49) }, 'nasid of interface wlan0 is no name for an access server'],
    [{ encryption: 'wpa2' }, 'encryption of interface wlan0 is wpa2, which needs an auth_server'],
    [{ encryption: 'wep' }, 'encryption of interface wlan0 is unknown: wep'],
    [{ key: '1234567' }, 'key of interface wlan0 has 7 characters'],
    [{ key: 'x'.repeat(64) }, 'key of interface wlan0 has 64 characters'],
    [{ key: 'pass\nword=1' }, 'key of interface wlan0 holds other than printable ASCII characters'],
    [{ ssid: null }, 'ssid of interface wlan0 is missing: how is the network called?'],
    [{ ssid: '' }, 'ssid of interface wlan0 is missing: how is the network called?'],
    [{ ssid: 'é'.repeat(17) }, 'ssid of interface wlan0 is too long: 34 bytes'],
    [{ ssid: 'a\nb' }, 'ssid of interface wlan0 holds control characters'],
    [{ nasid: 'a\nb' }, 'nasid of interface wlan0 is no text of one line'],
    [{ hidden: 'maybe' }, 'hidden of interface wlan0 is neither true nor false: maybe'],
    [{ maxassoc: 0 }, 'maxassoc of interface wlan0 is no count: 0'],
    [
      { acct_server: '-x', acct_secret: 's' },
      'acct_server of interface wlan0 is no IPv4 address: -x',
    ],
  ])('%j is refused', (wireless, reason) => {
    const field = reason.slice(0, reason.indexOf(' '));
    expect(wrong(secured(wireless))).toEqual([`/wireless/${field}: wireless.${reason}`]);
  });

  test.each([['x'], ['é'.repeat(16)]])('%s is an ssid', (ssid) => {
    expect(wrong(ap(ssid))).toEqual([]);
  });

  test.each([['x'.repeat(8)], ['x'.repeat(63)]])('%s is a key', (key) => {
    expect(wrong(secured({ key }))).toEqual([]);
  });

  test('what may not be meant is warned of', () => {
    const open = secured({ key: 'password', encryption: 'none' });
    expect(read('wlan0', open).warnings).toEqual([
      {
        message: 'interface wlan0 of c has a key, and is open: its encryption is none',
        path: '/services/main/interfaces/wlan0/wireless/encryption',
        hint: 'leave out encryption, or name one such as psk2',
      },
    ]);
    expect(read('wlan0', { type: 'wifi-ap', wireless: { ssid: 'x' } }).warnings).toEqual([
      {
        message: 'interface wlan0 of c has no dhcp: nobody gives addresses to its stations',
        path: '/services/main/interfaces/wlan0',
        hint: 'give it dhcp with start and limit',
      },
    ]);
    const dhcp = { leasetime: '1h', start: 10, limit: 20 };
    expect(read('up', { type: 'wifi-sta', wireless: { ssid: 'x' }, dhcp }).warnings).toEqual([
      {
        message:
          'interface up of c has dhcp and is a station: nobody there is given an address by it',
        path: '/services/main/interfaces/up/dhcp',
        hint: 'leave dhcp out, or make it a wifi-ap',
      },
    ]);
  });
});

describe('an interface is refused', () => {
  test('when it is a station that would have to log in by RADIUS', () => {
    const wireless = {
      ssid: 'x',
      encryption: 'wpa2',
      auth_server: '10.0.0.9',
      auth_secret: 's',
    };
    expect(read('up', { type: 'wifi-sta', wireless }).refusals).toMatchObject([
      { path: '/services/main/interfaces/up/wireless/encryption' },
    ]);
  });

  test.each<[given: JsonObject, expected: readonly string[]]>([
    [
      { type: 'wifi-ap' },
      ['/wireless/ssid: wireless.ssid of interface wlan0 is missing: how is the network called?'],
    ],
    [
      { type: 'wifi-sta', wireless: {} },
      ['/wireless/ssid: wireless.ssid of interface wlan0 is missing: how is the network called?'],
    ],
    [{ type: 'something funny' }, ['/type: type of interface wlan0 is unknown: "something funny"']],
    [{}, ['/type: type of interface wlan0 is missing']],
    [{ type: 'vlan' }, ['/vlan-id: vlan-id of interface wlan0 is missing']],
    [{ type: 'vlan', 'vlan-id': 0 }, ['/vlan-id: vlan-id of interface wlan0 is no id: 0']],
    [
      { type: 'vlan', 'vlan-id': '4095' },
      ['/vlan-id: vlan-id of interface wlan0 is no id: "4095"'],
    ],
    [
      { type: 'lan', ipv4_network: '10.0.0.1/24' },
      [
        '/ipv4_network: ipv4_network of interface wlan0 cannot be had: 10.0.0.1/24 has host bits set',
      ],
    ],
    [
      { type: 'lan', ipv4_network: '10.0.0.0/24', requirements: { ipv4_network: '10.0.1.0/24' } },
      [
        '/ipv4_network: ipv4_network of interface wlan0 is 10.0.0.0/24, and among its requirements 10.0.1.0/24',
      ],
    ],
    [
      { type: 'lan', requirements: { channel: [1, 6] } },
      ['/requirements/channel: requirements.channel of interface wlan0 is not one value'],
    ],
    [
      { type: 'lan', l3bridge: 'a b' },
      ['/l3bridge: l3bridge of interface wlan0 is no name of a network: a b'],
    ],
    [
      { type: 'wifi-monitor', dhcp: { relay: '1.2.3.4' } },
      ['/dhcp: dhcp of interface wlan0 needs an address, and a monitor has none'],
    ],
  ])('%j', (given, expected) => {
    expect(wrong(given)).toEqual(expected);
  });

  test('for a name that no system takes', () => {
    expect(wrong({ type: 'lan' }, 'sixteen-letters0')).toEqual([
      ': interface sixteen-letters0 has a name that no system takes',
    ]);
  });

  test('for a name that another service has', () => {
    const main = { interfaces: { wlan0: ap('x') } };
    expect(
      readInterfaces('c', { main, other: { interfaces: { wlan0: ap('y') } } }).refusals,
    ).toMatchObject([
      {
        path: '/services/other/interfaces/wlan0',
        message: 'cannot plan c: interface wlan0 is in service main too, not only in other',
      },
    ]);
  });
});

test('a network may stand among the requirements, and is none of them', () => {
  const requirements = { hwmode: '11g', ipv4_network: '172.20.0.0/24' };
  const [wanted] = read('wlan0', ap('x', { requirements })).wanted;
  expect(wanted?.requirements).toEqual({ hwmode: '11g' });
  expect(wanted?.network && networkText(wanted.network)).toBe('172.20.0.0/24');
});

const place = { chute: 'c', service: 'main', name: 'wlan0' };

describe('ParaDrop: dhcp', () => {
  test.each<[story: string, given: JsonObject, expected: JsonObject]>([
    [
      'plain',
      { leasetime: '12h', start: 20, limit: 200 },
      { leasetime: '12h', start: 20, limit: 200, dns: [], relay: [] },
    ],
    [
      'relay by address',
      { leasetime: '12h', start: 20, limit: 200, relay: '1.2.3.4' },
      { leasetime: '12h', start: 20, limit: 200, dns: [], relay: ['192.168.0.1,1.2.3.4'] },
    ],
    [
      'relay alone needs no range',
      { relay: '1.2.3.4' },
      { dns: [], relay: ['192.168.0.1,1.2.3.4'] },
    ],
    [
      'a list of relays is passed on',
      { relay: ['10.0.0.1,10.0.0.9', '10.0.0.1,10.0.0.8,eth0'] },
      { dns: [], relay: ['10.0.0.1,10.0.0.9', '10.0.0.1,10.0.0.8,eth0'] },
    ],
    [
      'numbers as text, a lease in seconds, its own dns',
      { leasetime: 3600, start: '20', limit: '200', dns: ['9.9.9.9', '2620:fe::fe'] },
      { leasetime: '3600', start: 20, limit: 200, dns: ['9.9.9.9', '2620:fe::fe'], relay: [] },
    ],
  ])('%s', (_story, given, expected) => {
    const answer = readDhcp(place, given, undefined);
    expect('dhcp' in answer && dhcpAt(answer.dhcp, '192.168.0.1')).toEqual(expected);
  });

  test('the interface’s dns is that of its dhcp', () => {
    const answer = readDhcp(place, { relay: '1.2.3.4' }, ['9.9.9.9']);
    expect('dhcp' in answer && answer.dhcp.dns).toEqual(['9.9.9.9']);
  });

  test.each<[given: JsonObject, fields: readonly string[]]>([
    [{ leasetime: '12h', limit: 100 }, ['start']],
    [{ start: 4, limit: 100 }, ['leasetime']],
    [{}, ['leasetime', 'start', 'limit']],
    [{ relay: '1.2.3.4', start: 5 }, ['limit']],
    [{ leasetime: 'long', start: 4, limit: 100 }, ['leasetime']],
    [{ leasetime: '1h\nport=0', start: 4, limit: 100 }, ['leasetime']],
    [{ leasetime: '1h', start: 0, limit: -1 }, ['start', 'limit']],
    [{ relay: 'there' }, ['relay']],
    [{ relay: [] }, ['relay']],
    [{ relay: ['x,y'] }, ['relay']],
    [{ relay: '1.2.3.4', dns: '1::2::3' }, ['dns']],
    [{ relay: '1.2.3.4', dns: 'fe80:g' }, ['dns']],
    [{ relay: ['10.0.0.1,eth0'] }, ['relay']],
    [{ relay: ['10.0.0.1,10.0.0.9,eth0,eth1'] }, ['relay']],
    [{ relay: ['a b'] }, ['relay']],
    [{ relay: '1.2.3.4', dns: ['nine'] }, ['dns']],
  ])('%j is refused for %j', (given, fields) => {
    const answer = readDhcp(place, given, undefined);
    const paths = 'refusals' in answer ? answer.refusals.map(({ path }) => path) : [];
    expect(paths.toSorted()).toEqual(
      fields.map((field) => `/services/main/interfaces/wlan0/dhcp/${field}`).toSorted(),
    );
  });

  test.each([
    [4, 250, 24, null],
    [3, 252, 24, null],
    [3, 253, 24, 'is 253 from 3: the range ends outside 10.128.0.0/24'],
    [100, 200, 24, 'is 200 from 100: the range ends outside 10.128.0.0/24'],
    [255, 1, 24, 'is 1 from 255: the range ends outside 10.128.0.0/24'],
    [1, 10, 24, 'is 1: 10.128.0.1 is not for clients'],
    [2, 10, 24, 'is 2: 10.128.0.2 is not for clients'],
    [3, 1, 30, 'is 1 from 3: the range ends outside 10.128.0.0/30'],
    [300, 200, 23, null],
  ])('%i and %i more in a /%i: %s', (start, limit, prefix, reason) => {
    const network = networkAt(parseAddress('10.128.0.0') ?? 0, prefix);
    expect(wrongRange({ start, limit }, network)?.reason ?? null).toBe(reason);
  });
});
