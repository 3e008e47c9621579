import type { Json } from '../json.ts';
import type { Located, Report } from './complaint.ts';
import { createReport, pointer } from './complaint.ts';
import { DEPTH_MAX, VALUES_MAX, isForbiddenKey } from './read-guard.ts';

/**
 * A copy of a value of unknown origin, as plain JSON; or complaints about what in it is none.
 * Pure; never throws, whatever the value is, unless its own getters do.
 */
export function readValue(value: unknown, file: string): { located: Located; report: Report } {
  const report = createReport(file, placeOf);
  const walk = { left: VALUES_MAX, report };
  return { located: { value: copy(value, [], walk), placeOf }, report };
}

function placeOf(): null {
  return null;
}

type Walk = { left: number; readonly report: Report };

function copy(value: unknown, path: readonly PropertyKey[], walk: Walk): Json {
  const { complain } = walk.report;
  walk.left -= 1;
  if (path.length > DEPTH_MAX || walk.left < 0) {
    if (walk.left >= -1) {
      walk.left = -1;
      complain('nesting-unbounded', '', 'is nested too deeply or holds too many values');
    }
    return null;
  }
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return value;
  if (typeof value === 'number') {
    if (Number.isFinite(value)) return value === 0 ? 0 : value;
    complain('number-invalid', pointer(...path), `must be a finite number, not ${value}`);
    return null;
  }
  if (Array.isArray(value)) {
    return value.map((item: unknown, index) => copy(item, [...path, index], walk));
  }
  if (typeof value === 'object') return copyObject(value, path, walk);
  complain('type-invalid', pointer(...path), `must be JSON, not a ${typeof value}`);
  return null;
}

function copyObject(value: object, path: readonly PropertyKey[], walk: Walk): Json {
  const result: Record<string, Json> = {};
  for (const [key, member] of Object.entries(value) as [string, unknown][]) {
    if (isForbiddenKey(key)) {
      walk.report.complain('key-forbidden', pointer(...path, key), 'is not allowed as a name');
      continue;
    }
    if (member !== undefined) result[key] = copy(member, [...path, key], walk);
  }
  return result;
}
