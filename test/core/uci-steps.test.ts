import { expect, test } from 'vitest';

import { ask, definition, planOf, service } from './plan-model.ts';

test('steps that write files of OpenWrt are called after these files', () => {
  const main = service({ interfaces: { net: { type: 'vlan', 'vlan-id': 7 } } });
  const { steps } = planOf([ask('apply', definition({ services: { main } }))], {
    facts: { host: 'uci', capabilities: ['vlan'] },
  });
  expect(steps.map(({ id }) => id).filter((id) => id.startsWith('host/config.write'))).toEqual([
    'host/config.write:etc/config/dhcp',
    'host/config.write:etc/config/firewall',
    'host/config.write:etc/config/network',
    'host/config.write:etc/config/wireless',
  ]);
});
