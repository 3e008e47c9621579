import { describe, expect, test } from 'vitest';

import { type Applied, stateHash } from '../../../src/core/applied.ts';
import type { HostRequest } from '../../../src/core/events.ts';
import type { JsonObject } from '../../../src/core/json.ts';
import { ROUTER } from '../allocate/host-model.ts';
import { ask, definition, planned, run, service, sha256 } from '../plan-model.ts';
import { after, asDevice, FRESH, plannedOn, toBe } from './device.ts';

const chute = (name: string, wanted: JsonObject): ReturnType<typeof definition> =>
  definition({ name, services: { main: service({ interfaces: { net0: wanted } }) } });

/** The router with chutes that have one interface each. */
function withChutes(chutes: Readonly<Record<string, JsonObject>>, from: Applied = FRESH): Applied {
  const requests = Object.entries(chutes).map(([name, wanted]) =>
    ask('apply', chute(name, wanted)),
  );
  const answer = planned(requests, { applied: from, facts: { network: ROUTER } });
  if (!('plan' in answer)) throw new Error(JSON.stringify(answer));
  return run(from, answer.plan).applied;
}

const VLAN = { type: 'vlan', 'vlan-id': 5, dhcp: { leasetime: '1h', start: 10, limit: 20 } };
const ACCESS_POINT = { type: 'wifi-ap', wireless: { ssid: 'mine', encryption: 'none' } };

const idsOf = (applied: Applied, host: HostRequest): readonly string[] => {
  const answer = plannedOn(applied, host);
  return 'plan' in answer ? answer.plan.steps.map(({ id }) => id) : [];
};

const messagesOf = (answer: ReturnType<typeof plannedOn>): readonly string[] =>
  'refusals' in answer ? answer.refusals.map(({ message }) => message) : [];

describe('a plan for the device itself', () => {
  test('writes what the host reads, reloads each service once, and records the rest', () => {
    const lan = { ipaddr: '192.168.1.1', dhcp: { start: 100, limit: 50, leasetime: '12h' } };
    expect(idsOf(FRESH, toBe({ lan: { ...lan, interfaces: ['eth1'] } }))).toEqual([
      'host/config.check',
      'host/config.restore:dhcp',
      'host/config.restore:firewall',
      'host/config.restore:network',
      'host/config.write:dnsmasq/br-lan.conf',
      'host/config.write:links.json',
      'host/config.write:nftables.nft',
      'host/config.reload:dhcp',
      'host/config.reload:firewall',
      'host/config.reload:network',
      'host/host.save',
    ]);
  });

  test('has only to be recorded where no file depends on it', () => {
    expect(idsOf(FRESH, toBe({ telemetry: { enabled: true } }))).toEqual(['host/host.save']);
  });

  test('says what changes, field by field, also of what nobody ever said', () => {
    const answer = plannedOn(FRESH, toBe({ system: { chutePrefixSize: 26 } }));
    expect('plan' in answer && answer.plan.patch).toEqual([
      { op: 'replace', path: '/host/config/system/chutePrefixSize', value: 26 },
    ]);
  });

  test('belongs to the device', () => {
    const answer = plannedOn(FRESH, toBe({ lan: { ipaddr: '192.168.1.1' } }));
    const owners = 'plan' in answer ? answer.plan.steps.map((step) => step.chute) : [];
    expect(new Set(owners)).toEqual(new Set(['@host']));
  });

  test.each<[story: string, from: JsonObject, to: JsonObject]>([
    ['what is by default already', {}, { system: { chutePrefixSize: 24 } }],
    ['what it is', { wan: { interface: 'eth0' } }, { wan: { interface: 'eth0' } }],
  ])('is none for %s', (_story, from, to) => {
    expect(plannedOn(after(FRESH, toBe(from)), toBe(to))).toEqual({ unchanged: true });
  });

  test('leaves no trace of what was said and is by default again', () => {
    const changed = after(FRESH, toBe({ lan: { ipaddr: '192.168.1.1' } }));
    const back = after(changed, toBe({ lan: { proto: 'static' } }));
    expect(stateHash(back, sha256)).toBe(stateHash(FRESH, sha256));
    expect(stateHash(changed, sha256)).not.toBe(stateHash(FRESH, sha256));
  });

  test('goes with one for chutes, which are planned on the host as it will be', () => {
    const host = toBe({ system: { chuteSubnetPool: '10.5.0.0/16' } });
    const chutes = [ask('apply', chute('hello', VLAN))];
    const answer = planned(chutes, { host, facts: { network: ROUTER } });
    if (!('plan' in answer)) throw new Error(JSON.stringify(answer));
    const { applied } = run(FRESH, answer.plan);
    expect(applied.chutes['hello']?.interfaces['net0']?.subnet).toBe('10.5.0.0/24');
    const ids = answer.plan.steps.map(({ id }) => id);
    expect(ids.filter((id) => id === 'host/config.reload:firewall')).toHaveLength(1);
    expect(ids.filter((id) => id.endsWith('.save'))).toEqual([
      'host/host.save',
      'hello/chute.save',
    ]);
  });
});

describe('chutes that stay as they are', () => {
  test('keep networks of an old pool, and new ones come from the new pool', () => {
    const before = withChutes({ hello: VLAN });
    const moved = after(before, toBe({ system: { chuteSubnetPool: '10.5.0.0/16' } }));
    expect(moved.chutes['hello']?.interfaces['net0']?.subnet).toBe('10.128.0.0/24');
    const more = withChutes({ other: { ...VLAN, 'vlan-id': 6 } }, moved);
    expect(more.chutes['other']?.interfaces['net0']?.subnet).toBe('10.5.0.0/24');
  });

  test.each<
    [story: string, chutes: Readonly<Record<string, JsonObject>>, host: JsonObject, why: string]
  >([
    [
      'its network becomes the LAN',
      { hello: VLAN },
      { lan: { ipaddr: '10.128.0.1' } },
      'cannot configure the host: interface net0 of hello has network 10.128.0.0/24 and could not keep it',
    ],
    [
      'the host takes its ssid',
      { hello: ACCESS_POINT },
      { 'wifi-interfaces': [{ device: 'w0', ssid: 'mine' }] },
      'it is that of the host',
    ],
    [
      'the host takes its vlan',
      { hello: VLAN },
      { 'vlan-interfaces': [{ id: 5 }] },
      'br-lan.5 is taken by the host',
    ],
    [
      'the host takes its port',
      { hello: { type: 'lan', requirements: { device: 'eth2' } } },
      { lan: { interfaces: ['eth2'] } },
      "is in the host's LAN",
    ],
  ])('are named in the refusal when %s', (_story, chutes, host, why) => {
    const answer = plannedOn(withChutes(chutes), toBe(host));
    expect(messagesOf(answer)).toEqual([expect.stringContaining(why)]);
    expect(messagesOf(answer)).toEqual([expect.stringContaining('hello')]);
  });

  test('are joined by one that is given a network beside the LAN', () => {
    const lan = { ipaddr: '10.128.0.1', netmask: '255.255.255.0' };
    const applied = withChutes({ hello: VLAN }, after(FRESH, toBe({ lan })));
    expect(applied.chutes['hello']?.interfaces['net0']?.subnet).toBe('10.128.1.0/24');
  });

  test('may not monitor any more once that is disallowed', () => {
    const allowed = after(FRESH, toBe({ system: { allowMonitorMode: true } }));
    const monitoring = withChutes({ ears: { type: 'wifi-monitor' } }, allowed);
    expect(messagesOf(plannedOn(monitoring, toBe({})))).toEqual([
      expect.stringMatching(/ears runs and could not go on: .*allowMonitorMode is false/),
    ]);
  });
});

describe('a patch', () => {
  const patch = (...operations: readonly JsonObject[]): HostRequest =>
    asDevice('patch', operations);

  test('goes into the whole configuration, defaults included', () => {
    const operations = [
      { op: 'replace', path: '/zerotier/enabled', value: true },
      { op: 'add', path: '/zerotier/networks/-', value: 'e5cd7a9e1c2753e4' },
    ];
    const before = after(FRESH, toBe({ wan: { interface: 'eth0' } }));
    const { config } = after(before, patch(...operations)).host;
    expect(config).toEqual({
      ...before.host.config,
      zerotier: { enabled: true, networks: ['e5cd7a9e1c2753e4'] },
    });
  });

  test.each<[JsonObject, string]>([
    [{ op: 'replace', path: '/nothing/there', value: 1 }, 'operation 1 (replace /nothing/there)'],
    [{ op: 'test', path: '/system/chutePrefixSize', value: 8 }, 'the value is another one'],
    [{ op: 'grow', path: '/system' }, 'operation 1 (grow /system) does not fit'],
    [{ op: 'add', path: '/__proto__/x', value: 1 }, 'a name that is not allowed'],
    [{ op: 'remove', path: '' }, 'nothing of it would be left'],
    [
      { op: 'move', from: '/wifi', path: '/wifi/0' },
      'operation 1 (move /wifi/0) does not fit: there is nothing that it could be put into',
    ],
    [
      { op: 'add', path: '/system/chuteSubnetPol', value: 'auto' },
      'system.chuteSubnetPol is not a known field',
    ],
    [{ op: 'replace', path: '/system/chutePrefixSize', value: 99 }, 'must be 1 to 30, not 99'],
    [
      { op: 'replace', path: '/system/chuteSubnetPool', value: '10.5.0.0/28' },
      'is too small for the pool',
    ],
  ])('%j is refused: %s', (operation, why) => {
    const messages = messagesOf(plannedOn(FRESH, patch(operation)));
    expect(messages).toEqual([expect.stringContaining(why)]);
  });

  test('that holds a secret in the open is refused', () => {
    const value = { device: 'w0', ssid: 'home', key: 'in the open' };
    const answer = plannedOn(FRESH, patch({ op: 'add', path: '/wifi-interfaces/-', value }));
    expect(messagesOf(answer)).toEqual([expect.stringContaining('is not kept as one')]);
    expect(JSON.stringify(answer)).not.toContain('in the open');
  });
});

test.each(['guest', 'user', 'trusted'])('%s may not configure the device', (role) => {
  const by = { user: 'eve', role, via: 'socket' };
  const answer = plannedOn(FRESH, toBe({ wan: { interface: 'eth0' } }), { by });
  expect('refusals' in answer && answer.refusals).toEqual([
    expect.objectContaining({ chute: '@host', code: 'RIPCORD_ACCESS_DENIED' }),
  ]);
});

test.each(['reboot', 'shutdown'] as const)('%s is refused where nothing is activated', (word) => {
  expect(messagesOf(plannedOn(FRESH, asDevice(word)))).toEqual([
    expect.stringContaining('activates nothing'),
  ]);
});

test('a reset goes back to the defaults', () => {
  const changed = after(FRESH, toBe({ lan: { ipaddr: '192.168.1.1' } }));
  expect(after(changed, asDevice('reset')).host.config).toBeUndefined();
});

describe('a radio that is not there', () => {
  const wifi = [{ phy: 'phy9', channel: 6 }];
  const on = (onMissingWiFi: string): HostRequest => toBe({ wifi, system: { onMissingWiFi } });

  test('is left out, with a warning', () => {
    const answer = plannedOn(FRESH, on('warn'));
    expect('plan' in answer && answer.warnings.map(({ message }) => message)).toEqual([
      'the host has no radio phy9: what is configured for it is left out',
    ]);
  });

  test('is left out silently where that was said', () => {
    const answer = plannedOn(FRESH, on('ignore'));
    expect('plan' in answer && answer.warnings).toEqual([]);
  });

  test('is refused where a reboot is to bring it', () => {
    expect(messagesOf(plannedOn(FRESH, on('reboot')))).toEqual([
      expect.stringContaining('cannot configure radio phy9 of the host'),
    ]);
  });
});

test.each(['id', 'macaddr', 'mac', 'phy', 'interface'])('a radio is known by its %s', (key) => {
  const names = { id: 'w1', macaddr: '02:00:00:00:00:01', phy: 'phy-w1', interface: 'wlan-w1' };
  const name = { ...names, mac: names.macaddr }[key as 'id'];
  const host = toBe({
    wifi: [{ [key]: name, hwmode: '11g', channel: 6 }],
    'wifi-interfaces': [{ device: name, ssid: 'home', key: 'a good key' }],
  });
  const answer = plannedOn(FRESH, host);
  const text = JSON.stringify(answer);
  expect('plan' in answer && answer.plan.steps.map(({ id }) => id)).toContain(
    'host/config.write:hostapd/w1.conf',
  );
  expect(text).not.toContain('a good key');
  expect(text).toContain('{{secret:line:');
});

test('what nothing reads yet is stored, and said to be of no effect', () => {
  const answer = plannedOn(FRESH, toBe({ retention: { ageDays: 30 }, trust: [] }));
  expect('plan' in answer && answer.warnings.map(({ message }) => message)).toEqual([
    expect.stringContaining('retention of the host configuration is stored and not used yet'),
  ]);
});

test('what OpenWrt says itself of its LAN is not written over, and a warning says so', () => {
  const host = toBe({ lan: { ipaddr: '192.168.7.1', proto: 'static' } });
  const answer = plannedOn(FRESH, host, { facts: { host: 'uci' } });
  expect('plan' in answer && answer.warnings.map(({ message }) => message)).toEqual([
    expect.stringContaining('lan.ipaddr of the host configuration is stored and not used yet'),
  ]);
});
