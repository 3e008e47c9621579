import { expect } from 'vitest';

import { chutesIn, fileText } from '../../../src/core/host-file.ts';
import type { NetworkPlan } from '../../../src/core/network.ts';
import { wiredChute } from '../../../src/core/overview.ts';
import * as nftables from '../../../src/core/render/nftables.ts';
import * as host from '../../../src/core/render/render-host.ts';
import type { RenderedFile } from '../../../src/core/render/rendered.ts';
import { checkDevices, type WiredChute } from '../../../src/core/render/wiring.ts';
import { textOrder } from '../../../src/core/text-order.ts';

/** A file as it is written, and the chutes that have a part in it. */
export type WholeFile = Omit<RenderedFile, 'parts'> & {
  readonly content: string;
  readonly owners: readonly string[];
};

/** What `renderHost` renders, each file put together. */
export function renderHost(
  plan: NetworkPlan,
  options: host.RenderOptions,
): Readonly<Record<string, WholeFile>> {
  const whole = host
    .renderHost(plan.host, wiredChutes(plan), options)
    .map(([path, { parts, ...file }]): readonly [string, WholeFile] => {
      const sections = Object.fromEntries(parts);
      expect(Object.keys(sections)).toHaveLength(parts.length);
      return [path, { ...file, content: fileText(sections), owners: chutesIn(sections) }];
    });
  return Object.fromEntries(whole);
}

export function renderNftables(
  plan: NetworkPlan,
  options: { readonly pool?: string | undefined } = {},
): string {
  return fileText(
    Object.fromEntries(nftables.renderNftables(plan.host, wiredChutes(plan), options)),
  );
}

function wiredChutes({ chutes }: NetworkPlan): readonly WiredChute[] {
  const all = Object.keys(chutes)
    .toSorted(textOrder)
    .flatMap((chute) => (chutes[chute] && wiredChute(chute, chutes[chute])) ?? []);
  checkDevices(all, () => undefined);
  return all;
}
