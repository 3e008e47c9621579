import fjp from 'fast-json-patch';

import { isForbiddenKey } from '../definition/read-guard.ts';
import type { Json, JsonObject } from '../json.ts';
import { type HostDocument, isMap, textOf } from './document.ts';

/** What became of a patch: the document behind it, or why and where it does not fit. */
export type PatchedDocument =
  | { readonly document: JsonObject }
  | { readonly reason: string; readonly path: string };

/** Far more than any host configuration, in characters. */
const LENGTH_MAX = 256 * 1024;

/**
 * The document behind all operations of a JSON Patch (RFC 6902), or what is wrong with the first that
 * does not fit. What comes of it may be no host configuration any more. Pure.
 */
export function patchDocument(before: HostDocument, patch: readonly JsonObject[]): PatchedDocument {
  let document: Json = before;
  for (const [at, operation] of patch.entries()) {
    const [op = '', path = '', from = ''] = ['op', 'path', 'from'].map((key) =>
      textOf(operation[key]),
    );
    const words = `operation ${at + 1} (${op} ${path})`;
    if (`${path}/${from}`.split('/').some(isForbiddenKey))
      return { reason: `${words} has a name that is not allowed`, path };
    try {
      document = fjp.applyPatch(document, [operation] as never, true, false).newDocument;
    } catch (error) {
      return { reason: `${words} does not fit: ${reasonOf(error)}`, path };
    }
    // Copies of copies grow beyond all bounds.
    if (JSON.stringify(document ?? null).length > LENGTH_MAX)
      return { reason: `${words} makes it too large for a host configuration`, path };
  }
  return isMap(document) ? { document } : { reason: 'nothing of it would be left', path: '' };
}

/** The first line: what follows is the whole document. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return 'it is no operation';
  if (error.name === 'TEST_OPERATION_FAILED') return 'the value is another one';
  // Of a place below what was moved away, the library knows nothing to say.
  if (error instanceof TypeError) return 'there is nothing that it could be put into';
  const [line = ''] = error.message.split('\n');
  return line === '' ? 'it is no operation' : line.charAt(0).toLowerCase() + line.slice(1);
}
