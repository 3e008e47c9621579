import type { Service } from '../chute.ts';
import { pointer, type Report, type Spot } from './complaint.ts';
import { complainName, INNER_NAME } from './nearest.ts';
import { normalPath } from './source-reference.ts';
import type { WrittenService } from './written.ts';

/** Volumes by the place where they are mounted. */
export function volumesOf(
  written: WrittenService['volumes'],
  path: string,
  report: Report,
): Service['volumes'] {
  const result: Record<string, { name: string }> = {};
  for (const [mount, given] of Object.entries(written ?? {})) {
    const at = `${path}/volumes${pointer(mount)}`;
    const name = typeof given === 'string' ? given : given.name;
    const inside = insidePath(mount, at, report, 'key');
    if (inside === undefined) continue;
    if (Object.hasOwn(result, inside)) {
      report.complain('key-duplicate', at, `stands here twice, as ${inside}`, { spot: 'key' });
    } else if (INNER_NAME.test(name)) {
      result[inside] = { name };
    } else {
      const place = typeof given === 'string' ? at : `${at}/name`;
      complainName(name, place, 'a volume', report);
    }
  }
  return result;
}

/** A place inside a service, absolute and normal; undefined when a complaint was made. Pure. */
export function insidePath(
  written: string,
  at: string,
  report: Report,
  spot: Spot = 'value',
): string | undefined {
  if (!written.startsWith('/') || written.includes('\0')) {
    const hint = `for example /${written.replace(/^[./]+/, '')}`;
    report.complain('path-invalid', at, 'is not an absolute path', { spot, hint });
    return undefined;
  }
  if (written.split('/').includes('..')) {
    report.complain('path-outside', at, 'must not hold ..', { spot });
    return undefined;
  }
  const inside = normalPath(written) ?? '/';
  if (inside !== '/') return inside;
  report.complain('path-invalid', at, 'cannot be the root itself', { spot });
  return undefined;
}
