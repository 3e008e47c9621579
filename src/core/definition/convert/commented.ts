import { Document, isMap, isScalar } from 'yaml';

import type { JsonObject } from '../../json.ts';

/** A definition to be written, and what is to be said at its places. */
export type Commented = {
  readonly value: JsonObject;
  /** By path into `value`; that of the whole stands on top. */
  readonly notes: readonly Note[];
};

export type Note = { readonly path: readonly string[]; readonly text: string };

/** Longer lines are broken at a space. */
const COLUMNS = 96;

/** The text of a definition, with its notes as comments above what they are about. Pure. */
export function commentedYaml({ value, notes }: Commented): string {
  const document = new Document(value);
  const above: string[] = [];
  for (const { path, text } of notes) {
    const comment = commentOf(text);
    const key = keyAt(document, path);
    if (key === null) above.push(comment);
    else key.commentBefore = [key.commentBefore, comment].filter(Boolean).join('\n');
  }
  const head = above.map((text) => `${text.replaceAll(/^/gm, '#')}\n`).join('');
  return head + document.toString({ lineWidth: 100, flowCollectionPadding: false });
}

type Key = { commentBefore?: string | null };

/**
 * The key of a pair: a comment belongs there, before the name. Of the nearest one above where there is
 * no such place; null for the whole.
 */
function keyAt(document: Document, path: readonly string[]): Key | null {
  let at: unknown = document.contents;
  let key: Key | null = null;
  for (const name of path) {
    const pair = isMap(at)
      ? at.items.find((each) => isScalar(each.key) && String(each.key.value) === name)
      : undefined;
    if (pair === undefined || !isScalar(pair.key)) return key;
    key = pair.key;
    at = pair.value;
  }
  return key;
}

/** Every line begins with a space: the hash comes before it. */
function commentOf(text: string): string {
  const lines: string[] = [];
  for (const word of text.split(/\s+/)) {
    const last = lines.at(-1);
    if (last === undefined || last.length + word.length + 1 > COLUMNS) lines.push(` ${word}`);
    else lines[lines.length - 1] = `${last} ${word}`;
  }
  return lines.join('\n');
}
