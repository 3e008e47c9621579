import { findElsewhere } from './definition-elsewhere.ts';
import { type ReadDefinition, type SourcedDefinition, withSources } from './definitions.ts';
import { allowsUnpinned, type Configured, type ReadHost } from './host-request.ts';

type Reading = {
  readonly root: string;
  readonly strict: boolean;
  /** How the device is configured. */
  readonly configured: Configured;
};

/**
 * Definitions as values, or as they were read before, with their sources looked at. Writes nothing.
 * Throws RIPCORD_DEFINITION_… and RIPCORD_SOURCE_….
 */
export async function readAll(
  definitions: readonly (ReadDefinition | object)[],
  { root, strict, configured }: Reading,
): Promise<readonly (SourcedDefinition | ReadHost)[]> {
  const read: (ReadDefinition | ReadHost)[] = [];
  const allowUnpinned = async (): Promise<boolean> => await allowsUnpinned(read, configured);
  for (const given of definitions)
    read.push('definition' in given ? given : await readValue(given, { strict, allowUnpinned }));
  const looking = { root, allowUnpinned, others: read };
  const sourced: (SourcedDefinition | ReadHost)[] = [];
  for (const each of read) sourced.push('host' in each ? each : await withSources(each, looking));
  return sourced;
}

/** A definition that is a value already. YAML and the schema are loaded only when one is used. */
async function readValue(
  value: object,
  {
    strict,
    allowUnpinned,
  }: { readonly strict: boolean; readonly allowUnpinned: () => Promise<boolean> },
): Promise<ReadDefinition | ReadHost> {
  const { parseRequestValue } = await import('../core/definition/parse.ts');
  const { definitionError } = await import('../core/definition/complaint.ts');
  const { SecretDrawer } = await import('./definitions.ts');
  const drawer = new SecretDrawer();
  const options = { file: 'definition', secret: drawer.keep, strict };
  const parsed = parseRequestValue(value, options);
  if (!parsed.ok) throw definitionError(parsed.complaints);
  if ('host' in parsed) return { ...parsed, secrets: drawer.values };
  const here = { directory: process.cwd(), path: null };
  const whole =
    'definition' in parsed
      ? parsed
      : await findElsewhere(parsed, here, { ...options, allowUnpinned });
  return { ...here, ...whole, secrets: drawer.values };
}
