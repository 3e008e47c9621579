import { describe, expect, test } from 'vitest';

import { type AssignedPort, assignPorts, portRequests } from '../../../src/core/allocate/ports.ts';
import { resolveRedirects } from '../../../src/core/allocate/redirects.ts';
import { NOTHING_APPLIED } from '../../../src/core/applied.ts';
import type { Definition } from '../../../src/core/chute.ts';
import { changedFile, type FileChange, fileText } from '../../../src/core/host-file.ts';
import type { JsonObject } from '../../../src/core/json.ts';
import { NO_NETWORK, type Radio } from '../../../src/core/network.ts';
import { webRedirect } from '../../../src/core/web-redirect.ts';
import { given as interfaceGiven } from '../allocate/allocation-model.ts';
import {
  appliedAfter,
  argsOf,
  ask,
  definition,
  planOf,
  refusalsOf,
  run,
  service,
} from '../plan-model.ts';
import { vectors } from './vectors.ts';

const RADIO: Radio = {
  id: 'pci-wifi-0',
  mac: '02:00:00:00:00:01',
  phy: 'phy0',
  interface: 'wlan0',
  modes: ['ap'],
  hwmodes: ['11g'],
  accessPointsMax: 8,
  configured: { hwmode: '11g', channel: 1 },
  hostAccessPoints: 0,
};
const facts = { network: { ...NO_NETWORK, radios: { 'pci-wifi-0': RADIO } }, host: 'uci' } as const;

/** A chute whose access point gives addresses as asked, in the network of the case. */
const accessPoint = (dhcp: JsonObject, network: string): Definition => {
  const { lease: leasetime, ...rest } = dhcp;
  const wireless = { ssid: 'x' };
  const wlan0 = {
    type: 'wifi-ap',
    wireless,
    dhcp: { ...rest, ...(leasetime !== undefined && { leasetime }) },
    ipv4_network: network,
  };
  return definition({ name: 'c', services: { main: service({ interfaces: { wlan0 } }) } });
};

/** The uci sections of a plan that are about this, each with its options. */
function sections(chute: Definition, type: string): readonly Readonly<Record<string, string>>[] {
  const files = planOf([ask('apply', chute)], { facts }).steps.flatMap(({ kind, args }) =>
    kind === 'config.write@1' ? [changedFile(null, args as unknown as FileChange)] : [],
  );
  return files
    .flatMap((file) =>
      fileText(file?.sections ?? {})
        .split('\nconfig ')
        .slice(1),
    )
    .filter((section) => section.startsWith(type))
    .map((section) => {
      const options: Record<string, string> = {};
      for (const [, key = '', value = ''] of section.matchAll(/(?:option|list) (\w+) '([^']*)'/g))
        options[key] = key in options ? `${options[key]} ${value}` : value;
      return options;
    });
}

type DhcpGiven = {
  readonly dhcp: JsonObject;
  readonly interface: Readonly<Record<string, string>>;
};

describe('runtime: dhcp', () => {
  const cases = vectors('runtime', 'dhcp').filter(({ expected }) => Array.isArray(expected));

  test.each(cases)('$name', ({ given, expected }) => {
    const { dhcp } = given as unknown as DhcpGiven;
    const chute = accessPoint(dhcp, '192.168.0.0/24');
    const { applied } = run(NOTHING_APPLIED, planOf([ask('apply', chute)], { facts }));
    const wlan0 = applied.chutes['c']?.interfaces['wlan0'];
    const [[, server], [, range]] = expected as unknown as [
      [unknown, JsonObject],
      [unknown, JsonObject],
    ];
    expect(wlan0?.dhcp).toEqual({
      ...(range['start'] !== null && { start: range['start'], limit: range['limit'] }),
      ...(range['leasetime'] !== null && { leasetime: range['leasetime'] }),
      dns: [],
      relay: range['relay'] ?? [],
    });
    const [written] = sections(chute, 'dnsmasq');
    expect(written?.['leasefile']).toContain('dnsmasq-wlan0.leases');
    expect(written?.['authoritative'] ?? '1').toBe(server['authoritative'] === false ? '0' : '1');
    const [option] = range['dhcp_option'] as readonly string[];
    expect(wlan0?.chuteAddress).toBe(option?.split(',')[1]);
    const told = sections(chute, 'dhcp')[0]?.['dhcp_option'];
    if (range['start'] !== null) expect(told).toContain(option);
  });

  test.each(vectors('runtime', 'dhcp').filter(({ expected }) => 'refused' in Object(expected)))(
    '$name',
    ({ given }) => {
      const { dhcp, network, ...range } = given as JsonObject & { dhcp?: JsonObject };
      const chute = accessPoint(
        dhcp ?? range,
        typeof network === 'string' ? network : '192.168.0.0/24',
      );
      const refusals = refusalsOf([ask('apply', chute)], { facts });
      expect(refusals.map(({ path }) => path.includes('/dhcp'))).toEqual([true]);
    },
  );

  test.each(vectors('runtime', 'dhcp: clients'))('$name', ({ given, expected }) => {
    const { external, internal } = given as Record<string, string>;
    const chute = accessPoint({ lease: '12h', start: 20, limit: 200 }, '192.168.0.0/24');
    const { applied } = run(NOTHING_APPLIED, planOf([ask('apply', chute)], { facts }));
    const { hostAddress, chuteAddress } = applied.chutes['c']?.interfaces['wlan0'] ?? {};
    expect([hostAddress, chuteAddress]).toEqual([external, internal]);
    expect(expected).toEqual({ 'option router': chuteAddress });
  });
});

type Ports = Readonly<Record<string, number | string | null>>;

/** `80`, `80/tcp` → 8080, `32784`: the same in every spelling. */
const byInside = (ports: Ports): Readonly<Record<string, number>> =>
  Object.fromEntries(
    Object.entries(ports).map(([key, outside]) => [Number.parseInt(key, 10), Number(outside)]),
  );

describe('runtime: ports', () => {
  // For a container; a process listens on the port of the host itself.
  test.each(vectors('runtime', 'ports'))('$name', ({ given, expected }) => {
    const asked = given as unknown as {
      readonly 'port-bindings (container: host)': Ports;
      readonly web: Definition['web'] | null;
      readonly old_container_ports: Ports | null;
      readonly service: string;
    };
    const ports = Object.entries(asked['port-bindings (container: host)']).map(([key, outside]) => {
      const internal = Number.parseInt(key, 10);
      return [outside === null ? `auto:${internal}/tcp` : `${outside}/tcp`, { internal }] as const;
    });
    const main = service({ ports: Object.fromEntries(ports) });
    const chute = definition({
      services: { main, other: service() },
      ...(asked.web && { web: asked.web }),
    });
    const before = Object.entries(byInside(asked.old_container_ports ?? {})).map(
      ([internal, external]): AssignedPort => ({
        service: asked.service,
        internal: Number(internal),
        protocol: 'tcp',
        external,
      }),
    );
    const answer = assignPorts(portRequests(chute), {
      chute: 'c',
      before,
      taken: {},
      range: { first: 30_000, last: 32_767 },
    });
    const mine = 'ports' in answer ? answer.ports.filter((each) => each.service === 'main') : [];
    const is = Object.fromEntries(mine.map(({ internal, external }) => [internal, external]));
    expect(is).toEqual(byInside((expected as { bindings: Ports }).bindings));
  });
});

const specOf = (chute: Definition, applied = NOTHING_APPLIED) =>
  argsOf(
    planOf([ask('apply', chute)], { applied }),
    'process.start@1',
    `${chute.name}/main/process.start`,
  ).spec;

describe('runtime: what a service is told', () => {
  test.each(vectors('runtime', 'environment'))('$name', ({ given, expected }) => {
    const asked = given as unknown as Record<string, Record<string, string>>;
    const environment = asked['service_environment'] ?? {};
    const chute = definition({
      name: 'test',
      version: 5,
      environment: asked['environment'] ?? {},
      services: { main: service({ environment }) },
    });
    const told = specOf(chute).environment;
    const wanted = expected as Record<string, string>;
    expect(Object.keys(told)).toEqual(expect.arrayContaining(Object.keys(wanted)));
    for (const key of ['A', 'B', 'PARADROP_CHUTE_NAME', 'PARADROP_CHUTE_VERSION'])
      expect(told[key]).toBe(String(wanted[key]));
    for (const key of Object.keys(wanted).filter((each) => each.startsWith('PARADROP_')))
      expect(told[key.replace('PARADROP_', 'RIPCORD_')]).toEqual(told[key]);
  });

  test.each(vectors('runtime', 'token is kept'))('$name', () => {
    const v1 = definition({ name: 'test' });
    const applied = appliedAfter([ask('apply', v1)]);
    const v2 = { ...v1, version: 2, environment: { A: '1' } };
    // Whose token it is; that its value stays is seen where services run.
    expect(specOf(v2, applied).environment['PARADROP_API_TOKEN']).toEqual({ $token: 'test' });
  });
});

test.each(vectors('runtime', 'rollback of a first install'))('runtime: $name', () => {
  const { steps } = planOf([ask('apply', definition())]);
  const made = steps.filter(({ kind }) => kind === 'directory.create@1');
  expect(made.map(({ id, undo }) => [id, undo])).toEqual(
    ['', ':data', ':system'].map((what) => [
      `hello/directory.create${what}`,
      'remove it if it was not there',
    ]),
  );
});

test.each(vectors('runtime', 'names of service'))('runtime: $name is refused until later', () => {
  const refusals = refusalsOf([ask('apply', definition())], { facts: { runtime: 'docker' } });
  expect(refusals).toMatchObject([{ code: 'RIPCORD_RUNTIME_UNSUPPORTED' }]);
});

describe('traffic', () => {
  test.each(vectors('traffic', 'zone'))('$name', ({ expected }) => {
    const chute = accessPoint({ lease: '12h', start: 20, limit: 200 }, '192.168.0.0/24');
    const all = expected as unknown as readonly (readonly [
      string,
      Readonly<Record<string, string | number>>,
    ])[];
    const zone = all[0]?.[1];
    const rules = all.slice(1);
    const [written] = sections(chute, 'zone');
    for (const key of ['input', 'forward', 'output']) expect(written?.[key]).toBe(zone?.[key]);
    expect(written?.['masq']).toBe(String(zone?.['masq']));
    // Names over tcp too, which there were forgotten.
    const allowed = sections(chute, 'rule').map(({ dest_port: port, proto }) => [port, proto]);
    expect(allowed).toEqual(
      rules.map(([, { dest_port: port, proto }]) => [
        String(port),
        expect.stringContaining(String(proto)),
      ]),
    );
  });

  test.each(vectors('traffic', 'redirect'))('$name', ({ given, expected }) => {
    const { interfaces, rule } = given as unknown as {
      readonly interfaces: readonly { readonly name: string; readonly externalIpaddr: string }[];
      readonly rule: JsonObject;
    };
    const allocations = Object.fromEntries(
      interfaces.map(({ name, externalIpaddr: chuteAddress }) => [
        name,
        interfaceGiven({ inside: name, chuteAddress }),
      ]),
    );
    const scene = { chute: 'c', rules: { r: rule }, interfaces: allocations, portsTaken: {} };
    const answer = resolveRedirects(scene);
    if (!Array.isArray(expected)) return expect(answer).toHaveProperty('refusals');
    const [wanted] = expected as unknown as readonly Record<string, string>[];
    const port = (text: string | undefined) => (text === undefined ? null : Number(text));
    return expect(answer).toMatchObject({
      redirects: [
        {
          name: wanted?.['name'],
          fromInterface: 'host.lan',
          fromPort: port(wanted?.['src_dport']),
          toAddress: wanted?.['dest_ip'],
          toPort: port(wanted?.['dest_port']),
        },
      ],
    });
  });

  const web = { service: 'main', port: 18_080 };
  const chutesOf = (name: string) => appliedAfter([ask('apply', definition({ name, web }))]).chutes;

  test.each(vectors('traffic', 'web path'))('$name', ({ given, expected }) => {
    const { paths } = given as { paths: readonly string[] };
    const chutes = chutesOf('sticky-board');
    const caught = paths.map((path) => webRedirect({ path, host: 'gateway' }, chutes) !== null);
    expect(caught).toEqual(expected);
  });

  test.each(vectors('traffic', 'web host'))('$name', ({ given }) => {
    const { Host: host } = given as { Host: string };
    expect(webRedirect({ path: '/', host }, chutesOf('hello'))).toBe(`http://${host}:18080/`);
  });
});

test('every case is used', () => {
  expect(vectors('runtime')).toHaveLength(3 + 2 + 1 + 4 + 1 + 1 + 1 + 2);
  expect(vectors('traffic')).toHaveLength(1 + 4 + 1 + 1);
});
