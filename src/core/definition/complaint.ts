import { RipcordError } from '../errors.ts';
import type { Json } from '../json.ts';

/** What kind of thing is wrong, for programs. People read the message. */
type ComplaintCode =
  | 'alias-unbounded'
  | 'alias-unknown'
  | 'document-empty'
  | 'environment-invalid'
  | 'environment-reserved'
  | 'field-conflicting'
  | 'field-ignored'
  | 'field-missing'
  | 'field-unknown'
  | 'format-unsupported'
  | 'key-duplicate'
  | 'key-forbidden'
  | 'key-invalid'
  | 'language-unknown'
  | 'name-invalid'
  | 'name-missing'
  | 'needs-cyclic'
  | 'nesting-unbounded'
  | 'number-inexact'
  | 'number-invalid'
  | 'path-invalid'
  | 'path-outside'
  | 'port-duplicate'
  | 'port-invalid'
  | 'secret-invalid'
  | 'service-unknown'
  | 'source-invalid'
  | 'text-invalid'
  | 'text-too-large'
  | 'type-invalid'
  | 'value-invalid'
  | 'web-ambiguous'
  | 'yaml-invalid';

/** One thing that is wrong (or odd) in a definition, and where. */
export type Complaint = {
  readonly code: ComplaintCode;
  readonly message: string;
  /** A JSON pointer into the file as it was written; empty: the whole of it. */
  readonly path: string;
  readonly file: string;
  /** From 1; null where the definition did not come from a text. */
  readonly line: number | null;
  readonly col: number | null;
  readonly hint: string | null;
};

/** A place in a text, both from 1. */
export type Place = { readonly line: number; readonly col: number };

/** Whether a complaint is about the name of a member or about what stands under it. */
export type Spot = 'key' | 'value';

/** A value read from somewhere, and where each part of it stood. */
export type Located = {
  readonly value: Json;
  /** The place of what a JSON pointer names, or of its nearest parent. Null: not from a text. */
  readonly placeOf: (path: string, spot: Spot) => Place | null;
};

/** Says what is wrong at a JSON pointer. */
type Say = (
  code: ComplaintCode,
  path: string,
  message: string,
  options?: { readonly hint?: string | null; readonly spot?: Spot },
) => void;

/** What to do about it, where the place itself gives no better advice. */
const HINTS: Partial<Readonly<Record<ComplaintCode, string>>> = {
  'alias-unbounded': 'write the values out',
  'alias-unknown': 'an anchor (&name) stands before the alias (*name) that uses it',
  'key-forbidden': 'use another name',
  'key-invalid': 'put it in quotes',
  'nesting-unbounded': 'a definition is flat and short: is this the right file?',
  'path-outside': 'paths stay inside of what they are in: write it without ..',
  'yaml-invalid': 'mind the indentation (spaces, no tabs), quotes and brackets',
};

/** Collects complaints and warnings, and gives each its place. */
export type Report = {
  readonly complain: Say;
  readonly warn: Say;
  readonly complaints: readonly Complaint[];
  readonly warnings: readonly Complaint[];
};

/** Where complaints end: a file with thousands of mistakes is told about the first ones only. */
export const COMPLAINTS_MAX = 100;

/** An empty report. `origin` turns a pointer into what was read into one into what was written. */
export function createReport(
  file: string,
  placeOf: Located['placeOf'],
  origin: (path: string) => string = (path) => path,
): Report {
  const complaints: Complaint[] = [];
  const warnings: Complaint[] = [];
  const into =
    (list: Complaint[]): Say =>
    (code, path, message, options = {}) => {
      if (list.length >= COMPLAINTS_MAX) return;
      const written = origin(path);
      const place = placeOf(written, options.spot ?? 'value');
      list.push({
        code,
        message: shortened(message),
        path: written,
        file,
        line: place?.line ?? null,
        col: place?.col ?? null,
        hint: options.hint ?? HINTS[code] ?? null,
      });
    };
  return { complain: into(complaints), warn: into(warnings), complaints, warnings };
}

/** What is quoted in a message may be a whole file. */
const MESSAGE_MAX = 300;

function shortened(message: string): string {
  return message.length > MESSAGE_MAX ? `${message.slice(0, MESSAGE_MAX)}…` : message;
}

/** A JSON pointer (RFC 6901) from its parts. Pure. */
export function pointer(...parts: readonly PropertyKey[]): string {
  return parts
    .map((part) => `/${String(part).replaceAll('~', '~0').replaceAll('/', '~1')}`)
    .join('');
}

/** The parts of a JSON pointer. Pure. */
function partsOf(path: string): string[] {
  return path
    .split('/')
    .slice(1)
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));
}

/** A JSON pointer as people write paths: `services.web.ports[0]`. Pure. */
export function dotted(path: string): string {
  let text = '';
  for (const part of partsOf(path)) {
    if (/^\d+$/.test(part)) text += `[${part}]`;
    else if (/^[\w$-]+$/.test(part)) text += text === '' ? part : `.${part}`;
    else text += `[${JSON.stringify(part)}]`;
  }
  return text;
}

/** `chute.yaml:6:15 services.web.port: must be at most 65535 (hint)`, without a line break. Pure. */
export function complaintText(complaint: Complaint): string {
  const { file, line, col, path, message, hint } = complaint;
  const place = line === null ? file : `${file}:${line}:${col ?? 1}`;
  const subject = path === '' ? '' : `${dotted(path)}: `;
  return `${place} ${subject}${message}${hint === null ? '' : ` (${hint})`}`;
}

/**
 * The error to throw for a definition that was refused: the first complaint in its message, all of
 * them in `details`. Pure.
 */
export function definitionError(complaints: readonly Complaint[]): RipcordError {
  const [first] = complaints;
  const tooLarge = first?.code === 'text-too-large';
  const more = complaints.length > 1 ? ` (and ${complaints.length - 1} more)` : '';
  const reason = first === undefined ? 'it is invalid' : complaintText({ ...first, hint: null });
  return new RipcordError(
    tooLarge ? 'RIPCORD_DEFINITION_TOO_LARGE' : 'RIPCORD_DEFINITION_INVALID',
    `cannot use the definition: ${reason}${more}`,
    {
      details: { complaints },
      hint: first?.hint ?? 'ripcord schema says what may stand where',
    },
  );
}
