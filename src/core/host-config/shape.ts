import { type Report, pointer } from '../definition/complaint.ts';
import type { KeepSecret } from '../definition/environment.ts';
import { nearest } from '../definition/nearest.ts';
import type { Json, JsonObject } from '../json.ts';

/*
 * Shapes of a host configuration. Not by the library that checks definitions: a patch is applied, and
 * what comes of it checked, while planning, which must load neither it nor YAML.
 */

/** What may stand in one place. */
export type Shape =
  | {
      readonly is: 'map';
      readonly fields: Readonly<Record<string, Shape>>;
      readonly needs?: readonly string[];
      /** What fields of other names are; without it they are unknown. */
      readonly others?: Shape;
    }
  | { readonly is: 'list'; readonly of: Shape; readonly orOne?: true }
  | {
      readonly is: 'text';
      /** In words, behind "must be". */
      readonly what: string;
      readonly fits: (text: string) => boolean;
      readonly hint?: string;
    }
  | { readonly is: 'number'; readonly from: number; readonly to: number }
  | { readonly is: 'flag' }
  | { readonly is: 'word'; readonly words: readonly string[] }
  | { readonly is: 'secret'; readonly lengthMin: number; readonly lengthMax: number }
  /** A text, a number or true or false. */
  | { readonly is: 'plain' }
  | { readonly is: 'anything' };

export type ReadContext = {
  readonly report: Report;
  /** Takes secrets out; null where they have to be out already. */
  readonly keep: KeepSecret | null;
  /** Whether unknown fields are complaints instead of warnings. */
  readonly strict: boolean;
};

/** The value as its shape says, unknown fields left out; undefined when complaints were made. */
export function read(
  shape: Shape,
  value: Json,
  path: string,
  context: ReadContext,
): Json | undefined {
  const { complain } = context.report;
  switch (shape.is) {
    case 'map':
      return readMap(shape, value, path, context);
    case 'list':
      return readList(shape, value, path, context);
    case 'text': {
      const text = typeof value === 'number' ? String(value) : value;
      if (typeof text === 'string' && shape.fits(text)) return text;
      complain('value-invalid', path, `must be ${shape.what}, not ${shown(value)}`, {
        hint: shape.hint ?? null,
      });
      return undefined;
    }
    case 'number':
      return readNumber(shape, value, path, context);
    case 'flag':
      if (typeof value === 'boolean') return value;
      complain('type-invalid', path, `must be true or false, not ${shown(value)}`);
      return undefined;
    case 'word': {
      if (typeof value === 'string' && shape.words.includes(value)) return value;
      const near = typeof value === 'string' ? nearest(value, shape.words) : null;
      complain('value-invalid', path, `must be ${orOf(shape.words)}, not ${shown(value)}`, {
        hint: near === null ? null : `did you mean ${near}?`,
      });
      return undefined;
    }
    case 'secret':
      return readSecret(shape, value, path, context);
    case 'plain':
      if (value !== null && typeof value !== 'object') return value;
      complain('type-invalid', path, `must be a text or a number, not ${shown(value)}`);
      return undefined;
    case 'anything':
      return value;
  }
}

function readMap(
  { fields, others, needs = [] }: Extract<Shape, { is: 'map' }>,
  value: Json,
  path: string,
  context: ReadContext,
): JsonObject | undefined {
  const { report } = context;
  if (value === null || typeof value !== 'object' || Array.isArray(value)) {
    report.complain('type-invalid', path, `must be a map, not ${shown(value)}`);
    return undefined;
  }
  const names = Object.keys(fields);
  const result: Record<string, Json> = {};
  for (const [key, member] of Object.entries(value as JsonObject)) {
    const at = `${path}${pointer(key)}`;
    const shape = Object.hasOwn(fields, key) ? fields[key] : others;
    if (!shape) unknownField(key, at, names, context);
    else if (member !== null) {
      const made = read(shape, member, at, context);
      if (made !== undefined) result[key] = made;
    }
  }
  for (const name of needs)
    if ((value as JsonObject)[name] === undefined)
      report.complain('field-missing', `${path}${pointer(name)}`, 'is missing');
  return result;
}

function unknownField(
  key: string,
  path: string,
  names: readonly string[],
  { report, strict }: ReadContext,
): void {
  const near = nearest(key, names);
  const say = strict ? report.complain : report.warn;
  say('field-unknown', path, 'is not a known field', {
    spot: 'key',
    hint: near === null ? `known here: ${names.join(', ')}` : `did you mean ${near}?`,
  });
}

function readList(
  { of, orOne }: Extract<Shape, { is: 'list' }>,
  value: Json,
  path: string,
  context: ReadContext,
): readonly Json[] | undefined {
  if (!Array.isArray(value)) {
    if (orOne) {
      const one = read(of, value, path, context);
      return one === undefined ? undefined : [one];
    }
    context.report.complain('type-invalid', path, `must be a list, not ${shown(value)}`);
    return undefined;
  }
  return (value as readonly Json[]).flatMap((item, at) => {
    const made = read(of, item, `${path}${pointer(at)}`, context);
    return made === undefined ? [] : [made];
  });
}

function readNumber(
  { from, to }: Extract<Shape, { is: 'number' }>,
  value: Json,
  path: string,
  { report }: ReadContext,
): number | undefined {
  const written = typeof value === 'string' && /^\d{1,9}$/.test(value) ? Number(value) : value;
  if (typeof written !== 'number' || !Number.isInteger(written)) {
    report.complain('number-invalid', path, `must be a whole number, not ${shown(value)}`);
    return undefined;
  }
  if (written >= from && written <= to) return written;
  report.complain('value-invalid', path, `must be ${from} to ${to}, not ${written}`);
  return undefined;
}

/** A mark as secrets have it that are kept: also what `ripcord at` shows may be written again. */
const MARK = /^(?:[0-9a-f]{64}|unstored-\d+)$/;

function readSecret(
  { lengthMin, lengthMax }: Extract<Shape, { is: 'secret' }>,
  value: Json,
  path: string,
  { report, keep }: ReadContext,
): Json | undefined {
  if (isObject(value) && typeof value['$secret'] === 'string' && MARK.test(value['$secret']))
    return { $secret: value['$secret'] };
  const given = isObject(value) && Object.keys(value).join() === 'secret' ? value['secret'] : value;
  const text = typeof given === 'number' ? String(given) : given;
  if (typeof text !== 'string') {
    report.complain('secret-invalid', path, 'must be a text');
    return undefined;
  }
  if (text.length < lengthMin || text.length > lengthMax || /\p{Cc}/u.test(text)) {
    // What is wrong with it must not tell what it is.
    report.complain('secret-invalid', path, `must have ${lengthMin} to ${lengthMax} characters`);
    return undefined;
  }
  if (keep) return keep(text);
  report.complain('secret-invalid', path, 'is a secret that is not kept as one');
  return undefined;
}

const isObject = (value: Json | undefined): value is JsonObject =>
  value !== null && typeof value === 'object' && !Array.isArray(value);

function shown(value: Json): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'a map';
  const text = JSON.stringify(value);
  return text.length > 60 ? `${text.slice(0, 57)}…` : text;
}

const orOf = (words: readonly string[]): string => words.join(', ').replace(/, ([^,]*)$/, ' or $1');
