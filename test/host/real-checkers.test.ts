import { spawn } from 'node:child_process';
import { once } from 'node:events';

import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import type { NetworkPlan } from '../../src/core/network.ts';
import { hostapdChecks } from '../../src/core/render/hostapd.ts';
import { changeLinks, ipBatch, type LinkChange } from '../../src/core/render/link-change.ts';
import { type Links, readLinks } from '../../src/core/render/links.ts';
import type { RenderedFile } from '../../src/core/render/rendered.ts';
import { fillTokens, secretsIn } from '../../src/core/render/tokens.ts';
import { textOrder } from '../../src/core/text-order.ts';
import { arbitraryPlan } from '../core/render/arbitrary-plan.ts';
import { CAMERA, GATEWAY, OFFICE, planOf, RADIOS } from '../core/render/plans.ts';
import { renderHost } from '../core/render/whole-files.ts';
import { missing, run, runApart, type Said, withFiles } from './tools.ts';

const HOSTAPD = 'hostapd';
const APART = ['unshare', '--net', 'sh', '-ec'];

const nftMissing = missing('nft', [...APART, 'nft list ruleset']);
const dnsmasqMissing = missing('dnsmasq', ['dnsmasq', '--version']);
// It has no flag that ends with 0: that it is there at all is what is asked.
const hostapdMissing = missing('hostapd', ['sh', '-c', 'command -v hostapd']);
const ipMissing = missing('ip', [...APART, 'ip link add br0 type bridge']);
const vlanMissing =
  ipMissing ??
  missing('a VLAN', [
    ...APART,
    'ip link add br0 type bridge; ip link add link br0 name v0 type vlan id 5',
  ]);

/** Plans of every shape, the same ones on every run. */
const PLANS = [GATEWAY, planOf({}), ...fc.sample(arbitraryPlan('any'), { seed: 7, numRuns: 8 })];

/** The files of a plan that a tool checks, as they go to disk. */
function filesFor(plan: NetworkPlan, check: RenderedFile['check']): readonly string[] {
  return Object.values(renderHost(plan, { host: 'linux', radios: RADIOS }))
    .filter((file) => file.check === check)
    .map(({ content }) => {
      const names = secretsIn(content);
      const secrets = Object.fromEntries(names.map((name) => [name, 'p"a s\'s#w;rd']));
      return fillTokens(content, { root: '/srv/rip cord', secrets });
    });
}

describe.skipIf(nftMissing)('nft', () => {
  test('takes the ruleset of every plan', async () => {
    for (const content of PLANS.flatMap((plan) => filesFor(plan, 'nft'))) {
      expect(await checkRuleset(content)).toEqual({ code: 0, output: '' });
    }
  });

  test('refuses one with a wrong rule', async () => {
    const [content = ''] = filesFor(GATEWAY, 'nft');
    expect((await checkRuleset(content.replace('reject', 'rejekt'))).code).not.toBe(0);
  });

  test('loads it again and again in place of itself, beside tables of others', async () => {
    const rulesets = [planOf({ office: OFFICE }), planOf({ camera: CAMERA })];
    const foreign = 'table ip docker { chain nat { type nat hook postrouting priority 0; }; }';
    const { code, output } = await withFiles(
      rulesets.flatMap((plan) => filesFor(plan, 'nft')),
      ([office, camera]) =>
        runApart(
          [
            `nft '${foreign}'; nft list ruleset; echo ====`,
            `nft -f ${office}; nft -f ${camera}; nft -f ${camera}`,
            'nft list table ip docker; echo ====; nft list table inet ripcord',
          ].join('\n'),
        ),
    );
    expect({ code, output }).toMatchObject({ code: 0 });
    const [before, after, ours = ''] = output.split('====\n');
    expect(after).toBe(before);
    expect(ours.match(/comment "ripcord:camera\/web%20in"/g)).toHaveLength(1);
    expect(ours).not.toContain('office');
  });
});

function checkRuleset(content: string): Promise<Said> {
  return withFiles([content], ([path]) => runApart(`nft -c -f ${path}`));
}

describe.skipIf(dnsmasqMissing)('dnsmasq', () => {
  test('takes the file of every interface', async () => {
    const all = PLANS.flatMap((plan) => filesFor(plan, 'dnsmasq'));
    expect(all.length).toBeGreaterThan(10);
    for (const content of all) {
      expect(await checkDnsmasq(content)).toEqual({
        code: 0,
        output: 'dnsmasq: syntax check OK.\n',
      });
    }
  });

  test('refuses one with a wrong line', async () => {
    const [content = ''] = filesFor(GATEWAY, 'dnsmasq');
    expect((await checkDnsmasq(content.replace('no-ping', 'no-pong'))).code).toBe(1);
  });
});

function checkDnsmasq(content: string): Promise<Said> {
  return withFiles([content], ([path = '']) => run(['dnsmasq', '--test', '-C', path]));
}

describe.skipIf(hostapdMissing)('hostapd', () => {
  test('brings up every access point of every plan, without a radio', async () => {
    const all = PLANS.flatMap((plan) => filesFor(plan, 'hostapd')).flatMap(hostapdChecks);
    expect(all.length).toBeGreaterThan(5);
    for (const content of all) expect(await bringUp(content)).toMatch(/AP-ENABLED/);
  });

  test('refuses one with a key that is too short', async () => {
    const files = filesFor(planOf({ camera: CAMERA }), 'hostapd').flatMap(hostapdChecks);
    const wrong = files.map((each) => each.replace(/wpa_passphrase=.*/, 'wpa_passphrase=short'));
    expect(await bringUp(wrong[0] ?? '')).toMatch(/invalid WPA passphrase length 5/);
  });
});

/** What hostapd says until its access point is up or it has given up. */
function bringUp(content: string): Promise<string> {
  return withFiles([content], async ([path = '']) => {
    const child = spawn(HOSTAPD, [path], {
      env: { ...process.env, PATH: `${process.env['PATH'] ?? ''}:/usr/sbin` },
    });
    let said = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      said += text;
      if (said.includes('AP-ENABLED')) child.kill();
    });
    child.stderr.resume();
    await once(child, 'close');
    return said;
  });
}

const NOTHING: Links = { links: [], sysctl: {} };

/** Ports of the host that the plans speak of; their other ends stay unused. */
const PORTS = ['eth1', 'eth2'].map((name) => `ip link add ${name} type veth peer name ${name}p`);

describe.skipIf(ipMissing)('ip', () => {
  test('makes the links of a plan, and the change to another, and takes them away', async () => {
    const { voice: _, ...wired } = OFFICE.interfaces;
    const both = linksOf(planOf({ camera: CAMERA, office: { ...OFFICE, interfaces: wired } }));
    const one = linksOf(planOf({ camera: CAMERA }));
    const [made, changed, gone] = await linksAfter([
      changeLinks(NOTHING, both),
      changeLinks(both, one),
      changeLinks(one, NOTHING),
    ]);
    expect(made).toMatch(/^br-lan +\S+ +192\.168\.7\.1\/24/m);
    expect(made).toMatch(/^vwlan1a2b +\S+ +10\.128\.0\.1\/24/m);
    expect(made).toMatch(/^eth2\.b +\S+ +10\.128\.2\.1\/24/m);
    expect(made).toMatch(/^eth2\.h@eth2\.c/m);
    expect(changed).toMatch(/^vwlan1a2b /m);
    expect(changed).toMatch(/^eth2@/m);
    expect(changed).not.toMatch(/eth2\.b|vwlanbeef/);
    expect(gone?.match(/^\S+/gm)?.toSorted(textOrder)).toEqual([
      'eth1@eth1p',
      'eth1p@eth1',
      'eth2@eth2p',
      'eth2p@eth2',
      'lo',
    ]);
  });

  test.skipIf(vlanMissing)('makes VLANs of the bridge of the host', async () => {
    const [made] = await linksAfter([changeLinks(NOTHING, linksOf(GATEWAY))]);
    expect(made).toMatch(/^br-lan\.5\.w@br-lan/m);
  });
});

function linksOf(plan: NetworkPlan): Links {
  return readLinks(renderHost(plan, { host: 'linux' })['host/links.json']?.content ?? '');
}

/** The links and addresses after each of these changes, one after the other. */
async function linksAfter(changes: readonly LinkChange[]): Promise<readonly string[]> {
  const said = await withFiles(changes.map(ipBatch), (paths) =>
    runApart(
      [
        ...PORTS,
        ...paths.flatMap((path) => [`ip -batch ${path}`, 'ip -br address', 'echo ====']),
      ].join('\n'),
    ),
  );
  expect(said).toMatchObject({ code: 0 });
  return said.output.split('====\n');
}
