import type { Applied } from '../applied.ts';
import type { ChuteName } from '../chute.ts';
import {
  chutesIn,
  type FileChange,
  type FileSection,
  type FileSections,
  type SectionsChange,
} from '../host-file.ts';
import { textOrder } from '../text-order.ts';
import type { RenderedFile, RenderedFiles } from './rendered.ts';

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
  for (const path of Object.keys(wanted)) {
    const file = wanted[path];
    if (!file) continue;
    const { mode, reload: service, check, merge } = file;
    const there = written[path];
    const sections = changedSections(there?.sections ?? {}, file.sections);
    if (sections === null && there?.mode === mode) continue;
    const shape = { path, service, mode, ...(merge && { merge }) };
    const change = { ...shape, sections: sections ?? {} };
    changed.push({ change, check, owners: chutesIn(change.sections) });
  }
  for (const path of Object.keys(written)) {
    const file = written[path];
    if (!file || Object.hasOwn(wanted, path)) continue;
    const owners = chutesIn(file.sections);
    changed.push({ change: { ...file, path, sections: null }, check: null, owners });
  }
  return changed.toSorted((left, right) => textOrder(left.change.path, right.change.path));
}

/** Null where nothing differs. */
function changedSections(was: FileSections, shall: FileSections): SectionsChange | null {
  const changed: (readonly [string, FileSection | null])[] = [];
  for (const owner of Object.keys(shall)) {
    const section = shall[owner];
    const there = was[owner];
    if (section && !(there && isSame(there, section))) changed.push([owner, section]);
  }
  for (const owner of Object.keys(was)) if (!shall[owner]) changed.push([owner, null]);
  if (changed.length === 0) return null;
  return Object.fromEntries(changed.toSorted(([left], [right]) => textOrder(left, right)));
}

function isSame(left: FileSection, right: FileSection): boolean {
  if (left === right || same.get(left) === right) return true;
  const places = Object.keys(left);
  const isEqual =
    places.length === Object.keys(right).length &&
    places.every((place) => left[place] === right[place]);
  if (isEqual && Object.isFrozen(left) && Object.isFrozen(right)) same.set(left, right);
  return isEqual;
}

/** Of what was written, what is rendered and was found to be equal: neither is read again. */
const same = new WeakMap<FileSection, FileSection>();
