import { describe, expect, test } from 'vitest';

import { NOTHING_APPLIED, type Applied } from '../../../src/core/applied.ts';
import type { HostFacts } from '../../../src/core/facts.ts';
import { withDefaults } from '../../../src/core/host-config/document.ts';
import type { Json, JsonObject } from '../../../src/core/json.ts';
import {
  NO_NETWORK,
  type Port,
  type Radio,
  type RadioSettings,
} from '../../../src/core/network.ts';
import { ask, definition, planned, run, service } from '../plan-model.ts';
import { type Vector, vectors } from './vectors.ts';

/* ParaDrop's cases of what interfaces are given, each through planning of whole chutes. */

type Given = { readonly [key: string]: Given } & readonly Given[] & string & number;

const of = ({ given }: Vector): Given => given as unknown as Given;
const expectedOf = (vector: Vector): Given => vector.expected as unknown as Given;

const radio = (id: string, configured: RadioSettings = {}): Radio => ({
  id,
  mac: `02:00:00:00:00:0${id.at(-1) ?? '0'}`,
  phy: id,
  interface: id,
  modes: ['ap', 'sta', 'monitor'],
  hwmodes: typeof configured['hwmode'] === 'string' ? [configured['hwmode']] : [],
  configured,
  hostAccessPoints: 0,
});
const free = (name: string): Port => ({
  interface: name,
  mac: '',
  role: 'free',
  bridged: false,
  addresses: [],
});

type Scene = { readonly applied: Applied; readonly facts: Partial<HostFacts> };

/** A host whose uplink has these addresses. */
function hostWith(addresses: readonly string[], radios: readonly Radio[] = []): Scene['facts'] {
  const wan: Port = {
    ...free('eth0'),
    role: 'wan',
    addresses: addresses.map((each) => `${each}/24`),
  };
  const ports = { eth0: wan, eth1: free('eth1'), eth2: free('eth2') };
  const uplink = { interface: 'eth0', address: wan.addresses[0] ?? null };
  const byId = Object.fromEntries(radios.map((each) => [each.id, each]));
  return { network: { ...NO_NETWORK, radios: byId, ports, uplink } };
}

const configured = (document: Json | undefined): Applied => ({
  ...NOTHING_APPLIED,
  host: { files: {}, config: withDefaults((document ?? {}) as JsonObject) },
});

type Asked = { readonly chute: string; readonly one: JsonObject };

/** What one more chute with this interface is given, or why it is refused; and the device after it. */
function give({ applied, facts }: Scene, { chute, one }: Asked) {
  const made = definition({ name: chute, services: { main: service({ interfaces: { one } }) } });
  const answer = planned([ask('apply', made)], { applied, facts });
  if (!('plan' in answer)) {
    const refusals = 'refusals' in answer ? answer.refusals : [];
    return { applied, given: undefined, warnings: [], refused: refusals[0]?.message };
  }
  const after = run(applied, answer.plan).applied;
  const given = after.chutes[chute]?.interfaces['one'];
  return { applied: after, given, warnings: answer.warnings, refused: undefined };
}

const lan = (more: JsonObject = {}): JsonObject => ({ type: 'lan', ...more });
const vlan = (id: number, more: JsonObject = {}): JsonObject => ({
  type: 'vlan',
  'vlan-id': id,
  ...more,
});
const accessPoint = (ssid: string, more: JsonObject = {}): JsonObject => ({
  type: 'wifi-ap',
  wireless: { ssid },
  ...more,
});

describe('subnets', () => {
  test.each(vectors('struct', 'subnet pool'))('$name', (vector) => {
    const given = of(vector);
    const applied = configured(given['host_config']);
    const facts = hostWith(given['uplink_addresses'] ?? []);
    const { given: got } = give({ applied, facts }, { chute: 'cc', one: lan() });
    const pool = String(expectedOf(vector)['pool']);
    const [first] = pool.split('/');
    expect(got?.subnet).toBe(`${first}/24`);
  });

  test.each(vectors('struct', 'subnet choice'))('$name', (vector) => {
    const given = of(vector);
    const host = given['host'];
    const facts = hostWith(given['addrs'] ?? ['192.168.1.20']);
    let scene: Scene = { applied: configured(host), facts };
    for (const [at, network] of (given['taken'] as unknown as string[]).entries()) {
      const one = vlan(100 + at, { ipv4_network: network });
      const { applied, refused } = give(scene, { chute: `taken${at}`, one });
      expect(refused).toBeUndefined();
      scene = { ...scene, applied };
    }
    const got = give(scene, { chute: 'cc', one: lan(given['cfg'] ?? {}) });
    const { subnet } = expectedOf(vector);
    if (subnet === undefined) expect(got.refused).toMatch(/./);
    else expect(got.given?.subnet).toBe(subnet);
  });

  test.each(vectors('struct', 'interface addresses'))('$name', (vector) => {
    const { subnet } = of(vector);
    const scene = { applied: NOTHING_APPLIED, facts: hostWith([]) };
    const { given } = give(scene, { chute: 'cc', one: lan({ ipv4_network: String(subnet) }) });
    const { externalIpaddr, ipaddrWithPrefix } = expectedOf(vector);
    expect(given?.hostAddress?.split('/')[0]).toBe(externalIpaddr);
    const prefix = given?.subnet?.split('/')[1] ?? '';
    expect(`${given?.chuteAddress}/${prefix}`).toBe(ipaddrWithPrefix);
  });

  test.each(vectors('struct', 'the host LAN'))('$name', (vector) => {
    const { host_lan: own } = of(vector);
    const applied = configured({ lan: { ...(own as unknown as JsonObject) } });
    const { given } = give({ applied, facts: hostWith([]) }, { chute: 'cc', one: lan() });
    expect(given?.subnet).toBe(expectedOf(vector)['subnet']);
  });
});

describe('devices', () => {
  test.each(vectors('struct', 'device choice'))('$name', (vector) => {
    const given = of(vector);
    const settings = (given['host_config']?.['wifi'] ?? []) as unknown as RadioSettings[];
    // Those that are reserved have been placed by what only one radio has.
    const reserved = given['reserved'] as unknown as readonly (readonly string[])[];
    const radios = ['w0', 'w1'].map((id, at) => {
      const { hwmode, channel } = settings[at] ?? {};
      if (hwmode !== undefined && channel !== undefined) return radio(id, { hwmode, channel });
      return radio(id, reserved.length > 0 ? { place: id } : {});
    });
    let scene: Scene = { applied: NOTHING_APPLIED, facts: hostWith([], radios) };
    for (const [device = '', owner = '', , mode = ''] of reserved) {
      const wireless = { ssid: `of ${owner}` };
      const one = { type: `wifi-${mode}`, wireless, requirements: { place: device } };
      const { applied, given: got } = give(scene, { chute: `${owner}${owner}`, one });
      expect(got?.device).toBe(device);
      scene = { ...scene, applied };
    }
    const asked = given['requests_in_order'] as unknown as readonly JsonObject[];
    scene = allowingMonitors(scene);
    const assigned = asked.map(({ type, requests }, at) => {
      const wireless = type === 'wifi-ap' ? { wireless: { ssid: `net ${at}` } } : {};
      const one = { type, ...wireless, ...(requests && { requirements: requests }) } as JsonObject;
      const { applied, given: got, refused } = give(scene, { chute: `c${at}`, one });
      scene = { ...scene, applied };
      return refused === undefined ? got?.device : 'REFUSED';
    });
    const expected = expectedOf(vector)['assigned'] as unknown as readonly string[];
    expect(assigned).toEqual(expected.map((each) => each.replace(/^REFUSED.*/, 'REFUSED')));
  });

  test.each(vectors('struct', 'requirements'))('$name', (vector) => {
    const { radio: settings, requirements } = of(vector) as unknown as {
      readonly radio: RadioSettings;
      readonly requirements: JsonObject;
    };
    const facts = hostWith([], [radio('w0', settings)]);
    const scene = { applied: NOTHING_APPLIED, facts };
    const { refused } = give(scene, { chute: 'cc', one: accessPoint('x', { requirements }) });
    expect(refused === undefined).toBe(vector.expected);
  });
});

describe('interfaces', () => {
  const scene: Scene = { applied: NOTHING_APPLIED, facts: hostWith([], [radio('w0')]) };

  test.each(vectors('struct', 'wifi security'))('$name', (vector) => {
    const { wireless } = of(vector) as unknown as { readonly wireless: JsonObject };
    const one = { type: 'wifi-ap', wireless: { ssid: 'x', ...wireless } };
    const { given, refused, warnings } = give(scene, { chute: 'cc', one });
    const { encryption } = expectedOf(vector);
    if (encryption === undefined) return expect(refused).toMatch(/key/);
    expect(given?.wireless?.encryption).toBe(encryption);
    if (vector.note?.includes('ours should warn') === true) expect(warnings).not.toEqual([]);
  });

  test.each([
    ...vectors('struct', 'wifi-ap or wifi-sta without ssid'),
    ...vectors('struct', 'monitor mode is refused'),
    ...vectors('struct', 'unknown interface type'),
  ])('$name', (vector) => {
    const { type, wireless } = of(vector) as unknown as { type: string; wireless?: JsonObject };
    const one = { type, ...(wireless && { wireless }) };
    expect(give(scene, { chute: 'cc', one }).refused).toMatch(/./);
  });

  test.each(vectors('struct', 'same vlan'))('$name', (vector) => {
    const one = vlan(Number(of(vector)['vlan_id']));
    const { applied } = give(scene, { chute: 'first', one });
    expect(give({ ...scene, applied }, { chute: 'second', one }).refused).toContain('first');
  });

  test.each(vectors('struct', 'a chute that is not running'))('$name', () => {
    const { applied, given } = give(scene, { chute: 'first', one: vlan(5) });
    const stop = planned([ask('stop', 'first')], { ...scene, applied });
    const stopped = run(applied, 'plan' in stop ? stop.plan : { steps: [] }).applied;
    expect(stopped.chutes['first']?.interfaces).toEqual({});
    const taken = give({ ...scene, applied: stopped }, { chute: 'second', one: vlan(5) });
    expect(taken.given?.subnet).toBe(given?.subnet);
    const again = planned([ask('start', 'first')], { ...scene, applied: taken.applied });
    expect(JSON.stringify(again)).toMatch(/second/);
  });

  test.each(vectors('struct', 'access point interface name'))('$name', (vector) => {
    const first = give(scene, { chute: 'cc', one: accessPoint('x') });
    const second = give(
      { ...scene, applied: first.applied },
      { chute: 'dd', one: accessPoint('y') },
    );
    const { pattern } = expectedOf(vector);
    const names = [first.given?.outside, second.given?.outside];
    for (const name of names) expect(name).toMatch(new RegExp(String(pattern)));
    expect(new Set(names).size).toBe(2);
  });
});

test('all of them are looked at', () => {
  const seen = ['subnet', 'interface addresses', 'the host LAN', 'device choice', 'requirements']
    .concat(['wifi', 'monitor', 'unknown interface', 'same vlan', 'a chute that', 'access point i'])
    .flatMap((beginning) => vectors('struct', beginning));
  expect(seen).toHaveLength(vectors('struct').length);
});

/** The host's own configuration, with monitors allowed: the cases are about devices alone. */
function allowingMonitors({ applied, facts }: Scene): Scene {
  const { config } = configured({ system: { allowMonitorMode: true } }).host;
  return { facts, applied: { ...applied, host: { ...applied.host, ...(config && { config }) } } };
}
