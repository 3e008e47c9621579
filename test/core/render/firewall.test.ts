import { expect, test } from 'vitest';

import type { HostConfig, Redirect } from '../../../src/core/network.ts';
import { given, HOST, planFor, planOf } from './plans.ts';
import { renderNftables } from './whole-files.ts';
import { renderHost } from './whole-files.ts';

const wlan = given(0, { inside: 'wlan0', outside: 'vwlan0000' });

/** The lines of one chain. */
function rulesOf(ruleset: string, chain: string): readonly string[] {
  const [, body = ''] = ruleset.split(`  chain ${chain} {\n`);
  const [inside = ''] = body.split('\n  }\n');
  return inside.split('\n').map((line) => line.trim());
}

test('names and leases are allowed only where they are served', () => {
  const refusing = ['ct state established,related accept', 'reject'];
  const served = renderNftables(planFor(wlan));
  const unserved = renderNftables(planFor({ ...wlan, dhcp: null }));
  expect(rulesOf(unserved, 'zone_vwlan0000')).toEqual(refusing);
  expect(rulesOf(served, 'zone_vwlan0000')).toEqual([
    refusing[0],
    'udp dport 67 accept',
    'meta l4proto { tcp, udp } th dport 53 accept',
    refusing[1],
  ]);
});

test('a host without chutes has an empty table, so that old rules go', () => {
  const ruleset = renderNftables(planOf({}, { wan: { interface: null, proto: 'dhcp' } }));
  expect(ruleset).toContain('delete table inet ripcord\nadd table inet ripcord\n');
  expect(ruleset).not.toMatch(/accept$|jump|dnat|masquerade/m);
});

const lanless: Partial<HostConfig> = { lan: { ...HOST.lan, ipaddr: null } };
const auto: Partial<HostConfig> = { system: { ...HOST.system, chuteSubnetPool: 'auto' } };

test.each<[string, Partial<HostConfig>, string | undefined, readonly string[]]>([
  ['the LAN and the pool', {}, undefined, ['10.128.0.0/9', '192.168.7.0/24']],
  ['the pool alone', lanless, undefined, ['10.128.0.0/9']],
  [
    'the pool that was chosen',
    { ...lanless, ...auto },
    '192.168.128.0/17',
    ['10.128.0.0/24', '192.168.128.0/17'],
  ],
  [
    'the pool, and a subnet that was given before there was another pool',
    { ...lanless, system: { ...HOST.system, chuteSubnetPool: '172.20.0.0/16' } },
    undefined,
    ['10.128.0.0/24', '172.20.0.0/16'],
  ],
  ['the subnets in use', { ...lanless, ...auto }, undefined, ['10.128.0.0/24']],
  [
    'each address once',
    { lan: { ...HOST.lan, ipaddr: '10.200.0.1' } },
    undefined,
    ['10.128.0.0/9'],
  ],
  ['nothing without an uplink', { wan: { interface: null, proto: 'dhcp' } }, undefined, []],
])('masqueraded is %s', (_, host, pool, networks) => {
  const ruleset = renderNftables(planFor(wlan, host), { pool });
  const found = [...ruleset.matchAll(/ip saddr (\S+) masquerade/g)].map(([, each]) => each);
  expect(found).toEqual(networks);
});

const redirect: Redirect = {
  name: 'web',
  fromInterface: 'host.lan',
  fromPort: 8080,
  toAddress: '10.128.0.2',
  toPort: 80,
};

test.each<[string, Partial<Redirect>, HostConfig['wan']['interface'], string]>([
  [
    'port to port',
    {},
    'eth0',
    'iifname { "br-lan", "eth0" } fib daddr type local meta l4proto { tcp, udp } th dport 8080 dnat ip to 10.128.0.2:80',
  ],
  [
    'same port',
    { toPort: null },
    'eth0',
    'iifname { "br-lan", "eth0" } fib daddr type local meta l4proto { tcp, udp } th dport 8080 dnat ip to 10.128.0.2',
  ],
  [
    'all ports, not from the LAN',
    { fromPort: null, toPort: null },
    'eth0',
    'iifname "eth0" fib daddr type local meta l4proto { tcp, udp } dnat ip to 10.128.0.2',
  ],
  [
    'no uplink known',
    {},
    null,
    'iifname != { "lo", "vwlan0000" } fib daddr type local meta l4proto { tcp, udp } th dport 8080 dnat ip to 10.128.0.2:80',
  ],
])('a redirect: %s', (_, more, uplink, rule) => {
  const plan = planOf(
    { hello: { interfaces: { wlan0: wlan }, redirects: [{ ...redirect, ...more }] } },
    { wan: { interface: uplink, proto: 'dhcp' } },
  );
  expect(rulesOf(renderNftables(plan), 'prerouting')).toEqual(
    [
      'type nat hook prerouting priority dstnat; policy accept;',
      `${rule} comment "ripcord:hello/web"`,
    ].map((line) => expect.stringContaining(line)),
  );
});

test('a redirect of all ports comes after those of one port', () => {
  const plan = planOf({
    a: { interfaces: {}, redirects: [{ ...redirect, fromPort: null, toPort: null }] },
    b: { interfaces: { wlan0: wlan }, redirects: [redirect] },
  });
  expect(renderNftables(plan).match(/ripcord:[ab]\/web/g)).toEqual([
    'ripcord:b/web',
    'ripcord:a/web',
  ]);
});

test('a comment fits into what the kernel takes, whatever the rule is called', () => {
  const plan = planOf({
    hello: { interfaces: {}, redirects: [{ ...redirect, name: '"\n🚀'.repeat(99) }] },
  });
  const [, comment = ''] = /comment "(ripcord:hello[^"]*)"/.exec(renderNftables(plan)) ?? [];
  expect(comment).toMatch(/^ripcord:hello\/%22%0a%f0%9f/);
  expect(comment.length).toBe(127);
});

test('OpenWrt has the same rules in its own words', () => {
  const plan = planOf({ hello: { interfaces: { wlan0: wlan }, redirects: [redirect, redirect] } });
  const text = renderHost(plan, { host: 'uci' })['etc/config/firewall']?.content ?? '';
  expect(text).toContain(
    "\toption input 'REJECT'\n\toption forward 'ACCEPT'\n\toption output 'ACCEPT'\n",
  );
  expect(text.match(/^config redirect '(.*)'$/gm)).toEqual([
    "config redirect 'ripcord__redirect__hello__web'",
    "config redirect 'ripcord__redirect__hello__web__n2'",
  ]);
});
