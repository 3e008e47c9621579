import { assert } from '../assert.ts';
import type { HostRequest } from '../events.ts';
import { isHostDocument } from '../host-config/document.ts';
import { readDeviceRequest, readHostFile } from '../host-config/read-request.ts';
import type { Json, JsonObject } from '../json.ts';
import type { Operation } from '../plan.ts';
import { refusedAnywhere } from './any-host.ts';
import { isByName, readByName } from './by-name.ts';
import { checkFormat } from './check-format.ts';
import type { Complaint, Located, Report } from './complaint.ts';
import { createReport } from './complaint.ts';
import {
  type Elsewhere,
  foundDocument,
  isElsewhere,
  readElsewhere,
  withoutCredentials,
  withSharedSource,
} from './elsewhere.ts';
import type { KeepSecret } from './environment.ts';
import { isObject } from './json-object.ts';
import { lowerSingleService } from './lower-single-service.ts';
import { normalise } from './normalise.ts';
import type { RawDefinition } from './raw.ts';
import { readValue } from './read-value.ts';
import { readYaml } from './read-yaml.ts';
import { isUpdateObject, readUpdateObject } from './update-object.ts';

type Refused = {
  readonly ok: false;
  readonly complaints: readonly Complaint[];
  readonly warnings: readonly Complaint[];
};

/** What became of a definition: its meaning, or everything that is wrong with it. */
export type Parsed =
  | ({ readonly ok: true; readonly warnings: readonly Complaint[] } & RawDefinition)
  | Refused;

/** What a chute is asked for, in the words of an update object or, without one, `apply`. */
export type ParsedForChute = Extract<Parsed, { readonly ok: true }> & {
  readonly operation: Operation;
  readonly requestId: string | null;
};

/** A definition that still has to be fetched: it stands among the files that it names. */
export type ParsedElsewhere = {
  readonly ok: true;
  readonly warnings: readonly Complaint[];
  readonly elsewhere: Elsewhere;
  readonly operation: Operation;
  readonly requestId: string | null;
};

/** What became of a file that may be a definition, a host configuration or an update object. */
export type ParsedRequest =
  | ParsedForChute
  | ParsedElsewhere
  | {
      readonly ok: true;
      readonly warnings: readonly Complaint[];
      /** What is asked of the device itself. */
      readonly host: HostRequest;
      readonly requestId: string | null;
    }
  | Refused;

export type ParseOptions = {
  /** How the file is called in complaints. */
  readonly file: string;
  /** Gives a secret's value away for safe keeping, and gets what stands in its place. */
  readonly secret: KeepSecret;
  /** The name for a chute whose definition has none: that of the file's directory. */
  readonly fallbackName?: string | null;
  /** Whether unknown fields are complaints instead of warnings. */
  readonly strict?: boolean;
  /** Whether what planning would refuse on every host is a complaint already: nobody plans it. */
  readonly anyHost?: boolean;
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

/**
 * What a text asks for: a definition or a host configuration is to be applied, an update object says
 * what is to be done.
 * Complaints as for a definition. Pure but for `options.secret`; never throws.
 */
export function parseRequest(text: string, options: ParseOptions): ParsedRequest {
  return requestOf(readYaml(text, options.file), options);
}

/** The same for a value. */
export function parseRequestValue(value: unknown, options: ParseOptions): ParsedRequest {
  return requestOf(readValue(value, options.file), options);
}

type Read = { readonly located: Located; readonly report: Report };

function parseLocated(read: Read, options: ParseOptions): Parsed {
  const document = documentOf(read);
  return document === null ? refused(read.report) : parseDocument(document, read, options);
}

function requestOf(read: Read, options: ParseOptions): ParsedRequest {
  const document = documentOf(read);
  if (document === null) return refused(read.report);
  const { secret: keep, strict = false } = options;
  if (isFacts(document)) {
    read.report.complain('format-unsupported', '', 'is what was observed of a host: its facts', {
      hint: `plan for that host: ripcord plan <definition> --facts ${options.file}`,
    });
    return refused(read.report);
  }
  if (isHostDocument(document))
    return forDevice(readHostFile(document, { report: read.report, keep, strict }), read, null);
  if (!isUpdateObject(document))
    return parseChute(document, read, options, { operation: 'apply', requestId: null });
  const { report } = read;
  const update = readUpdateObject(document, report);
  if (update === null) return refused(report);
  const { requestId } = update;
  if ('device' in update) {
    const host = readDeviceRequest(update.device, document, { report, keep, strict });
    return forDevice(host, read, requestId);
  }
  const { operation, origin } = update;
  if (isByName(operation)) {
    const inner = createReport(options.file, read.located.placeOf, origin);
    const definition = readByName(update.document, operation, {
      report: inner,
      keep: options.secret,
      strict: options.strict ?? false,
    });
    if (definition === null || inner.complaints.length > 0) return refused(report, inner);
    const warnings = sorted(report.warnings, inner.warnings);
    return { ok: true, definition, sources: {}, warnings, operation, requestId };
  }
  return parseChute(update.document, read, options, { operation, requestId }, origin);
}

/** As `ripcord doctor -o json` prints them; no definition and no host configuration has both. */
const isFacts = (document: JsonObject): boolean =>
  isObject(document['network']) && Array.isArray(document['capabilities']);

function forDevice(
  host: HostRequest | null,
  { report }: Read,
  requestId: string | null,
): ParsedRequest {
  if (host === null) return refused(report);
  return { ok: true, host, requestId, warnings: sorted(report.warnings) };
}

/** A whole definition, or one that is elsewhere. */
function parseChute(
  document: JsonObject,
  read: Read,
  options: ParseOptions,
  asked: Pick<ParsedForChute, 'operation' | 'requestId'>,
  origin?: (path: string) => string,
): ParsedRequest {
  if (!isElsewhere(document)) {
    const parsed = parseDocument(document, read, options, origin);
    return parsed.ok ? { ...parsed, ...asked } : parsed;
  }
  const report = createReport(options.file, read.located.placeOf, origin);
  const elsewhere = readElsewhere(document, report);
  if (elsewhere === null) return refused(read.report, report);
  return { ok: true, elsewhere, ...asked, warnings: sorted(read.report.warnings, report.warnings) };
}

/**
 * The meaning of a definition that was found elsewhere; null: nothing but a Dockerfile was. Complaints
 * about what stands beside the source have no line. Pure but for `options.secret`; never throws.
 */
export function parseFound(
  text: string | null,
  { elsewhere, operation, requestId, warnings }: ParsedElsewhere,
  options: ParseOptions,
): ParsedForChute | Refused {
  const read = text === null ? readValue({}, options.file) : readYaml(text, options.file);
  const found = documentOf(read);
  if (found === null) return refused(read.report);
  if (text !== null && isElsewhere(found))
    read.report.complain('source-invalid', '/source', 'leads on to another definition', {
      hint: 'name that place instead',
    });
  if (read.report.complaints.length > 0) return refused(read.report);
  const document = foundDocument(text === null ? null : found, elsewhere.document);
  const parsed = parseDocument(document, read, options);
  if (!parsed.ok) return parsed;
  const all = sorted(warnings, parsed.warnings);
  return { ...parsed, warnings: all, operation, requestId };
}

/** The map of fields that was read, without what says nothing; null when complaints were made. */
function documentOf({ located, report }: Read): JsonObject | null {
  if (report.complaints.length > 0) return null;
  const { value } = located;
  if (!isObject(value)) {
    const what = value === null ? 'is empty' : 'is not a map of fields';
    report.complain(value === null ? 'document-empty' : 'type-invalid', '', what, {
      hint: 'ripcord init writes an example',
    });
    return null;
  }
  const document = withoutNulls(value);
  assert(isObject(document), 'a map without its nulls is a map');
  return document;
}

function parseDocument(
  document: JsonObject,
  { located, report: reading }: Read,
  options: ParseOptions,
  written: (path: string) => string = (path) => path,
): Parsed {
  // The presence of services decides the format.
  const lowered = Object.hasOwn(document, 'services') ? null : lowerSingleService(document);
  const origin = lowered === null ? written : (path: string) => written(lowered.origin(path));
  const outer = createReport(options.file, located.placeOf, written);
  const report = createReport(options.file, located.placeOf, origin);
  for (const { path, message, hint } of lowered?.unknown ?? []) {
    // What says nothing that a chute has is taken for none.
    const isNone = options.strict === true || lowered?.nothingKnown === true;
    const say = isNone ? outer.complain : outer.warn;
    say('field-unknown', path, message, { spot: 'key', hint });
  }
  for (const path of lowered?.wrong ?? []) outer.complain('type-invalid', path, 'must be a map');
  for (const key of ['source', 'download']) {
    const source = document[key];
    if (isObject(source)) withoutCredentials(source, `/${key}`, outer);
  }
  const value = lowered?.value ?? withSharedSource(document);
  const checked = checkFormat(value, report, options.strict === true);
  if (checked === null) return refused(reading, outer, report);
  const raw = normalise(checked, {
    report,
    keep: options.secret,
    secretNames: lowered !== null,
    fallbackName: options.fallbackName ?? null,
  });
  if (options.anyHost === true && outer.complaints.length + report.complaints.length === 0)
    for (const { path, message, hint } of refusedAnywhere(raw.definition))
      report.complain('value-invalid', path, message, { hint });
  if (outer.complaints.length + report.complaints.length > 0)
    return refused(reading, outer, report);
  return { ok: true, ...raw, warnings: sorted(reading.warnings, outer.warnings, report.warnings) };
}

function refused(...reports: readonly Report[]): Refused {
  return {
    ok: false,
    complaints: sorted(...reports.map(({ complaints }) => complaints)),
    warnings: sorted(...reports.map(({ warnings }) => warnings)),
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
