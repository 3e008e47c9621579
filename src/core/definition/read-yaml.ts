import type { Node, ParsedNode } from 'yaml';
import { Lexer, isAlias, isMap, isScalar, isSeq, parseDocument } from 'yaml';

import type { Json } from '../json.ts';
import type { Located, Place, Report, Spot } from './complaint.ts';
import { createReport, pointer } from './complaint.ts';
import { DEPTH_MAX, TEXT_BYTES_MAX, VALUES_MAX, isForbiddenKey } from './read-guard.ts';

/**
 * What a YAML 1.2 or JSON text says, with the place of each part; or complaints about what is wrong
 * with it. `hasMergeKeys`: `<<` is a key like any other, for the caller to merge. Never throws. Pure.
 */
export function readYaml(
  text: string,
  file: string,
  { hasMergeKeys = false }: { readonly hasMergeKeys?: boolean } = {},
): { located: Located; report: Report } {
  const placeAt = placeFinder(text);
  const places = new Map<string, { key: number; value: number }>();
  const placeOf = (path: string, spot: Spot): Place => {
    for (let at = path; ; at = at.slice(0, at.lastIndexOf('/'))) {
      const found = places.get(at);
      if (found !== undefined) return placeAt(at === path ? found[spot] : found.key);
      if (at === '') return { line: 1, col: 1 };
    }
  };
  const report = createReport(file, placeOf);
  const located = (value: Json): { located: Located; report: Report } => ({
    located: { value, placeOf },
    report,
  });
  if (text.length > TEXT_BYTES_MAX) {
    report.complain('text-too-large', '', `is larger than 1 MiB (${text.length} characters)`, {
      hint: 'a definition is a few kilobytes: is this the right file?',
    });
    return located(null);
  }
  const guarded = guardStructure(text);
  if (guarded !== null) {
    places.set('', { key: guarded.offset, value: guarded.offset });
    report.complain('nesting-unbounded', '', guarded.message);
    return located(null);
  }
  const document = parseDocument(text, {
    prettyErrors: false,
    // The parser's own check is quadratic in the number of keys; the walk below does it in passing.
    uniqueKeys: false,
    // Not silent: that would also keep quiet about a second document.
    logLevel: 'error',
  });
  for (const error of [...document.errors, ...document.warnings]) {
    places.set('', { key: error.pos[0], value: error.pos[0] });
    if (error.code === 'MULTIPLE_DOCS')
      report.complain('yaml-invalid', '', 'begins a second document', {
        hint: 'one file holds one chute: give the other a file of its own',
      });
    else report.complain('yaml-invalid', '', `is not YAML: ${lowerFirst(error.message)}`);
  }
  if (report.complaints.length > 0) return located(null);
  const walk: Walk = {
    anchors: new Map(),
    places,
    report,
    left: VALUES_MAX,
    alias: null,
    above: [],
    hasMergeKeys,
  };
  const value = document.contents === null ? null : valueOf(document.contents, [], walk);
  return located(value);
}

type Walk = {
  /** What an alias means at this place. The parser's own way to find out walks the document. */
  readonly anchors: Map<string, Node>;
  readonly places: Map<string, { key: number; value: number }>;
  readonly report: Report;
  left: number;
  /** Where the alias stands that led here, the first if it led to others; null outside of any. */
  alias: string | null;
  /** The nodes this one stands in, through aliases too: an alias to one of them has no end. */
  readonly above: Node[];
  readonly hasMergeKeys: boolean;
};

/** The value of a node; places and complaints are noted on the way. */
function valueOf(node: ParsedNode | Node, path: readonly PropertyKey[], walk: Walk): Json {
  const at = pointer(...path);
  const offset = node.range?.[0] ?? 0;
  const place = walk.places.get(at);
  if (place === undefined) walk.places.set(at, { key: offset, value: offset });
  walk.left -= 1;
  if (walk.left < 0 || path.length > DEPTH_MAX) {
    if (walk.left >= -1) complainOfSize(at, walk);
    walk.left = -2;
    return null;
  }
  // Below an alias, anchors are those of an earlier place, and noted already.
  if (walk.alias === null) noteAnchor(node, walk);
  if (isAlias(node)) {
    const target = walk.anchors.get(node.source);
    if (target === undefined) {
      walk.report.complain('alias-unknown', at, `names the anchor &${node.source}, unknown so far`);
      return null;
    }
    if (walk.above.includes(target)) {
      walk.report.complain('alias-unbounded', at, `*${node.source} stands inside of what it names`);
      return null;
    }
    const outermost = walk.alias === null;
    walk.alias ??= at;
    const value = valueOf(target, path, walk);
    if (outermost) walk.alias = null;
    return value;
  }
  if (isScalar(node)) return scalarOf(node.value, node.source, at, walk.report);
  walk.above.push(node);
  const value = isMap(node)
    ? mapOf(node.items, path, walk)
    : isSeq(node)
      ? node.items.map((item, index) => valueOf(item as Node, [...path, index], walk))
      : null;
  walk.above.pop();
  return value;
}

function noteAnchor(node: Node, walk: Walk): void {
  if (!isAlias(node) && 'anchor' in node && typeof node.anchor === 'string') {
    walk.anchors.set(node.anchor, node);
  }
}

function complainOfSize(at: string, walk: Walk): void {
  if (walk.alias === null) {
    walk.report.complain('nesting-unbounded', at, 'is nested too deeply or one value too many');
    return;
  }
  const message = 'grows beyond all bounds by aliases of aliases';
  walk.report.complain('alias-unbounded', walk.alias, message, { hint: 'write the values out' });
}

function mapOf(
  items: readonly { key: unknown; value: unknown }[],
  path: readonly PropertyKey[],
  walk: Walk,
): Json {
  const result: Record<string, Json> = {};
  const seen = new Map<string, number>();
  for (const pair of items) {
    const keyNode = pair.key as Node;
    const offset = keyNode.range?.[0] ?? 0;
    if (walk.alias === null) noteAnchor(keyNode, walk);
    const key = keyOf(keyNode);
    const at = pointer(...path, key ?? '?');
    const before = seen.get(key ?? '?');
    const valueNode = pair.value as Node | null;
    if (before === undefined) {
      walk.places.set(at, { key: offset, value: startOf(valueNode) ?? offset });
    }
    if (key === null) {
      walk.report.complain('key-invalid', at, 'must be a plain text to be a name', { spot: 'key' });
      continue;
    }
    if (before !== undefined) {
      walk.places.set(at, { key: offset, value: offset });
      walk.report.complain('key-duplicate', at, 'stands here twice', {
        spot: 'key',
        hint: 'keep one of them',
      });
      continue;
    }
    seen.set(key, offset);
    if (isForbiddenKey(key)) {
      walk.report.complain('key-forbidden', at, `"${key}" is not allowed as a name`, {
        spot: 'key',
      });
      continue;
    }
    if (key === '<<' && !walk.hasMergeKeys) {
      walk.report.complain('key-invalid', at, 'merge keys (<<) are not read', {
        spot: 'key',
        hint: 'write the fields out',
      });
      continue;
    }
    result[key] = valueNode === null ? null : valueOf(valueNode, [...path, key], walk);
  }
  return result;
}

/** Where a value is written; null where it is left out, as after a bare `name:`. */
function startOf(node: Node | null): number | null {
  const [start, end] = node?.range ?? [0, 0];
  return end > start ? start : null;
}

function keyOf(node: Node): string | null {
  if (!isScalar(node)) return null;
  const { value } = node;
  if (typeof value === 'string') return value;
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : null;
}

function scalarOf(value: unknown, source: string | undefined, at: string, report: Report): Json {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return value;
  if (typeof value !== 'number' || !Number.isFinite(value)) {
    report.complain('number-invalid', at, `must be a finite number, not ${source ?? 'this'}`);
    return null;
  }
  if (Number.isInteger(value) && !Number.isSafeInteger(value)) {
    report.complain('number-inexact', at, `${source ?? value} is too big to be kept exactly`, {
      hint: 'write it in quotes',
    });
  }
  // Where only a number may stand, nobody means a text such as the version 1.10.
  if (source !== undefined && /^-?\d+\.\d*0$/.test(source) && !at.endsWith('fraction')) {
    report.warn('number-inexact', at, `${source} is the number ${value}`, {
      hint: `write "${source}" in quotes if it is a text`,
    });
  }
  return value === 0 ? 0 : value;
}

/**
 * Where a text is nested so deeply that parsing it would take for ever or end the process: deep
 * nesting makes the parser recurse, and enough of it cannot be caught. Lexing is linear.
 */
function guardStructure(text: string): { offset: number; message: string } | null {
  const message = `is nested more than ${DEPTH_MAX} levels deep`;
  let offset = 0;
  let flow = 0;
  let indicators = 0;
  let lineStart = true;
  let tokens = 0;
  for (const token of new Lexer().lex(text)) {
    tokens += 1;
    if (tokens > VALUES_MAX * 8) return { offset, message: 'holds too many values' };
    const [first] = token;
    if (token === '[' || token === '{') flow += 1;
    else if (token === ']' || token === '}') flow = Math.max(0, flow - 1);
    else if (flow === 0 && (token === '-' || token === '?' || token === ':')) indicators += 1;
    if (flow > DEPTH_MAX || indicators > DEPTH_MAX) return { offset, message };
    if (lineStart && flow === 0 && first === ' ' && token.length > DEPTH_MAX * 8) {
      return { offset, message: `is indented by more than ${DEPTH_MAX * 8} columns` };
    }
    lineStart = first === '\n' || first === '\r';
    if (lineStart) indicators = 0;
    // The lexer's own marks (document start, scalar ahead, flow error end) are not in the text.
    if (!isMark(token)) offset += token.length;
  }
  return null;
}

function isMark(token: string): boolean {
  return token === '\u0002' || token === '\u0018' || token === '\u001f';
}

/** From an offset to its place. The parser's own counter loses lines when it stumbles. */
function placeFinder(text: string): (offset: number) => Place {
  let starts: number[] | null = null;
  return (offset) => {
    starts ??= lineStarts(text);
    let line = 0;
    for (let below = starts.length; line + 1 < below;) {
      const middle = (line + below) >> 1;
      if ((starts[middle] ?? 0) <= offset) line = middle;
      else below = middle;
    }
    return { line: line + 1, col: Math.min(offset, text.length) - (starts[line] ?? 0) + 1 };
  };
}

function lineStarts(text: string): number[] {
  const starts = [0];
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) starts.push(at + 1);
  return starts;
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}
