import type { Definition } from '../core/chute.ts';

/** Where a chute's web port answers on this machine; null when it has none. Pure. */
export function webUrl(definition: Definition | null): string | null {
  if (!definition?.web) return null;
  const { service, port } = definition.web;
  const bound = Object.entries(definition.services[service]?.ports ?? {}).find(
    ([external, { internal }]) => internal === port && /^\d+\/tcp$/.test(external),
  );
  return `http://localhost:${bound === undefined ? port : Number.parseInt(bound[0], 10)}/`;
}
