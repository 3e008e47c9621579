import { assert } from '../assert.ts';
import type { Json, JsonObject } from '../json.ts';
import { checkFormat } from './check-format.ts';
import type { Complaint, Located, Report } from './complaint.ts';
import { createReport } from './complaint.ts';
import type { KeepSecret } from './environment.ts';
import { isObject } from './json-object.ts';
import { lowerSingleService } from './lower-single-service.ts';
import { normalise } from './normalise.ts';
import type { RawDefinition } from './raw.ts';
import { readValue } from './read-value.ts';
import { readYaml } from './read-yaml.ts';

/** What became of a definition: its meaning, or everything that is wrong with it. */
export type Parsed =
  | ({ readonly ok: true; readonly warnings: readonly Complaint[] } & RawDefinition)
  | {
      readonly ok: false;
      readonly complaints: readonly Complaint[];
      readonly warnings: readonly Complaint[];
    };

export type ParseOptions = {
  /** How the file is called in complaints. */
  readonly file: string;
  /** Gives a secret's value away for safe keeping, and gets what stands in its place. */
  readonly secret: KeepSecret;
  /** The name for a chute whose definition has none: that of the file's directory. */
  readonly fallbackName?: string | null;
  /** Whether unknown fields are complaints instead of warnings. */
  readonly strict?: boolean;
};

/**
 * What a definition in YAML or JSON means, in its normal form; or complaints with file, line and
 * column. Pure but for `options.secret`; never throws, whatever the text is.
 */
export function parseDefinition(text: string, options: ParseOptions): Parsed {
  return parseLocated(readYaml(text, options.file), options);
}

/** The same for a definition that is a value already. Its complaints have paths but no lines. */
export function parseDefinitionValue(value: unknown, options: ParseOptions): Parsed {
  return parseLocated(readValue(value, options.file), options);
}

function parseLocated(read: { located: Located; report: Report }, options: ParseOptions): Parsed {
  const { located, report: reading } = read;
  if (reading.complaints.length > 0) return refused(reading, []);
  const { value, placeOf } = located;
  if (!isObject(value)) {
    const what = value === null ? 'is empty' : 'is not a map of fields';
    reading.complain(value === null ? 'document-empty' : 'type-invalid', '', what, {
      hint: 'ripcord init writes an example',
    });
    return refused(reading, []);
  }
  const document = withoutNulls(value);
  assert(isObject(document), 'a map without its nulls is a map');
  // The presence of services decides the format.
  const lowered = Object.hasOwn(document, 'services') ? null : lowerSingleService(document);
  const report = createReport(options.file, placeOf, lowered?.origin);
  for (const { path, message, hint } of lowered?.unknown ?? []) {
    const say = options.strict === true ? reading.complain : reading.warn;
    say('field-unknown', path, message, { spot: 'key', hint });
  }
  for (const path of lowered?.wrong ?? []) reading.complain('type-invalid', path, 'must be a map');
  const written = checkFormat(lowered?.value ?? document, report, options.strict === true);
  if (written === null) return refused(report, reading.warnings, reading.complaints);
  const raw = normalise(written, {
    report,
    keep: options.secret,
    secretNames: lowered !== null,
    fallbackName: options.fallbackName ?? null,
  });
  const complaints = [...reading.complaints, ...report.complaints];
  if (complaints.length > 0) return refused(report, reading.warnings, reading.complaints);
  return { ok: true, ...raw, warnings: sorted(reading.warnings, report.warnings) };
}

function refused(
  report: Report,
  warnings: readonly Complaint[],
  complaints: readonly Complaint[] = [],
): Parsed {
  return {
    ok: false,
    complaints: sorted(complaints, report.complaints),
    warnings: sorted(warnings, report.warnings),
  };
}

/** In the order of the text. */
function sorted(...lists: readonly (readonly Complaint[])[]): readonly Complaint[] {
  return lists
    .flat()
    .toSorted((a, b) => (a.line ?? 0) - (b.line ?? 0) || (a.col ?? 0) - (b.col ?? 0));
}

/** Maps whose keys are the user's own: there null says something, elsewhere it says "not given". */
const KEYED = new Set([
  'environment',
  'firewall',
  'interfaces',
  'net',
  'port-bindings',
  'port_bindings',
  'services',
  'volumes',
]);

function withoutNulls(value: Json, key = ''): Json {
  if (value === null || typeof value !== 'object') return value;
  if (Array.isArray(value)) return (value as readonly Json[]).map((item) => withoutNulls(item));
  return Object.fromEntries(
    Object.entries(value as JsonObject)
      .filter(([, member]) => member !== null || KEYED.has(key))
      .map(([name, member]) => [name, withoutNulls(member, name)]),
  );
}
