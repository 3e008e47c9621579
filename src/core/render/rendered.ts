import { RipcordError } from '../errors.ts';
import { HOST } from '../host-config/document.ts';
import type { FileSection, HostFile } from '../host-file.ts';
import type { RootPath } from '../step.ts';
import { textOrder } from '../text-order.ts';

/** One configuration file of the host, as it should be. */
export type RenderedFile = {
  /** With tokens in place of secrets and of the root: see `fillTokens`. */
  readonly parts: readonly FilePart[];
  readonly mode: number;
  /** What has to read it again once it is written. */
  readonly reload: 'dhcp' | 'firewall' | 'network' | 'wifi';
  /** The tool that can say whether it is right before anything reads it. */
  readonly check: 'nft' | 'dnsmasq' | 'hostapd' | null;
  /** The file has sections of others as well: `mergeUci` puts ours among them. */
  readonly merge?: 'uci';
  readonly memo?: Memo<HostFile>;
};

/**
 * An owner and what it has in a file, each owner once. A list: most of them are only looked at. One that
 * is remembered also remembers where it was found to be what is written, so that it is not read again.
 */
export type FilePart = readonly [owner: string, section: FileSection, memo?: Memo<FileSection>];

/** What was written that says the same; null: nobody found any yet. */
export type Memo<Written> = { written: Written | null };

export type RenderedFiles = readonly (readonly [path: RootPath, file: RenderedFile])[];

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

/** Parts of a file of which some have the same owner, as one for each. Pure. */
export function joinParts(parts: readonly FilePart[]): readonly FilePart[] {
  const sections = new Map<string, FileSection>();
  for (const [owner, part] of parts) {
    const there = sections.get(owner);
    sections.set(owner, there ? { ...there, ...part } : part);
  }
  return [...sections];
}

/** A file that one owner has for itself. Pure. */
export function wholePart(owner: string, text: string): readonly FilePart[] {
  return [[owner, { '0': text }]];
}

/** A part of a file that stays for as long as what it is made of; null where it would say nothing. */
export function lastingPart(owner: string, section: FileSection | null): FilePart | null {
  return section && [owner, section, { written: null }];
}

/** A number as a part of a place, so that places stand in its order. Pure. */
export function placeNumber(number: number): string {
  return String(number).padStart(4, '0');
}
