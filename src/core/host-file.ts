import type { Applied } from './applied.ts';
import { HOST } from './host-config/document.ts';
import { pointer, type Patch } from './patch.ts';
import type { ReloadArgs, ReloadedService, RootPath } from './step.ts';
import { textOrder } from './text-order.ts';

/**
 * What one owner has in a file of the host's configuration: its texts by their places. A place says
 * where in the file a text stands; the texts of one place stand in the order of their owners.
 */
export type FileSection = Readonly<Record<string, string>>;

/** A file by whose its sections are: chutes, and `@host`. With tokens for secrets and for the root. */
export type FileSections = Readonly<Record<string, FileSection>>;

/** The sections of a file that shall be otherwise, whole; null: the owner has none any more. */
export type SectionsChange = Readonly<Record<string, FileSection | null>>;

/** A file of the host's configuration as it was written: what `applied` has of it. */
export type HostFile = {
  /** What reads it. */
  readonly service: ReloadedService;
  readonly mode: number;
  /** The file is not ours alone: only our part of it is meant. */
  readonly merge?: 'uci';
  readonly sections: FileSections;
};

/** What of a file is to be otherwise; without sections the file goes. */
export type FileChange = Omit<HostFile, 'sections'> & {
  readonly path: RootPath;
  readonly sections: SectionsChange | null;
};

/** What a file holds, as rendered. Pure. */
export function fileText(sections: FileSections): string {
  return Object.entries(sections)
    .flatMap(([owner, section]) =>
      Object.entries(section).map(([place, text]) => ({ owner, place, text })),
    )
    .toSorted(
      (left, right) => textOrder(left.place, right.place) || textOrder(left.owner, right.owner),
    )
    .map(({ text }) => text)
    .join('');
}

/** A file once a change is through; null: there is none. Pure. */
export function changedFile(
  file: HostFile | null,
  { path: _path, sections, ...shape }: FileChange,
): HostFile | null {
  if (sections === null) return null;
  const changed: Record<string, FileSection> = { ...file?.sections };
  for (const [owner, section] of Object.entries(sections))
    if (section === null) delete changed[owner];
    else changed[owner] = section;
  return { ...shape, sections: changed };
}

/** The change that takes this one back, of a file as it is before it; null where there is none. Pure. */
export function changeBack(file: HostFile | null, change: FileChange): FileChange {
  if (file === null) return { ...change, sections: null };
  const owners = Object.keys(change.sections ?? file.sections);
  const sections = owners.map((owner) => [owner, file.sections[owner] ?? null] as const);
  return { ...file, path: change.path, sections: Object.fromEntries(sections) };
}

/** What a change makes of `applied`: each section by itself. Pure. */
export function filePatch(file: HostFile | null, change: FileChange): Patch {
  const { path, mode, sections } = change;
  const at = pointer('host', 'files', path);
  if (sections === null) return file === null ? [] : [{ op: 'remove', path: at }];
  if (file === null) return [{ op: 'add', path: at, value: changedFile(null, change) }];
  const changed = Object.entries(sections).toSorted(([left], [right]) => textOrder(left, right));
  return [
    ...(file.mode === mode ? [] : [{ op: 'replace', path: `${at}/mode`, value: mode } as const]),
    ...changed.flatMap(([owner, section]): Patch => {
      const place = at + pointer('sections', owner);
      const had = Object.hasOwn(file.sections, owner);
      if (section === null) return had ? [{ op: 'remove', path: place }] : [];
      return [{ op: had ? 'replace' : 'add', path: place, value: section }];
    }),
  ];
}

/** The files that a service of the host reads, by path. Pure. */
export function filesOf(
  files: Readonly<Record<RootPath, HostFile>>,
  service: ReloadedService,
): readonly RootPath[] {
  return Object.keys(files)
    .filter((path) => files[path]?.service === service)
    .toSorted(textOrder);
}

/**
 * Whose settings a file holds that what reloads it does not answer for: it did not write it, and none
 * of its chutes has a part in it. Null when it does answer for it. Pure.
 */
export function othersOf(
  { host }: Pick<Applied, 'host'>,
  path: RootPath,
  { paths, chutes = [] }: ReloadArgs,
): readonly string[] | null {
  if (paths.includes(path)) return null;
  const owners = Object.keys(host.files[path]?.sections ?? {}).toSorted(textOrder);
  if (owners.some((owner) => chutes.includes(owner))) return null;
  return owners.length === 0 ? [HOST] : owners;
}

/** The chutes that have a part in these sections, sorted. Pure. */
export function chutesIn(sections: SectionsChange): readonly string[] {
  return Object.keys(sections)
    .filter((owner) => owner !== HOST)
    .toSorted(textOrder);
}
