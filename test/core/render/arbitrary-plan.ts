import * as fc from 'fast-check';

import type { InterfaceAllocation, NetworkPlan, Redirect } from '../../../src/core/network.ts';
import { air, given, mark, planOf } from './plans.ts';

/** Texts that try to leave the place they are written in. */
const HOSTILE: readonly string[] = [
  `it's "quoted" \\ twice`,
  'a\nwpa_passphrase=stolen',
  "x'\n\toption key 'y",
  'x" } ; delete table inet filter; #',
  ' # ; $(reboot) `reboot` ',
  'ünï\u2028çødé 🚀',
  '{{secret:line:aaaa}} {{root}}',
  'tab\tand\0nul',
];

/** A text of at most 32 bytes, often a hostile one. */
const name: fc.Arbitrary<string> = fc
  .oneof(fc.constantFrom(...HOSTILE), fc.string({ unit: 'grapheme', minLength: 1 }))
  .filter((text) => {
    const { length } = new TextEncoder().encode(text);
    return length >= 1 && length <= 32;
  });

/** One with no control characters: OpenWrt hands those on to programs that read lines. */
const printable = name.filter((text) => !/\p{Cc}/u.test(text));

type Shape = {
  readonly kind: InterfaceAllocation['kind'];
  readonly ssid: string;
  readonly open: boolean;
  readonly served: boolean;
  readonly relayed: boolean;
};

const shape = (ssid: fc.Arbitrary<string>): fc.Arbitrary<Shape> =>
  fc.record({
    kind: fc.constantFrom('wifi-ap', 'wifi-ap', 'wifi-sta', 'wifi-monitor', 'vlan', 'lan'),
    ssid,
    open: fc.boolean(),
    served: fc.boolean(),
    relayed: fc.boolean(),
  });

/** The nth interface of a plan: names, networks, radios and ports are its own. */
function allocation(n: number, { kind, ssid, open, served, relayed }: Shape): InterfaceAllocation {
  const wireless = open ? air({ ssid, encryption: 'none', key: mark('f') }) : air({ ssid });
  const dhcp = relayed
    ? { dns: [], relay: ['10.9.9.9'] }
    : { leasetime: '1h', start: 3, limit: 9, dns: ['9.9.9.9'], relay: [] };
  const wifi = kind.startsWith('wifi-');
  const addressed = kind !== 'wifi-monitor' && kind !== 'wifi-sta';
  return {
    ...given(n, { kind, inside: `if${n}`, outside: `out${n}` }),
    device: kind === 'lan' ? `eth${n}` : wifi ? `pci-wifi-${n}` : null,
    vlanId: kind === 'vlan' ? 10 + n : null,
    wireless: kind === 'wifi-ap' || kind === 'wifi-sta' ? wireless : null,
    dhcp: served && addressed ? dhcp : null,
    ...(addressed ? {} : { subnet: null, hostAddress: null, chuteAddress: null }),
  };
}

const port = fc.option(fc.integer({ min: 1, max: 65_535 }));

const redirect = (label: fc.Arbitrary<string>): fc.Arbitrary<Omit<Redirect, 'toAddress'>> =>
  fc.record({ name: label, fromInterface: fc.constant('host.lan'), fromPort: port, toPort: port });

/** Plans of up to four chutes with up to three interfaces each. */
export function arbitraryPlan(texts: 'printable' | 'any'): fc.Arbitrary<NetworkPlan> {
  const text = texts === 'any' ? name : printable;
  const chute = fc.record({
    shapes: fc.array(shape(text), { maxLength: 3 }),
    redirects: fc.array(redirect(text), { maxLength: 3 }),
  });
  const chuteName = fc.stringMatching(/^[a-z0-9][a-z0-9-]{1,12}$/);
  return fc.dictionary(chuteName, chute, { maxKeys: 4 }).map((chutes) => {
    let n = 0;
    const planned = Object.entries(chutes).map(([owner, { shapes, redirects }]) => {
      const interfaces = shapes.map((each) => allocation(n++, each));
      const target = interfaces.find(({ chuteAddress }) => chuteAddress !== null)?.chuteAddress;
      return [
        owner,
        {
          interfaces: Object.fromEntries(interfaces.map((each) => [each.inside, each])),
          redirects: redirects.map((each) => ({ ...each, toAddress: target ?? '10.128.99.2' })),
        },
      ] as const;
    });
    return planOf(Object.fromEntries(planned));
  });
}
