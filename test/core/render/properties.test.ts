import * as fc from 'fast-check';
import { expect, test } from 'vitest';

import type { NetworkPlan } from '../../../src/core/network.ts';
import { FILE_MARKER } from '../../../src/core/render/rendered.ts';
import { secretsIn } from '../../../src/core/render/tokens.ts';
import { mergeUci } from '../../../src/core/render/uci-merge.ts';
import { parseUci } from '../../../src/core/render/uci-text.ts';
import { textOrder } from '../../../src/core/text-order.ts';
import { arbitraryPlan } from './arbitrary-plan.ts';
import { CAMERA, GATEWAY, OFFICE, planOf, RADIOS } from './plans.ts';
import { renderHost } from './whole-files.ts';

const HOSTS = ['render', 'linux', 'uci'] as const;

/** The same plan, put together the other way round. */
function shuffled(plan: NetworkPlan): NetworkPlan {
  const chutes = Object.entries(plan.chutes).toReversed();
  return {
    host: plan.host,
    chutes: Object.fromEntries(
      chutes.map(([name, { interfaces, redirects }]) => [
        name,
        {
          redirects: redirects.toReversed(),
          interfaces: Object.fromEntries(Object.entries(interfaces).toReversed()),
        },
      ]),
    ),
  };
}

test('equal plans give equal bytes, however they were put together', () => {
  fc.assert(
    fc.property(arbitraryPlan('printable'), (plan) => {
      for (const host of HOSTS) {
        expect(renderHost(shuffled(plan), { host })).toEqual(renderHost(plan, { host }));
      }
    }),
  );
});

test('every interface is in the files, by its name and addresses', () => {
  fc.assert(
    fc.property(arbitraryPlan('printable'), (plan) => {
      for (const host of HOSTS) {
        const files = Object.values(renderHost(plan, { host })).map(({ content }) => content);
        const all = files.join('\n');
        for (const { interfaces } of Object.values(plan.chutes)) {
          for (const { outside, hostAddress, dhcp, chuteAddress } of Object.values(interfaces)) {
            expect(all).toContain(outside);
            if (hostAddress !== null) expect(all).toContain(hostAddress);
            if (dhcp?.start !== undefined) expect(all).toContain(`option:router,${chuteAddress}`);
          }
        }
      }
    }),
  );
});

test('every file begins with the marker and names only owners that are in the plan', () => {
  fc.assert(
    fc.property(arbitraryPlan('printable'), (plan) => {
      for (const host of HOSTS) {
        for (const { content, owners } of Object.values(renderHost(plan, { host }))) {
          expect(content.split('\n', 2).join('\n')).toContain(FILE_MARKER);
          expect(Object.keys(plan.chutes)).toEqual(expect.arrayContaining([...owners]));
        }
      }
    }),
  );
});

test.each(HOSTS)('%s: the bytes without a chute are those from before it came', (host) => {
  const before = renderHost(planOf({ camera: CAMERA }), { host });
  const both = renderHost(planOf({ office: OFFICE, camera: CAMERA }), { host });
  const { office: _, ...rest } = GATEWAY.chutes;
  expect(both).not.toEqual(before);
  expect(renderHost(planOf(rest), { host })).toEqual(before);
});

test('secrets are there as tokens only, and only those of the plan', () => {
  for (const host of HOSTS) {
    const files = Object.values(renderHost(GATEWAY, { host, radios: RADIOS }));
    const named = files.flatMap(({ content }) => secretsIn(content));
    expect(named.toSorted()).toEqual(['a', 'b', 'c'].map((digit) => digit.repeat(64)));
  }
});

test('no text of a definition begins a line, ends a word or passes for a secret', () => {
  const marks = new Set(['a'.repeat(64), 'f'.repeat(64)]);
  fc.assert(
    fc.property(arbitraryPlan('any'), (plan) => {
      for (const { content } of Object.values(renderHost(plan, { host: 'linux' }))) {
        for (const name of secretsIn(content)) expect(marks).toContain(name);
        // Nothing but what this renderer itself writes: printable ASCII, and JSON's own escapes.
        expect(content).toMatch(/^[\n\x20-\x7e]*$/);
        const said = content.replaceAll(/comment "[A-Za-z0-9_.:@%/-]*"/g, '');
        expect(said).not.toMatch(/stolen|reboot|inet filter|%/);
      }
    }),
  );
});

test('an uci file reads back as the texts that went in', () => {
  fc.assert(
    fc.property(arbitraryPlan('printable'), (plan) => {
      const files = renderHost(plan, { host: 'uci' });
      const sections = parseUci(files['etc/config/wireless']?.content ?? '');
      const read = sections.flatMap(({ lines }) =>
        lines.flatMap(([, key, value = '']) => (key === 'ssid' ? [value] : [])),
      );
      const asked = Object.values(plan.chutes).flatMap(({ interfaces }) =>
        Object.values(interfaces).flatMap(({ wireless }) => (wireless ? [wireless.ssid] : [])),
      );
      expect(read.toSorted(textOrder)).toEqual(asked.toSorted(textOrder));
      for (const { content } of Object.values(files)) {
        const names = parseUci(content).map(({ name }) => name);
        expect(new Set(names).size).toBe(names.length);
      }
    }),
  );
});

test('merging into any file and out again gives back that file', () => {
  const foreign = fc
    .array(
      fc.constantFrom(
        "config interface 'lan'\n\toption proto static\n",
        '# mine\n',
        '\n',
        'config rule\n\toption name "two\nlines"\n',
        "config interface 'ripcord'\r\n\toption device eth9 # not ours\r\n",
        '   ',
      ),
    )
    .map((lines) => lines.join(''))
    .filter((text) => !/\S {3}config|  {3}$/.test(text));
  fc.assert(
    fc.property(foreign, arbitraryPlan('printable'), (existing, plan) => {
      const ours = renderHost(plan, { host: 'uci' })['etc/config/firewall']?.content ?? '';
      const none = renderHost(planOf({}), { host: 'uci' })['etc/config/firewall']?.content ?? '';
      const merged = mergeUci(existing, ours, 'ripcord');
      expect(mergeUci(merged, ours, 'ripcord')).toBe(merged);
      expect(mergeUci(merged, none, 'ripcord')).toBe(existing);
      const others = parseUci(merged ?? '').filter(({ name }) => !name?.startsWith('ripcord__'));
      expect(others.map(({ lines }) => lines)).toEqual(
        parseUci(existing).map(({ lines }) => lines),
      );
    }),
  );
});
