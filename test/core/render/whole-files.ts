import { chutesIn, fileText } from '../../../src/core/host-file.ts';
import type { NetworkPlan } from '../../../src/core/network.ts';
import * as nftables from '../../../src/core/render/nftables.ts';
import * as host from '../../../src/core/render/render-host.ts';
import type { RenderedFile } from '../../../src/core/render/rendered.ts';
import { wiredChutes } from '../../../src/core/render/wiring.ts';

/** A file as it is written, and the chutes that have a part in it. */
export type WholeFile = Omit<RenderedFile, 'sections'> & {
  readonly content: string;
  readonly owners: readonly string[];
};

/** What `renderHost` renders, each file put together. */
export function renderHost(
  plan: NetworkPlan,
  options: host.RenderOptions,
): Readonly<Record<string, WholeFile>> {
  const whole = Object.entries(host.renderHost(plan, options)).map(
    ([path, { sections, ...file }]): readonly [string, WholeFile] => [
      path,
      { ...file, content: fileText(sections), owners: chutesIn(sections) },
    ],
  );
  return Object.fromEntries(whole);
}

export function renderNftables(
  plan: NetworkPlan,
  options: { readonly pool?: string | undefined } = {},
): string {
  return fileText(nftables.renderNftables(plan.host, wiredChutes(plan), options));
}
