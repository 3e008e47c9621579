import type { ChuteName } from '../chute.ts';
import { RipcordError } from '../errors.ts';
import type { RootPath } from '../step.ts';
import { textOrder } from '../text-order.ts';

/** One configuration file of the host, as it should be. */
export type RenderedFile = {
  /** With tokens in place of secrets and of the root: see `fillTokens`. */
  readonly content: string;
  readonly mode: number;
  /** What has to read it again once it is written. */
  readonly reload: 'dhcp' | 'firewall' | 'network' | 'wifi';
  /** The tool that can say whether it is right before anything reads it. */
  readonly check: 'nft' | 'dnsmasq' | 'hostapd' | null;
  /** Whose settings it holds, sorted; empty when it holds the host's own only. */
  readonly owners: readonly ChuteName[];
  /** The file has sections of others as well: `mergeUci` puts ours among them. */
  readonly merge?: 'uci';
};

export type RenderedFiles = Readonly<Record<RootPath, RenderedFile>>;

/** How every file of ours begins, after the comment sign. Without a time: equal plans, equal bytes. */
export const FILE_MARKER = 'Managed by ripcord: changes made here are lost with the next update';

/** The first line of a file whose comments begin with `#`. */
export const HASH_HEADER: string = `# ${FILE_MARKER}\n`;

/** The refusal of a plan that no configuration can be written for. */
export function unrenderable(what: string, reason: string): RipcordError {
  return new RipcordError('RIPCORD_PLAN_INVALID', `cannot render ${what}: ${reason}`);
}

/** The members of a map by name, the same way on every host. Pure. */
export function inOrder<T>(map: Readonly<Record<string, T>>): readonly (readonly [string, T])[] {
  return Object.entries(map).toSorted(([left], [right]) => textOrder(left, right));
}

/** Each chute once, sorted. Pure. */
export function ownersOf(all: readonly { readonly chute: ChuteName }[]): readonly ChuteName[] {
  return [...new Set(all.map(({ chute }) => chute))].toSorted(textOrder);
}
