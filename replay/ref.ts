import type { ChuteName } from '../src/core/chute.ts';
import { RipcordError } from '../src/core/errors.ts';
import type { UpdateId } from '../src/core/events.ts';
import { HOST } from '../src/core/host-config/document.ts';
import type { StepId } from '../src/core/step.ts';

/** A way to name a point in the past (docs/cli.md). */
export type Ref =
  /** `@1287`: after that record; `@0` is before the first. */
  | { readonly is: 'record'; readonly seq: number }
  /** `u43`: after its last record. `u43^`: just before its request. */
  | { readonly is: 'update' | 'before'; readonly update: UpdateId }
  /** `u43.s7` or `u43/hello/main/process.start`: after that step's last record. */
  | { readonly is: 'step'; readonly update: UpdateId; readonly step: number | StepId }
  /** `hello@r41`, `@host@r2`: when that revision was committed. */
  | { readonly is: 'revision'; readonly chute: ChuteName; readonly revision: number }
  /** `HEAD`, `HEAD~2`: before the newest two updates, rejected ones aside. */
  | { readonly is: 'head'; readonly back: number }
  /** `boot`, `boot-1`: as the machine came up, before the first record of that boot. */
  | { readonly is: 'boot'; readonly back: number }
  /** `-2h`: that long ago. */
  | { readonly is: 'ago'; readonly ms: number }
  /** `2026-11-22`, `2026-11-22T10:31`, `2026-11-22T10:31:00Z`: local time without a zone. */
  | { readonly is: 'date'; readonly time: number };

/** The point in time that a text names. Pure. Throws RIPCORD_REF_UNKNOWN when it is of no known form. */
export function parseRef(text: string): Ref {
  for (const [form, read] of FORMS) {
    const match = form.exec(text);
    const ref = match && read(match[1] ?? '', match[2] ?? '');
    if (ref) return ref;
  }
  if (text === HOST)
    throw new RipcordError('RIPCORD_REF_UNKNOWN', `cannot read '${HOST}': it is no point in time`, {
      hint: `ripcord status ${HOST} says how the device is configured, ${HOST}@r2 is a revision of it`,
    });
  throw new RipcordError('RIPCORD_REF_UNKNOWN', `cannot read '${text}': it is no point in time`, {
    hint: 'use u43, u43^, u43.s7, @1287, hello@r41, HEAD~2, boot-1, -2h or 2026-11-22T10:31',
  });
}

/** Both ends of `A..B`; an end that is left out is null. Null when the text is no range. Pure. */
export function splitRange(
  text: string,
): { readonly from: string | null; readonly to: string | null } | null {
  const at = text.indexOf('..');
  if (at < 0) return null;
  return { from: text.slice(0, at) || null, to: text.slice(at + 2) || null };
}

type Reader = (first: string, second: string) => Ref | null;

const FORMS: readonly (readonly [RegExp, Reader])[] = [
  [/^@(\d+)$/, (seq) => ({ is: 'record', seq: Number(seq) })],
  [/^(u[1-9]\d*)$/, (update) => ({ is: 'update', update })],
  [/^(u[1-9]\d*)\^$/, (update) => ({ is: 'before', update })],
  [/^(u[1-9]\d*)\.s([1-9]\d*)$/, (update, n) => ({ is: 'step', update, step: Number(n) })],
  [/^(u[1-9]\d*)\/([a-z0-9][a-z0-9.:/@_-]*)$/, (update, step) => ({ is: 'step', update, step })],
  [
    /^(@host|[a-z0-9][a-z0-9-]{1,62})@r([1-9]\d*)$/,
    (chute, revision) => ({ is: 'revision', chute, revision: Number(revision) }),
  ],
  [/^HEAD(?:~(\d+))?$/, (back) => ({ is: 'head', back: Number(back) })],
  [/^boot(?:-(\d+))?$/, (back) => ({ is: 'boot', back: Number(back) })],
  [/^[-\u2212](\d+(?:\.\d+)?)(ms|[smhdw])$/, (count, unit) => ago(Number(count), unit)],
  [/^(\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d.*)?)$/, (date) => dateOf(date)],
];

const UNITS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
};

function ago(count: number, unit: string): Ref | null {
  const ms = UNITS[unit];
  return ms === undefined ? null : { is: 'ago', ms: count * ms };
}

function dateOf(date: string): Ref | null {
  // A day alone would be taken as UTC, a day with a time as local: both are local here.
  const time = Date.parse(date.length === 10 ? `${date}T00:00` : date.replace(' ', 'T'));
  return Number.isNaN(time) ? null : { is: 'date', time };
}
