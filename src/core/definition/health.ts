import type { Definition, Health, ServiceName } from '../chute.ts';

/** How often, how long and how patiently health is asked for, where a definition does not say. */
export const HEALTH_DEFAULTS: Omit<Health, 'check'> = {
  intervalMs: 500,
  timeoutMs: 2_000,
  retries: 10,
  settleMs: 500,
  withinMs: 20_000,
};

/**
 * The health check of a service: the one that was written, else TCP on the web port where this is the
 * web service, else being alive after the settle time. Pure.
 */
export function healthOf(definition: Definition, service: ServiceName): Health {
  const written = definition.services[service]?.health;
  if (written !== undefined) return written;
  const { web } = definition;
  return web?.service === service
    ? { check: { type: 'tcp', port: web.port }, ...HEALTH_DEFAULTS }
    : { check: { type: 'alive' }, ...HEALTH_DEFAULTS };
}
