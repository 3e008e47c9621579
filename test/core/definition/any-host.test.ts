import { expect, test } from 'vitest';

import { parseDefinition, parseRequest } from '../../../src/core/definition/parse.ts';

const secret = (): { readonly $secret: string } => ({ $secret: 'kept' });

/** Complaints about a definition of one service `main` with these further lines, in its service and beside it. */
function complaintsOf(inService: string, beside = ''): readonly string[] {
  const text = [
    'name: hello',
    'services:',
    '  main:',
    '    command: node x.js',
    ...inService.split('\n').map((line) => `    ${line}`),
    beside,
  ].join('\n');
  const parsed = parseDefinition(text, { file: 'chute.yaml', secret, anyHost: true });
  if (parsed.ok) return [];
  return parsed.complaints.map(({ line, path, message }) => `${line} ${path}: ${message}`);
}

const AP =
  'interfaces:\n  net: { type: wifi-ap, ssid: here, dhcp: { start: 5, limit: 9, leasetime: 1h } }';

test.each([
  {
    story: 'a VLAN without an id',
    given: 'interfaces:\n  net: { type: vlan }',
    found: [
      '6 /services/main/interfaces/net/vlan-id: cannot plan hello: vlan-id of interface net is missing',
    ],
  },
  {
    story: 'an access point without a name',
    given: 'interfaces:\n  net: { type: wifi-ap }',
    found: [expect.stringMatching(/^6 .*ssid/)],
  },
  {
    story: 'a redirect that leads to nothing',
    given: AP,
    beside: "firewall:\n  - { name: web, type: redirect, from: '@host.lan:80', to: 'other:80' }",
    found: [expect.stringMatching(/^7 \/firewall.*the chute has no interface other/)],
  },
  {
    story: 'a redirect from a chute to the host',
    given: AP,
    beside: "firewall:\n  - { name: web, type: redirect, from: 'net:80', to: '@host.lan:80' }",
    found: [expect.stringMatching(/^7 \/firewall.*from a chute to the host is not supported/)],
  },
  {
    story: 'one VLAN twice',
    given: 'interfaces:\n  a: { type: vlan, vlan-id: 7 }\n  b: { type: vlan, vlan-id: 7 }',
    found: [
      expect.stringMatching(/^7 .*vlan 7: br-lan.7 is taken by interface a of the same chute/),
    ],
  },
  {
    story: 'a VLAN of two minds',
    given: 'interfaces:\n  a: { type: vlan, vlan-id: 7, vlan_id: 8 }',
    found: [expect.stringMatching(/^6 .*vlan_id: is 8, and vlan-id 7/)],
  },
  {
    story: 'an interface called lo',
    given: 'interfaces:\n  lo: { type: vlan, vlan-id: 7 }',
    found: [expect.stringMatching(/^6 .*interface lo is called as the loopback is/)],
  },
  {
    story: 'two networks of one chute that overlap',
    given:
      'interfaces:\n  a: { type: vlan, vlan-id: 7, ipv4_network: 10.1.0.0/16 }\n  b: { type: vlan, vlan-id: 8, ipv4_network: 10.1.2.0/24 }',
    found: [expect.stringMatching(/^7 .*10\.1\.2\.0.*10\.1\.0\.0/)],
  },
  {
    story: 'a range that begins at our own address',
    given:
      'interfaces:\n  a: { type: vlan, vlan-id: 7, dhcp: { start: 2, limit: 9, leasetime: 1h } }',
    found: [expect.stringMatching(/^6 .*dhcp.start of interface a is 2/)],
  },
  {
    story: 'a range that ends outside of the network that is asked for',
    given:
      'interfaces:\n  a: { type: vlan, vlan-id: 7, ipv4_network: 10.1.0.0/24, dhcp: { start: 3, limit: 253, leasetime: 1h } }',
    found: [expect.stringMatching(/^6 .*dhcp.limit of interface a is 253 from 3/)],
  },
  {
    story: 'more than all cpus',
    given: 'requests: { cpu-fraction: 0.6 }',
    beside: '  more:\n    command: node y.js\n    requests: { cpu-fraction: 0.6 }',
    found: [
      expect.stringMatching(/^\d+ .*hello-main 0.6, hello-more 0.6 ask for 1.2, and there is 1/),
    ],
  },
])('$story is refused where no host is needed to see it', ({ given, beside, found }) => {
  expect(complaintsOf(given, beside)).toEqual(found);
});

test('what some host could give is not refused without one', () => {
  const beside = "firewall:\n  - { name: web, type: redirect, from: '@host.lan:80', to: 'n*:80' }";
  expect(complaintsOf(`${AP}\nrequests: { cpu-fraction: 1 }`, beside)).toEqual([]);
});

test('facts of a host are no definition, and are told how to be used', () => {
  const text = JSON.stringify({ network: { ports: {} }, capabilities: ['vlan'] });
  expect(parseRequest(text, { file: 'facts.json', secret })).toMatchObject({
    ok: false,
    complaints: [
      {
        message: expect.stringContaining('its facts'),
        hint: expect.stringMatching(/--facts facts.json$/),
      },
    ],
  });
});
