import type { z } from 'zod';

import type { Json, JsonObject } from '../json.ts';
import type { Report } from './complaint.ts';
import { COMPLAINTS_MAX, pointer } from './complaint.ts';
import { format } from './format.ts';
import { isObject } from './json-object.ts';
import { jsonSchema } from './json-schema.ts';
import { nearest } from './nearest.ts';
import type { Written } from './written.ts';

/**
 * The value as a definition of the right shape, or null when complaints were made. Unknown fields are
 * left out, with a warning each; in `strict` mode they are complaints. Pure.
 */
export function checkFormat(value: Json, report: Report, strict: boolean): Written | null {
  const known = structuredJson(value);
  const first = format.safeParse(known);
  if (first.success) return first.data;
  const say = strict ? report.complain : report.warn;
  for (const issue of flatten(first.error.issues, [])) {
    if (issue.code !== 'unrecognized_keys') continue;
    const names = namesAt(issue.path);
    for (const [index, key] of issue.keys.entries()) {
      drop(known, issue.path, key);
      // More is not reported anyway, and looking for near names takes its time.
      if (index >= COMPLAINTS_MAX) continue;
      const meant = nearest(key, names);
      say('field-unknown', pointer(...issue.path, key), 'is not a known field', {
        spot: 'key',
        hint: meant === null ? `known here: ${names.join(', ')}` : `did you mean ${meant}?`,
      });
    }
  }
  const second = format.safeParse(known);
  if (second.success) return report.complaints.length === 0 ? second.data : null;
  for (const issue of flatten(second.error.issues, [])) complainOf(issue, known, report);
  return null;
}

type Issue = z.core.$ZodIssue;

/**
 * The issues that matter, with their whole path. Of a union, those of the alternative whose type fits:
 * "must be at most 65535" tells more than "no alternative matches".
 */
function flatten(issues: readonly Issue[], base: readonly PropertyKey[]): Issue[] {
  return issues.flatMap((issue): Issue[] => {
    const path = [...base, ...issue.path];
    if (issue.code !== 'invalid_union') return [{ ...issue, path }];
    const fitting = issue.errors.find(
      (alternative) => !alternative.some((inner) => inner.path.length === 0 && isTypeIssue(inner)),
    );
    if (fitting !== undefined) return flatten(fitting, path);
    const expected = [...new Set(expectedOf(issue).map(wordFor))];
    return [{ ...issue, path, message: oneOf(expected) }];
  });
}

/** Whether an alternative expected another type altogether; a fraction for a whole number is near. */
function isTypeIssue(issue: Issue): boolean {
  if (issue.code === 'invalid_union') {
    return issue.errors.every((inner) =>
      inner.some((at) => at.path.length === 0 && isTypeIssue(at)),
    );
  }
  return issue.code === 'invalid_type' && issue.expected !== 'int';
}

/** What the alternatives of a union are, unions inside of it included. */
function expectedOf(issue: Issue): string[] {
  if (issue.code === 'invalid_type') return [issue.expected];
  return issue.code === 'invalid_union' ? issue.errors.flat().flatMap(expectedOf) : [];
}

function oneOf(words: readonly string[]): string {
  return words.join(', ').replace(/, ([^,]*)$/, ' or $1');
}

function complainOf(issue: Issue, value: Json, report: Report): void {
  const path = pointer(...issue.path);
  const given = valueAt(value, issue.path);
  const { complain } = report;
  if (given === undefined) return complain('field-missing', path, 'is missing');
  if (issue.code === 'invalid_union') {
    return complain('type-invalid', path, `must be ${issue.message}, not ${describe(given)}`);
  }
  if (issue.code === 'invalid_type') {
    if (issue.expected === 'int') {
      return complain('number-invalid', path, `must be a whole number, not ${describe(given)}`);
    }
    const hint = hintFor(issue.expected, given);
    return complain(
      'type-invalid',
      path,
      `must be ${wordFor(issue.expected)}, not ${describe(given)}`,
      { hint },
    );
  }
  if (issue.code === 'invalid_value') {
    const values = issue.values.map(String);
    const meant = typeof given === 'string' ? nearest(given, values) : null;
    return complain('value-invalid', path, `must be ${oneOf(values)}, not ${describe(given)}`, {
      hint: meant === null ? null : `did you mean ${meant}?`,
    });
  }
  if (issue.code === 'too_big' || issue.code === 'too_small') {
    const big = issue.code === 'too_big';
    const limit = String(big ? issue.maximum : issue.minimum);
    const unit =
      new Map([
        ['string', ' characters long'],
        ['array', ' items long'],
      ]).get(issue.origin) ?? '';
    const port = typeof given === 'number' && isPortPath(issue.path);
    const shown = typeof given === 'number' ? `, not ${given}` : '';
    return complain(
      port ? 'port-invalid' : 'value-invalid',
      path,
      `must be at ${big ? 'most' : 'least'} ${limit}${unit}${shown}`,
      port ? { hint: 'ports are 1 to 65535' } : {},
    );
  }
  return complain('value-invalid', path, issue.message);
}

function isPortPath(path: readonly PropertyKey[]): boolean {
  return path.some((part) => part === 'port' || part === 'port-bindings');
}

function wordFor(expected: string): string {
  const words: Record<string, string> = {
    string: 'a text',
    number: 'a number',
    int: 'a whole number',
    boolean: 'true or false',
    object: 'a map',
    record: 'a map',
    array: 'a list',
    null: 'null',
  };
  return words[expected] ?? expected;
}

function hintFor(expected: string, given: Json): string | null {
  if (expected === 'boolean' && typeof given === 'string') {
    const meant = { yes: 'true', on: 'true', no: 'false', off: 'false' }[given.toLowerCase()];
    return meant === undefined ? null : `write ${meant}`;
  }
  if (expected === 'string' && typeof given === 'number') return `write "${given}" in quotes`;
  return null;
}

function describe(value: Json): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'a map';
  const text = JSON.stringify(value);
  return text.length > 60 ? `${text.slice(0, 57)}…` : text;
}

function valueAt(value: Json, path: readonly PropertyKey[]): Json | undefined {
  let at: Json | undefined = value;
  for (const part of path) {
    if (at === null || typeof at !== 'object') return undefined;
    at = Object.hasOwn(at, part) ? (at as JsonObject)[String(part)] : undefined;
  }
  return at;
}

function drop(value: Json, path: readonly PropertyKey[], key: string): void {
  const parent = valueAt(value, path);
  if (parent !== null && typeof parent === 'object') Reflect.deleteProperty(parent, key);
}

function structuredJson(value: Json): Json {
  if (value === null || typeof value !== 'object') return value;
  if (Array.isArray(value)) return (value as readonly Json[]).map(structuredJson);
  return Object.fromEntries(
    Object.entries(value as JsonObject).map(([key, member]) => [key, structuredJson(member)]),
  );
}

/** The field names that the format knows at a path. */
function namesAt(path: readonly PropertyKey[]): string[] {
  let nodes: readonly JsonObject[] = [jsonSchema()];
  for (const part of path) {
    nodes = nodes.flatMap(alternatives).flatMap((node) => {
      const properties = node['properties'];
      const named = isObject(properties) ? properties[String(part)] : undefined;
      const next = named ?? node['additionalProperties'] ?? node['items'];
      return isObject(next) ? [next] : [];
    });
  }
  return nodes.flatMap(alternatives).flatMap((node) => Object.keys(node['properties'] ?? {}));
}

function alternatives(node: JsonObject): readonly JsonObject[] {
  const inner = node['anyOf'];
  return Array.isArray(inner) ? (inner as readonly JsonObject[]).flatMap(alternatives) : [node];
}
