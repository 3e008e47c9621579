import { RipcordError } from '../errors.ts';
import { HOST } from '../host-config/document.ts';
import type { FileSection, FileSections } from '../host-file.ts';
import type { RootPath } from '../step.ts';
import { textOrder } from '../text-order.ts';

/** One configuration file of the host, as it should be. */
export type RenderedFile = {
  /** With tokens in place of secrets and of the root: see `fillTokens`. */
  readonly sections: FileSections;
  readonly mode: number;
  /** What has to read it again once it is written. */
  readonly reload: 'dhcp' | 'firewall' | 'network' | 'wifi';
  /** The tool that can say whether it is right before anything reads it. */
  readonly check: 'nft' | 'dnsmasq' | 'hostapd' | null;
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

/** Whose the sections are that the host itself has in its files. */
export const HOST_SECTION: string = HOST;

/** Parts of a file as its sections: those of one owner are one; one that says nothing is none. Pure. */
export function joinSections(parts: readonly (readonly [string, FileSection])[]): FileSections {
  const sections: Record<string, FileSection> = {};
  for (const [owner, part] of parts) {
    const there = sections[owner];
    if (there) sections[owner] = { ...there, ...part };
    else if (Object.keys(part).length > 0) sections[owner] = part;
  }
  return sections;
}

/** A file that one owner has for itself. Pure. */
export function oneSection(owner: string, text: string): FileSections {
  return Object.freeze({ [owner]: Object.freeze({ '0': text }) });
}

/** A number as a part of a place, so that places stand in its order. Pure. */
export function placeNumber(number: number): string {
  return String(number).padStart(4, '0');
}
