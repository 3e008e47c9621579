import type { Applied } from '../applied.ts';
import type { ChuteName } from '../chute.ts';
import {
  chutesIn,
  type FileChange,
  type FileSection,
  type FileSections,
  type HostFile,
  type SectionsChange,
} from '../host-file.ts';
import type { RootPath } from '../step.ts';
import { textOrder } from '../text-order.ts';
import type { FilePart, RenderedFile, RenderedFiles } from './rendered.ts';

/** A file that is to hold something else than what was written. */
export type ChangedFile = {
  readonly change: FileChange;
  /** The tool that can say whether it is right; null for a file that goes. */
  readonly check: RenderedFile['check'];
  /** The chutes whose sections differ, sorted. */
  readonly owners: readonly ChuteName[];
};

/**
 * What of the host's files has to be written anew, by path. Pure.
 *
 * Compared with what was written, not with what would be written of what was applied: a program that
 * renders otherwise than the one before it finds its own files, and changes what it says otherwise.
 */
export function changedFiles(
  written: Applied['host']['files'],
  wanted: RenderedFiles,
): readonly ChangedFile[] {
  const changed: ChangedFile[] = [];
  let found = 0;
  for (const [path, file] of wanted) {
    const there = written[path];
    if (there) found += 1;
    if (there && file.memo?.written === there) continue;
    const change = changeOf(path, there, file);
    if (change)
      changed.push({ change, check: file.check, owners: chutesIn(change.sections ?? {}) });
    else if (there && file.memo && Object.isFrozen(there)) file.memo.written = there;
  }
  const paths = Object.keys(written);
  if (paths.length > found) changed.push(...removedFiles(written, wanted));
  return changed.toSorted((left, right) => textOrder(left.change.path, right.change.path));
}

/** Null where a file is as it is to be. */
function changeOf(
  path: RootPath,
  there: HostFile | undefined,
  { mode, reload: service, merge, parts }: RenderedFile,
): FileChange | null {
  const sections = changedSections(there?.sections ?? {}, parts);
  if (sections === null && there?.mode === mode) return null;
  return { path, service, mode, ...(merge && { merge }), sections: sections ?? {} };
}

function removedFiles(
  written: Applied['host']['files'],
  wanted: RenderedFiles,
): readonly ChangedFile[] {
  const kept = new Set<RootPath>();
  for (const [path] of wanted) kept.add(path);
  const removed: ChangedFile[] = [];
  for (const path of Object.keys(written)) {
    const file = kept.has(path) ? undefined : written[path];
    if (!file) continue;
    const change = { ...file, path, sections: null };
    removed.push({ change, check: null, owners: chutesIn(file.sections) });
  }
  return removed;
}

/** Null where nothing differs. */
function changedSections(was: FileSections, shall: readonly FilePart[]): SectionsChange | null {
  const changed: (readonly [string, FileSection | null])[] = [];
  let found = 0;
  for (const [owner, section, memo] of shall) {
    const there = was[owner];
    if (there) found += 1;
    if (there && memo?.written === there) continue;
    if (!there || !isSame(there, section)) changed.push([owner, section]);
    else if (memo && Object.isFrozen(there)) memo.written = there;
  }
  const owners = Object.keys(was);
  if (owners.length > found) {
    const kept = new Set(shall.map(([owner]) => owner));
    changed.push(...owners.flatMap((owner) => (kept.has(owner) ? [] : [[owner, null] as const])));
  }
  if (changed.length === 0) return null;
  return Object.fromEntries(changed.toSorted(([left], [right]) => textOrder(left, right)));
}

function isSame(left: FileSection, right: FileSection): boolean {
  const places = Object.keys(left);
  return (
    places.length === Object.keys(right).length &&
    places.every((place) => left[place] === right[place])
  );
}
