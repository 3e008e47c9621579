import * as fc from 'fast-check';
import { expect, test } from 'vitest';

import type { AllocationRequest } from '../../../src/core/allocate/allocate.ts';
import { networkAround, overlap } from '../../../src/core/allocate/ipv4.ts';
import type { Allocations } from '../../../src/core/allocate/surroundings.ts';
import type { JsonObject } from '../../../src/core/json.ts';
import type { InterfaceAllocation } from '../../../src/core/network.ts';
import { allocate, ap, request, type Interfaces } from './allocation-model.ts';
import { facts, MONITORS_ALLOWED, port, radio } from './host-model.ts';

const on = facts(
  [
    radio('w0', { hostAccessPoints: 1, hwmodes: ['11a', '11g'] }),
    radio('w1', { configured: { hwmode: '11a', channel: 36 } }),
    radio('w2', { hwmodes: ['11g'] }),
  ],
  [port('eth1'), port('eth2'), port('eth3', { bridged: true })],
);
const context = { facts: on, host: MONITORS_ALLOWED };

const network = fc.constantFrom(undefined, undefined, undefined, '10.128.1.0/24', '172.20.0.0/16');
const hwmode = fc.constantFrom(undefined, undefined, '11a', '11g');

const asked: fc.Arbitrary<JsonObject> = fc
  .record({
    type: fc.constantFrom('wifi-ap', 'wifi-ap', 'wifi-sta', 'wifi-monitor', 'vlan', 'lan'),
    ssid: fc.stringMatching(/^[a-z]{12}$/),
    id: fc.integer({ min: 1, max: 40 }),
    ipv4_network: network,
    hwmode,
  })
  .map(({ type, ssid, id, ipv4_network, hwmode: mode }) => ({
    ...(type === 'wifi-ap' ? ap(ssid) : { type }),
    ...(type === 'wifi-sta' && { wireless: { ssid } }),
    ...(type === 'vlan' && { 'vlan-id': id }),
    ...(ipv4_network && type !== 'wifi-monitor' && { ipv4_network }),
    ...(mode && type === 'wifi-ap' && { requirements: { hwmode: mode } }),
  }));

const interfaces: fc.Arbitrary<Interfaces> = fc.dictionary(
  fc.constantFrom('a', 'b', 'c', 'wlan0'),
  asked,
  { maxKeys: 3 },
);
const chutes = fc.dictionary(fc.constantFrom('a1', 'b2', 'c3', 'd4', 'e5', 'f6'), interfaces);

type Update = Readonly<Record<string, Interfaces>>;
type Device = Readonly<Record<string, Allocations>>;

/** Each update apart changes what it names; what is refused stays as it was. */
function live(updates: readonly Update[]): Device {
  let device: Device = {};
  for (const update of updates) {
    const held = Object.fromEntries(Object.entries(device).filter(([name]) => !(name in update)));
    const answers = allocate(requestsOf(update, device), { ...context, held });
    const given = Object.entries(answers).map(([name, answer]) =>
      'interfaces' in answer ? [name, answer.interfaces] : [name, device[name] ?? {}],
    );
    const isRefused = Object.values(answers).some((answer) => 'refusals' in answer);
    if (!isRefused) device = { ...held, ...Object.fromEntries(given) };
  }
  return device;
}

const requestsOf = (update: Update, device: Device): readonly AllocationRequest[] =>
  Object.entries(update).map(([name, each]) => request(name, each, device[name] ?? {}));

const everything = (device: Device): readonly InterfaceAllocation[] =>
  Object.values(device).flatMap((each) => Object.values(each));

const updates = fc.array(chutes, { minLength: 1, maxLength: 4 });

test('whatever is asked for in turn, nothing is given twice and nothing beyond what there is', () => {
  fc.assert(
    fc.property(updates, (history) => {
      const all = everything(live(history));
      const names = all.map(({ outside }) => outside);
      expect(new Set(names).size).toBe(names.length);
      const networks = all.flatMap(({ subnet }) => networkAround(subnet ?? '') ?? []);
      for (const [at, each] of networks.entries())
        expect(networks.slice(at + 1).filter((other) => overlap(each, other))).toEqual([]);
      for (const { id, hostAccessPoints } of Object.values(on.radios)) {
        const here = all.filter(({ device }) => device === id);
        const alone = here.filter(({ kind }) => kind !== 'wifi-ap');
        expect(here.length + hostAccessPoints).toBeLessThanOrEqual(alone.length > 0 ? 1 : 8);
        const modes = new Set(here.flatMap((each) => each.radio['hwmode'] ?? []));
        expect(modes.size).toBeLessThanOrEqual(1);
      }
      const ports = all.filter(({ kind }) => kind === 'lan').map(({ device }) => device);
      expect(new Set(ports).size).toBe(ports.length);
      expect(ports.filter((name) => name !== 'eth1' && name !== 'eth2')).toEqual([]);
    }),
  );
});

const turned = <T>(given: Readonly<Record<string, T>>): Readonly<Record<string, T>> =>
  Object.fromEntries(Object.entries(given).toReversed());

test('an equal request is given what it has, and the order of anything is nothing', () => {
  fc.assert(
    fc.property(updates, chutes, (history, update) => {
      const device = live(history);
      const held = Object.fromEntries(Object.entries(device).filter(([name]) => !(name in update)));
      const requests = requestsOf(update, device);
      const answers = allocate(requests, { ...context, held });
      const shuffled = requests.toReversed().map((each) => ({
        ...each,
        services: { main: { interfaces: turned(each.services['main']?.interfaces ?? {}) } },
        before: turned(each.before),
      }));
      const facts2 = { ...on, radios: turned(on.radios), ports: turned(on.ports) };
      expect(allocate(shuffled, { ...context, facts: facts2, held: turned(held) })).toEqual(
        answers,
      );

      if (Object.values(answers).some((answer) => 'refusals' in answer)) return;
      const after = Object.fromEntries(
        Object.entries(answers).map(([name, answer]) => [
          name,
          'interfaces' in answer ? answer.interfaces : {},
        ]),
      );
      const again = allocate(requestsOf(update, after), { ...context, held });
      expect(again).toEqual(answers);
    }),
  );
});
