import { expect, test } from 'vitest';

import { type Applied, NOTHING_APPLIED, stateHash } from '../../../src/core/applied.ts';
import { DEFAULT_DOCUMENT } from '../../../src/core/host-config/document.ts';
import type { JsonObject } from '../../../src/core/json.ts';
import { NO_NETWORK, type Radio } from '../../../src/core/network.ts';
import { differences, worldOf } from '../../../src/drivers/sim/sim-world.ts';
import {
  ask,
  definition,
  digest,
  planned,
  planOf,
  refusalsOf,
  run,
  service,
  sha256,
} from '../plan-model.ts';
import { SimRun } from '../sim-run.ts';

const RADIO: Radio = {
  id: 'usb-wifi-0',
  mac: '02:00:00:00:00:01',
  phy: 'phy0',
  interface: 'wlan0',
  modes: ['ap', 'sta', 'monitor'],
  hwmodes: ['11g'],
  configured: {},
  hostAccessPoints: 0,
};

const facts = { network: { ...NO_NETWORK, radios: { [RADIO.id]: RADIO } } };

const { system, ...rest } = DEFAULT_DOCUMENT;
const config = { ...rest, system: { ...(system as JsonObject), allowMonitorMode: true } };
const START: Applied = { ...NOTHING_APPLIED, host: { ...NOTHING_APPLIED.host, config } };

const withInterface = (name: string, fields: object) => {
  const source = { type: 'local', digest: digest('a') } as const;
  const interfaces = { air0: { ...fields } };
  return definition({ name, services: { main: service({ source, interfaces }) } });
};

const ears = withInterface('ears', { type: 'wifi-monitor' });
const other = withInterface('other', { type: 'wifi-ap', wireless: { ssid: 'x' } });

test.each([
  ['a monitor', { type: 'wifi-monitor' }, true],
  ['a station', { type: 'wifi-sta', wireless: { ssid: 'x' } }, true],
  ['an access point', { type: 'wifi-ap', wireless: { ssid: 'x' } }, false],
])('%s is told where its radio stays, if that is its own: %s', (_what, fields, isLent) => {
  const answer = planned([ask('apply', withInterface('ears', fields))], { applied: START, facts });
  const warnings = 'warnings' in answer ? answer.warnings.map(({ message }) => message) : [];
  const words =
    'interface air0 of ears has radio usb-wifi-0 for itself, in the network of the host: processes have none of their own';
  expect(warnings.includes(words)).toBe(isLent);
});

test('a radio that is lent is on record, is nobody else’s, and is free after a stop', () => {
  const plan = planOf([ask('apply', ears)], { applied: START, facts });
  const { applied } = run(START, plan);
  expect(applied.chutes['ears']?.interfaces['air0']).toMatchObject({ device: 'usb-wifi-0' });
  expect(refusalsOf([ask('apply', other)], { applied, facts })).toMatchObject([
    { code: 'RIPCORD_RESOURCE_TAKEN', message: expect.stringContaining('ears') },
  ]);
  const stopped = run(applied, planOf([ask('stop', 'ears')], { applied, facts })).applied;
  expect(stopped.chutes['ears']?.interfaces).toEqual({});
  expect(refusalsOf([ask('apply', other)], { applied: stopped, facts })).toEqual([]);
});

test('a radio that is lent is given back from wherever an update ends', async () => {
  const steps = planOf([ask('apply', ears)], { applied: START, facts }).steps.filter(
    ({ afterCommit }) => !afterCommit,
  );
  for (let count = 0; count <= steps.length; count += 1) {
    const lending = new SimRun('u1', worldOf(START, sha256), START);
    expect(await lending.run(steps.slice(0, count))).toBe(true);
    await lending.takeBack();
    expect(stateHash(lending.applied, sha256)).toBe(stateHash(START, sha256));
    expect(differences(lending.device.world, lending.applied, sha256)).toEqual([]);
  }
});
