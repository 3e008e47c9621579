import { describe, expect, test } from 'vitest';

import { lanAddress } from '../../../src/core/allocate/subnets.ts';
import { complaintText } from '../../../src/core/definition/complaint.ts';
import { parseRequest, type ParsedRequest } from '../../../src/core/definition/parse.ts';
import { isHostDocument } from '../../../src/core/host-config/document.ts';
import { resolveHost } from '../../../src/core/host-config/resolve-host.ts';
import type { JsonObject } from '../../../src/core/json.ts';
import { facts, port } from '../allocate/host-model.ts';
import { after, asDevice, FRESH, toBe } from './device.ts';

const kept: string[] = [];

function parse(text: string, strict = false): ParsedRequest {
  kept.length = 0;
  const secret = (value: string): { $secret: string } => {
    kept.push(value);
    return { $secret: `unstored-${kept.length - 1}` };
  };
  return parseRequest(text, { file: 'host.yaml', secret, strict });
}

const complaintsOf = (parsed: ParsedRequest): readonly string[] =>
  parsed.ok ? [] : parsed.complaints.map(complaintText);

describe('a file is a host configuration', () => {
  test.each<[JsonObject, boolean]>([
    [{ kind: 'host' }, true],
    [{ kind: 'host', firewall: {} }, true],
    [{ lan: {} }, true],
    [{ system: {}, firewall: {} }, true],
    [{ wifi: [], 'wifi-interfaces': [] }, true],
    [{ retention: {}, sytem: {} }, true],
    [{ firewall: [] }, false],
    [{ name: 'hello', services: {}, firewall: [] }, false],
    [{ name: 'hello', system: {} }, false],
    [{ updateClass: 'ROUTER', updateType: 'reboot', system: {} }, false],
    [{ config: {}, lan: {} }, false],
    [{}, false],
  ])('%j: %s', (document, expected) => {
    expect(isHostDocument(document)).toBe(expected);
  });
});

describe('a host configuration that is wrong', () => {
  test.each<[text: string, ...complaints: string[]]>([
    ['lan: { ipaddr: 10.0.0.256 }', 'host.yaml:1:16 lan.ipaddr: must be an IPv4 address'],
    ['lan: { netmask: 255.0.255.0 }', 'host.yaml:1:17 lan.netmask: must be a netmask'],
    ['lan: { ipaddr: 10.0.0.0 }', 'lan.ipaddr: is the address of 10.0.0.0/24, not of a host'],
    [
      'lan: { ipaddr: 10.0.1.255, netmask: 255.255.254.0 }',
      'lan.ipaddr: is the broadcast address of 10.0.0.0/23, not of a host',
    ],
    [
      'lan: { ipaddr: 10.0.0.1, dhcp: { start: 200, limit: 60, leasetime: 1h } }',
      'lan.dhcp.limit: does not fit: 10.0.0.0/24 has no 60 addresses from number 200 (at most 55)',
    ],
    [
      'lan: { ipaddr: 10.0.0.1, dhcp: { start: 300, limit: 1, leasetime: 1h } }',
      'lan.dhcp.start: does not fit: 10.0.0.0/24 has no 1 address from number 300 (a smaller start)',
    ],
    [
      'lan: { ipaddr: 10.0.0.1, dhcp: { start: 1, limit: 9, leasetime: 1h } }',
      'lan.dhcp.start: does not fit: 9 from number 1 of 10.0.0.0/24 include 10.0.0.1, which is the host',
    ],
    ['lan: { ipaddr: 127.0.0.1 }', 'lan.ipaddr: is in 127.0.0.0/8, which is for no network'],
    [
      'lan: { ipaddr: 10.0.0.1, netmask: 255.255.255.255 }',
      'lan.netmask: leaves no address for anybody else',
    ],
    ['wifi: [{ id: w0, channel: 999 }]', 'wifi[0].channel: is none: 999 (auto, or 1 to 196)'],
    ['wifi: [{ id: w0, hwmode: 11x }]', 'wifi[0].hwmode: is none: 11x (known are 11a, 11b'],
    ['wifi: [{ id: w0, country: usa }]', 'wifi[0].country: is no country (two capital letters'],
    [
      'wifi: [{ id: w0, htmode: "HT20\\n" }]',
      'wifi[0].htmode: holds a control character (write one line)',
    ],
    [
      'wifi-interfaces: [{ device: w0, ssid: x, encryption: wep }]',
      'wifi-interfaces[0].encryption: is none that is known: wep',
    ],
    [
      'wifi-interfaces: [{ device: w0, ssid: x, encryption: wpa2, auth_server: 10.0.0.9 }]',
      'wifi-interfaces[0].auth_secret: is missing: wpa2 asks a RADIUS server',
    ],
    ['lan: []', 'host.yaml:1:6 lan: must be a map, not a list'],
    [
      'lan: { proto: atuo }',
      'host.yaml:1:15 lan.proto: must be static or auto, not "atuo" (did you mean auto?)',
    ],
    ['lan: { proto: auto, ipaddr: 10.0.0.1 }', 'lan.ipaddr: has no place beside proto auto'],
    ['lan: { netmask: 255.255.255.0 }', 'lan.netmask: is of no use without ipaddr'],
    ['lan: { dhcp: { start: 5, limit: 5, leasetime: 1h } }', 'lan.dhcp: needs an address'],
    ['lan: { proto: auto, dhcp: { limit: 5, leasetime: 1h } }', 'lan.dhcp.start: is missing'],
    [
      'lan: { interfaces: [a very long name] }',
      'lan.interfaces[0]: must be the name of a network device',
    ],
    [
      'system: { chuteSubnetPool: 10.5.0.1/16 }',
      'system.chuteSubnetPool: must be auto or a network',
    ],
    ['system: { chuteSubnetPool: pool }', 'system.chuteSubnetPool: must be auto or a network'],
    ['system: { chutePrefixSize: 31 }', 'system.chutePrefixSize: must be 1 to 30, not 31'],
    ['system: { chutePrefixSize: 24.5 }', 'system.chutePrefixSize: must be a whole number'],
    ['system: { onMissingWiFi: panic }', 'system.onMissingWiFi: must be ignore, warn or reboot'],
    ['system: { allowMonitorMode: "yes" }', 'system.allowMonitorMode: must be true or false'],
    ['wifi: [{ channel: 6 }]', 'wifi[0]: names no radio'],
    ['wifi: [{ phy: phy0, rates: [1] }]', 'wifi[0].rates: must be a text or a number, not a list'],
    ['wifi-interfaces: [{ ssid: home }]', 'wifi-interfaces[0].device: is missing'],
    [
      'wifi-interfaces: [{ device: phy0, ssid: "" }]',
      'wifi-interfaces[0].ssid: must be 1 to 32 bytes',
    ],
    [
      'wifi-interfaces: [{ device: phy0, ssid: x, key: short }]',
      'wifi-interfaces[0].key: must have 8 to 63 characters',
    ],
    [
      'wifi-interfaces: [{ device: phy0, ssid: x, encryption: psk2 }]',
      'wifi-interfaces[0].key: is missing',
    ],
    [
      'wifi-interfaces: [{ device: phy0, ssid: x, mode: sta }]',
      'wifi-interfaces[0].mode: must be ap',
    ],
    ['vlan-interfaces: [{ id: 4095 }]', 'vlan-interfaces[0].id: must be 1 to 4094, not 4095'],
    ['vlan-interfaces: [{ id: 5 }, { id: 5 }]', 'vlan-interfaces[1].id: 5 is there twice'],
    ['zerotier: { networks: [xyz] }', 'zerotier.networks[0]: must be the id of a network'],
    ['trust: [{ name: me, publicKey: abc }]', 'trust[0].publicKey: must be an ed25519 public key'],
    ['retention: { ageDays: 0 }', 'retention.ageDays: must be 1 to 36500, not 0'],
    ['defaults: { mode: wait }', 'defaults.mode: must be refuse, queue or supersede'],
  ])('%s', (text, complaint) => {
    expect(complaintsOf(parse(text))).toEqual([expect.stringContaining(complaint)]);
  });

  test('tells unknown fields with the nearest one, and takes them only without --strict', () => {
    const text = 'sytem: {}\nlan: { ipadr: 10.0.0.1 }\n';
    const parsed = parse(text);
    expect(parsed.ok && parsed.warnings.map(complaintText)).toEqual([
      'host.yaml:1:1 sytem: is not a known field (did you mean system?)',
      'host.yaml:2:8 lan.ipadr: is not a known field (did you mean ipaddr?)',
    ]);
    expect(complaintsOf(parse(text, true))).toHaveLength(2);
  });

  test('tells places inside of an update object', () => {
    const text =
      'updateClass: ROUTER\nupdateType: sethostconfig\nhostconfig:\n  lan: { ipaddr: x }\n';
    expect(complaintsOf(parse(text))).toEqual([
      expect.stringContaining('host.yaml:4:18 hostconfig.lan.ipaddr: must be an IPv4 address'),
    ]);
  });

  test('never shows a secret', () => {
    const parsed = parse('wifi-interfaces: [{ device: phy0, ssid: x, key: "s3cret" }]');
    expect(JSON.stringify(parsed)).not.toContain('s3cret');
  });
});

describe('secrets', () => {
  test.each([
    ['wifi-interfaces: [{ device: a, ssid: x, key: not for you }]', ['not for you']],
    ['wifi-interfaces: [{ device: a, ssid: x, key: { secret: not for you } }]', ['not for you']],
    [
      'wifi-interfaces: [{ device: a, ssid: x, auth_secret: one, acct_secret: two }]',
      ['one', 'two'],
    ],
    [
      'updateClass: ROUTER\nupdateType: patchhostconfig\npatch: [{ op: add, path: /wifi-interfaces/-, value: { key: not for you } }]',
      ['not for you'],
    ],
    [
      'updateClass: ROUTER\nupdateType: patchhostconfig\npatch: [{ op: replace, path: /wifi-interfaces/0/key, value: not for you }]',
      ['not for you'],
    ],
    [
      'updateClass: ROUTER\nupdateType: patchhostconfig\npatch: [{ op: replace, path: /wifi-interfaces, value: [{ key: not for you }] }]',
      ['not for you'],
    ],
  ])('of %s are taken out', (text, secrets) => {
    const parsed = parse(text);
    expect(parsed.ok).toBe(true);
    expect(kept).toEqual(secrets);
    for (const secret of secrets) expect(JSON.stringify(parsed)).not.toContain(`"${secret}"`);
  });
});

test.each<[string, string]>([
  ['sethostconfig', 'set'],
  ['prehostconfig', 'set'],
  ['inithostconfig', 'init'],
  ['patchhostconfig', 'patch'],
  ['factoryreset', 'reset'],
  ['reboot', 'reboot'],
  ['shutdown', 'shutdown'],
])('%s asks the device to %s', (updateType, operation) => {
  const parsed = parse(
    JSON.stringify({ updateClass: 'ROUTER', updateType, hostconfig: { lan: {} }, patch: [] }),
  );
  expect(parsed.ok && 'host' in parsed && parsed.host.operation).toBe(operation);
});

/** ParaDrop's own answers. */
describe('as ParaDrop has it', () => {
  test('a patch changes the two fields, all else is as before', () => {
    const before = after(FRESH, toBe({ telemetry: { enabled: true, interval: 60 } }));
    const patched = after(
      before,
      asDevice('patch', [
        { op: 'replace', path: '/zerotier/enabled', value: true },
        { op: 'add', path: '/zerotier/networks/-', value: 'e5cd7a9e1c2753e4' },
      ]),
    );
    expect(patched.host.config).toEqual({
      ...before.host.config,
      zerotier: { enabled: true, networks: ['e5cd7a9e1c2753e4'] },
    });
  });

  test.each([
    ['192.168.1.20', '10.0.0.1'],
    ['10.42.0.20', '192.168.0.1'],
  ])('with an uplink at %s the LAN with proto auto is at %s', (uplink, expected) => {
    expect(lanAddress([uplink])).toBe(expected);
    const wan = port('eth0', { role: 'wan', addresses: [`${uplink}/24`] });
    const network = {
      ...facts([], [wan]),
      uplink: { interface: 'eth0', address: `${uplink}/24` },
    };
    const { config } = toBe({ lan: { proto: 'auto' } });
    expect(config && resolveHost(config, network).config.lan.ipaddr).toBe(expected);
  });
});
