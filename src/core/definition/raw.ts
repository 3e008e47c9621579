import { assert } from '../assert.ts';
import type { Definition, ServiceName, Source } from '../chute.ts';
import type { SourceReference } from './source-reference.ts';

/**
 * A definition as far as its text tells: everything but the digests of the sources, which are found
 * out by looking at them. `sources` says where to look, by service.
 */
export type RawDefinition = {
  readonly definition: Definition;
  readonly sources: Readonly<Record<ServiceName, SourceReference>>;
};

/**
 * The definition with its sources by content, as it is compared and journaled. `observed` has one
 * entry for each of `raw.sources`. Pure.
 */
export function complete(
  raw: RawDefinition,
  observed: Readonly<Record<ServiceName, Source>>,
): Definition {
  const services = Object.entries(raw.definition.services).map(([name, service]) => {
    if (raw.sources[name] === undefined) return [name, service] as const;
    const source = observed[name];
    assert(source !== undefined, `the source of ${name} was not observed`);
    const { type, digest, url } = source;
    return [name, { ...service, source: { type, digest, ...(url && { url }) } }] as const;
  });
  return { ...raw.definition, services: Object.fromEntries(services) };
}
