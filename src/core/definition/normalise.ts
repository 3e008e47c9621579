import type { Definition, Service } from '../chute.ts';
import type { JsonObject } from '../json.ts';
import type { Report } from './complaint.ts';
import { pointer } from './complaint.ts';
import { normaliseEnvironment } from './environment.ts';
import {
  CHUTE_NAME,
  complainName,
  INNER_NAME,
  nearest,
  nearestName,
  whyNoName,
} from './nearest.ts';
import { findCycle } from './needs.ts';
import type { Context } from './normalise-service.ts';
import { normaliseService } from './normalise-service.ts';
import { portNumber } from './ports.ts';
import type { RawDefinition } from './raw.ts';
import { isForbiddenName } from './read-guard.ts';
import type { SourceReference } from './source-reference.ts';
import { insidePath } from './volumes.ts';
import type { Written } from './written.ts';

/** More than any gateway runs, few enough to compare each with each. */
const SERVICES_MAX = 200;

/**
 * The one form of a definition that all ways of writing it come down to, everything filled in. What
 * cannot be said in that form is complained of; then the result means nothing.
 */
export function normalise(
  written: Written,
  context: Context & { readonly fallbackName: string | null },
): RawDefinition {
  const { report } = context;
  const web = webOf(written, report);
  const services: Record<string, Service> = {};
  const sources: Record<string, SourceReference> = {};
  for (const [name, given] of Object.entries(written.services)) {
    const path = `/services${pointer(name)}`;
    if (!INNER_NAME.test(name)) complainName(name, path, 'a service', report);
    const webPort = web?.service === name ? web.port : null;
    const { service, source } = normaliseService(given, path, { ...context, webPort });
    services[name] = service;
    if (source !== null) sources[name] = source;
  }
  if (Object.keys(services).length === 0) {
    report.complain('field-missing', '/services', 'names no service', {
      hint: 'a chute has at least one',
    });
  }
  if (Object.keys(services).length > SERVICES_MAX) {
    report.complain('value-invalid', '/services', `names more than ${SERVICES_MAX} services`);
  }
  refuseControls(written, report);
  checkNeeds(services, report);
  checkPorts(services, report);
  const definition: Definition = {
    name: nameOf(written.name, context.fallbackName, report),
    ...(written.version === undefined ? {} : { version: written.version }),
    ...(written.description === undefined ? {} : { description: written.description.trim() }),
    ...(written.owner === undefined ? {} : { owner: written.owner }),
    ...directoriesOf(written, report),
    environment: normaliseEnvironment(written.environment, '/environment', context),
    services,
    ...(web === null ? {} : { web }),
    firewall: firewallOf(written.firewall, report),
    ...(written.onInterrupt === undefined ? {} : { onInterrupt: written.onInterrupt }),
  };
  return { definition, sources };
}

/**
 * Complains of control characters where people are to read a text: some mean something to terminals, and
 * a NUL ends a variable. A description may have lines.
 */
export function refuseControls(
  { version, owner, description }: Pick<Written, 'version' | 'owner' | 'description'>,
  report: Report,
): void {
  const readable = { version, owner, description: description?.trim().replaceAll(/[\n\t]/g, '') };
  for (const [field, text] of Object.entries(readable))
    if (typeof text === 'string' && /\p{Cc}/u.test(text))
      report.complain('text-invalid', `/${field}`, 'holds a control character', {
        hint: 'write letters and digits',
      });
}

/** A chute's name, or that of its directory where none is written; what is none is complained of. */
export function nameOf(given: string | undefined, fallback: string | null, report: Report): string {
  if (given !== undefined) {
    if (CHUTE_NAME.test(given)) return given;
    const near = nearestName(given);
    report.complain('name-invalid', '/name', whyNoName(given, 'a chute'), {
      hint:
        near === null
          ? '2 to 63 lower-case letters, digits and -'
          : `the nearest valid one is ${near}`,
    });
    return 'invalid';
  }
  if (fallback !== null && CHUTE_NAME.test(fallback)) return fallback;
  const near = nearestName(fallback ?? '');
  const reason =
    fallback === null ? '' : `, and the directory's name ${JSON.stringify(fallback)} cannot be one`;
  report.complain('name-missing', '/name', `is missing${reason}`, {
    hint: `write name: ${near ?? 'my-chute'}`,
  });
  return 'invalid';
}

function directoriesOf(
  { dataDir, systemDir }: Written,
  report: Report,
): Pick<Definition, 'dataDir' | 'systemDir'> {
  const data = dataDir === undefined ? undefined : insidePath(dataDir, '/dataDir', report);
  const system = systemDir === undefined ? undefined : insidePath(systemDir, '/systemDir', report);
  if (data !== undefined && data === system)
    report.complain('field-conflicting', '/systemDir', `is ${data}, as dataDir is`);
  return {
    ...(data !== undefined && { dataDir: data }),
    ...(system !== undefined && { systemDir: system }),
  };
}

function webOf(written: Written, report: Report): { service: string; port: number } | null {
  const { web } = written;
  if (web === undefined || Object.keys(web).length === 0) return null;
  const names = Object.keys(written.services);
  if (web.port === undefined) {
    report.complain('field-missing', '/web/port', 'is missing');
    return null;
  }
  const port = portNumber(web.port, '/web/port', report);
  const service = web.service ?? (names.length === 1 ? names[0] : undefined);
  if (service === undefined) {
    report.complain('web-ambiguous', '/web', 'does not say which service answers', {
      spot: 'key',
      hint: `write service: and one of ${names.join(', ')}`,
    });
    return null;
  }
  if (!Object.hasOwn(written.services, service)) {
    report.complain('service-unknown', '/web/service', `is no service of this chute: ${service}`, {
      hint: serviceHint(service, names),
    });
    return null;
  }
  return port === null ? null : { service, port };
}

function serviceHint(given: string, names: readonly string[]): string {
  const meant = nearest(given, names);
  return meant === null ? `services are ${names.join(', ')}` : `did you mean ${meant}?`;
}

function checkNeeds(services: Readonly<Record<string, Service>>, report: Report): void {
  const names = Object.keys(services);
  for (const [name, { needs }] of Object.entries(services)) {
    const path = `/services${pointer(name)}/needs`;
    for (const need of needs) {
      if (Object.hasOwn(services, need)) continue;
      report.complain('service-unknown', path, `names no service of this chute: ${need}`, {
        hint: serviceHint(need, names),
      });
    }
  }
  if (names.length > SERVICES_MAX) return;
  const cycle = findCycle(
    Object.fromEntries(names.map((name) => [name, services[name]?.needs ?? []])),
  );
  if (cycle === null) return;
  const path = `/services${pointer(cycle[0] ?? '')}/needs`;
  report.complain('needs-cyclic', path, `goes round in a circle: ${cycle.join(' → ')}`, {
    hint: 'one of them has to start first',
  });
}

/** Two services of one chute on one outside port: no host could give both. */
function checkPorts(services: Readonly<Record<string, Service>>, report: Report): void {
  const holders = new Map<string, string>();
  for (const [name, { ports }] of Object.entries(services)) {
    for (const key of Object.keys(ports)) {
      if (key.startsWith('auto:')) continue;
      const holder = holders.get(key);
      holders.set(key, name);
      if (holder === undefined) continue;
      const path = `/services${pointer(name)}/requests/port-bindings`;
      report.complain('port-duplicate', path, `binds ${key}, which ${holder} binds already`);
    }
  }
}

function firewallOf(written: Written['firewall'], report: Report): Record<string, JsonObject> {
  const result: Record<string, JsonObject> = {};
  const rules = Array.isArray(written)
    ? written.map((rule, index) => [rule.name ?? `rule-${index + 1}`, rule, index] as const)
    : Object.entries(written ?? {}).map(([name, rule]) => [name, rule, name] as const);
  for (const [name, rule, key] of rules) {
    const path = `/firewall${pointer(key)}`;
    if (name === '') report.complain('name-invalid', path, 'has an empty name');
    if (isForbiddenName(name))
      report.complain('name-invalid', path, whyNoName(name, 'a rule'), {
        hint: 'use another name',
      });
    if (Object.hasOwn(result, name)) {
      report.complain('key-duplicate', path, `has the name of another rule: ${name}`);
    }
    result[name] = { type: rule.type ?? 'redirect', from: rule.from, to: rule.to };
  }
  return result;
}
