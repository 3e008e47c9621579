import type { PortBinding } from '../chute.ts';
import type { Report } from './complaint.ts';
import { pointer } from './complaint.ts';
import type { WrittenPorts } from './written.ts';

/** A port number from what was written, or null when a complaint was made. Pure. */
export function portNumber(given: number | string, path: string, report: Report): number | null {
  const port =
    typeof given === 'number' ? given : /^\d{1,6}$/.test(given) ? Number(given) : Number.NaN;
  if (Number.isInteger(port) && port >= 1 && port <= 65_535) return port;
  report.complain('port-invalid', path, `is not a port: ${JSON.stringify(given)}`, {
    hint: 'ports are 1 to 65535',
  });
  return null;
}

/**
 * Bindings by external port, `18080/tcp`; by `auto:<internal>/<protocol>` where any free one will do.
 * Reads both forms: the list of pairs, and the map from inside to outside. Pure.
 */
export function normalisePorts(
  written: WrittenPorts | undefined,
  path: string,
  report: Report,
): Record<string, PortBinding> {
  const result: Record<string, PortBinding> = {};
  const bind = (inside: Inside | null, external: number | null | undefined, at: string): void => {
    if (inside === null || external === undefined) return;
    const { internal, protocol } = inside;
    const key = external === null ? `auto:${internal}/${protocol}` : `${external}/${protocol}`;
    if (Object.hasOwn(result, key)) {
      report.complain('port-duplicate', at, `binds ${key.replace('auto:', '')} a second time`);
      return;
    }
    result[key] = { internal };
  };
  if (Array.isArray(written)) {
    for (const [index, pair] of written.entries()) {
      const at = `${path}${pointer(index)}`;
      const internal = portNumber(pair.internal, `${at}/internal`, report);
      const external = outside(pair.external ?? null, `${at}/external`, report);
      bind(internal === null ? null : { internal, protocol: pair.protocol ?? 'tcp' }, external, at);
    }
    return result;
  }
  for (const [key, given] of Object.entries(written ?? {})) {
    const at = `${path}${pointer(key)}`;
    bind(insideOf(key, at, report), outside(given, at, report), at);
  }
  return result;
}

type Inside = { readonly internal: number; readonly protocol: string };

function insideOf(key: string, at: string, report: Report): Inside | null {
  const [number = '', protocol = 'tcp', ...rest] = key.split('/');
  if (rest.length > 0 || (protocol !== 'tcp' && protocol !== 'udp')) {
    report.complain('port-invalid', at, `is not a port and a protocol: ${JSON.stringify(key)}`, {
      spot: 'key',
      hint: 'for example 80, "80/tcp" or "53/udp"',
    });
    return null;
  }
  const internal = portNumber(number, at, report);
  return internal === null ? null : { internal, protocol };
}

/** Null: any free port; undefined: a complaint was made. */
function outside(
  given: number | string | null,
  at: string,
  report: Report,
): number | null | undefined {
  return given === null ? null : (portNumber(given, at, report) ?? undefined);
}
