import { expect, test } from 'vitest';

import { changeLinks, ipBatch, iwCommands } from '../../../src/core/render/link-change.ts';
import { readLinks } from '../../../src/core/render/links.ts';
import { serviceReading } from '../../../src/core/render/read-by.ts';
import { GATEWAY, RADIOS } from './plans.ts';
import { renderHost } from './whole-files.ts';

test.each(['linux', 'uci'] as const)('what %s loads lies beside this test', async (host) => {
  const files = renderHost(GATEWAY, { host, radios: RADIOS });
  for (const [path, { content }] of Object.entries(files)) {
    await expect(content).toMatchFileSnapshot(`golden/${host}/${path}`);
  }
});

test.each(['linux', 'uci'] as const)('what reads a file of %s is known by its place', (host) => {
  const files = Object.entries(renderHost(GATEWAY, { host, radios: RADIOS }));
  expect(files.map(([path]) => [path, serviceReading(path)])).toEqual(
    files.map(([path, { reload }]) => [path, reload]),
  );
});

test('every file says who reads it, who checks it and whose settings are in it', () => {
  const told = (['linux', 'uci'] as const).flatMap((host) =>
    Object.entries(renderHost(GATEWAY, { host })).map(
      ([path, { mode, reload, check, owners, merge }]) =>
        `${path} ${mode.toString(8)} ${reload} ${check} [${owners.join(' ')}] ${merge ?? ''}`,
    ),
  );
  expect(told).toEqual([
    'host/links.json 644 network null [camera office] ',
    'host/nftables.nft 644 firewall nft [camera office] ',
    'host/dnsmasq/br-lan.conf 644 dhcp dnsmasq [] ',
    'host/dnsmasq/vwlan1a2b.conf 644 dhcp dnsmasq [camera] ',
    'host/dnsmasq/vwlanbeef.conf 644 dhcp dnsmasq [office] ',
    'host/dnsmasq/eth2.conf 644 dhcp dnsmasq [office] ',
    'host/hostapd/pci-wifi-0.conf 600 wifi hostapd [camera office] ',
    'etc/config/network 644 network null [camera office] uci',
    'etc/config/wireless 600 wifi null [camera office] uci',
    'etc/config/dhcp 644 dhcp null [camera office] uci',
    'etc/config/firewall 644 firewall null [camera office] uci',
  ]);
});

test('the commands that make the links lie beside this test', async () => {
  const file = renderHost(GATEWAY, { host: 'linux', radios: RADIOS })['host/links.json'];
  const change = changeLinks({ links: [], sysctl: {} }, readLinks(file?.content ?? ''));
  await expect(ipBatch(change)).toMatchFileSnapshot('golden/linux/links.batch');
  expect(iwCommands(change)).toEqual([
    ['phy', 'phy0', 'interface', 'add', 'vwlan1a2b.w', 'type', '__ap'],
  ]);
});
