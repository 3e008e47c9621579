import type { Seq } from '../journal/record.ts';
import type { ChuteName } from '../src/core/chute.ts';
import type { Failure } from '../src/core/errors.ts';
import type { Requester, UpdateId } from '../src/core/events.ts';
import { HOST } from '../src/core/host-config/document.ts';
import type { Json, JsonObject } from '../src/core/json.ts';
import type { Patch } from '../src/core/patch.ts';
import { valueText } from './diff-text.ts';

/** One link of an answer: what happened, and the records that say so. */
export type WhyEntry = {
  readonly text: string;
  /** The record or records it happened in; null for what no record says by itself. */
  readonly at: Seq | { readonly from: Seq; readonly to: Seq } | null;
  readonly events: readonly Seq[];
  readonly update?: UpdateId;
  /** The step, as `u43.s7`. */
  readonly step?: string;
};

export type WhySubject = 'chute' | 'path' | 'port' | 'service' | 'step' | 'update';

/** Why something is as it is: the answer in a sentence, and how it came to that, oldest first. */
export type Why = {
  readonly subject: string;
  readonly is: WhySubject;
  readonly text: string;
  readonly chain: readonly WhyEntry[];
  /** A command that tells or does more, as it can be run. */
  readonly next: string;
};

/** What an entry is about. */
type About = { readonly update?: UpdateId; readonly n?: number };

/** An entry about these records. Pure. */
export function entry(text: string, seqs: readonly (Seq | null)[], about: About = {}): WhyEntry {
  const events = [...new Set(seqs.filter((seq) => seq !== null))].toSorted((a, b) => a - b);
  const [from] = events;
  const to = events.at(-1);
  const at = from === undefined || to === undefined ? null : from === to ? from : { from, to };
  const { update, n } = about;
  return {
    text,
    at,
    events,
    ...(update !== undefined && { update }),
    ...(update !== undefined && n !== undefined && { step: `${update}.s${n}` }),
  };
}

/** The answer as a flat list, as programs get it: the answer itself first, then its chain. Pure. */
export function whyList(
  why: Why,
): readonly (WhyEntry & { readonly subject?: string; readonly next?: string })[] {
  const { subject, text, chain, next } = why;
  const head = entry(
    text,
    chain.flatMap(({ events }) => events),
  );
  return [{ ...head, subject, next }, ...chain];
}

/** `amelia, cli, "quieter logs"`. Pure. */
export function askedBy({ by, message }: { by: Requester; message: string | null }): string {
  const who = by.user === by.via ? by.user : `${by.user}, ${by.via}`;
  return message === null ? who : `${who}, "${message}"`;
}

/** `RIPCORD_PORT_TAKEN: port 8080 is taken`. Pure. */
export function failureText({ code, message }: Failure): string {
  return `${message} (${code})`;
}

/** `s6 s5 s4`, shortened in the middle. Pure. */
export function stepNames(ns: readonly number[]): string {
  const names = ns.map((n) => `s${n}`);
  if (names.length <= STEPS_SHOWN_MAX) return names.join(' ');
  return `${names.slice(0, 3).join(' ')} … ${names.slice(-2).join(' ')} (${names.length} steps)`;
}

const STEPS_SHOWN_MAX = 12;

/** A chute by its name, the device itself as `the host`. Pure. */
export function subjectName(chute: ChuteName): string {
  return chute === HOST ? 'the host' : chute;
}

/** `1 step`, `2 steps`. Pure. */
export function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}

/** The operations of a plan in words: `hello.services.main.environment.LOG_LEVEL → debug`. Pure. */
export function patchWords(patch: Patch, shownMax: number = Number.POSITIVE_INFINITY): string {
  const words = withoutImplied(patch).map((operation) => {
    const path = readablePath(operation.path);
    if (operation.op === 'remove') return `${path} goes`;
    const state = stateIn(operation.value);
    if (state !== null) return `${path} → ${state}`;
    return isBig(operation.value)
      ? `${path} ${operation.op === 'add' ? 'is new' : 'is another one'}`
      : `${path} → ${valueText(operation.value)}`;
  });
  const shown = words.slice(0, shownMax);
  const more = words.length - shown.length;
  return more > 0 ? `${shown.join('; ')}; and ${more} more` : shown.join('; ');
}

/** A chute that is new runs, and one that goes does not: neither needs words of its own. */
function withoutImplied(patch: Patch): Patch {
  const whole = patch.flatMap(({ op, path }) => {
    const [, chute] = /^(\/chutes\/[^/]+)\/definition$/.exec(path) ?? [];
    return op !== 'replace' && chute !== undefined ? [`${op} ${chute}`] : [];
  });
  return patch.filter(
    ({ op, path }) =>
      !whole.some(
        (each) => `${op} ${path}` === `${each}/run` || `${op} ${path}` === `${each}/services`,
      ),
  );
}

/** A service as a step left it is told by whether it runs. */
function stateIn(value: Json): string | null {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return null;
  const { state } = value as JsonObject;
  return typeof state === 'string' && Object.hasOwn(value, 'instance') ? state : null;
}

function isBig(value: Json): boolean {
  return JSON.stringify(value).length > 60;
}

/** A place of `applied` or of a plan's view as people write it. Pure. */
export function readablePath(pointer: string): string {
  const [kind, ...keys] = keysOf(pointer);
  if (kind === 'host')
    return keys[0] === 'files' ? keys.slice(1).join('/') : ['host', ...keys.slice(1)].join('.');
  if (kind === 'reservations') return `port:${keys.slice(1).join('/')}`;
  const [chute, field, ...rest] = keys;
  if (field === undefined) return chute ?? '';
  if (field === 'definition') return [chute, ...rest].join('.');
  return [chute, field === 'services' ? 'state' : field, ...rest].join('.');
}

/** The keys of a JSON pointer. Pure. */
export function keysOf(pointer: string): readonly string[] {
  return pointer
    .split('/')
    .slice(1)
    .map((key) => key.replaceAll('~1', '/').replaceAll('~0', '~'));
}
