import { readFileSync } from 'node:fs';

import { RipcordError } from '../core/errors.ts';
import type { HostFacts } from '../core/facts.ts';

/**
 * The facts of another host, for planning on paper: YAML or JSON in the form of `host.observed`; what
 * it leaves out is as on a host without anything.
 *
 * Throws RIPCORD_USAGE_INVALID with the place of what is wrong.
 */
export async function readFacts(file: string): Promise<HostFacts> {
  const { parse } = await import('yaml');
  const { parseFacts } = await import('../core/facts-schema.ts');
  const read = parseFacts(parsed(file, parse));
  if ('facts' in read) return read.facts;
  throw wrong(file, read.wrong);
}

function parsed(file: string, parse: (text: string) => unknown): unknown {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch {
    throw wrong(file, 'it cannot be read');
  }
  try {
    return parse(text);
  } catch (error) {
    throw wrong(file, error instanceof Error ? error.message : 'it is no YAML');
  }
}

function wrong(file: string, reason: string): RipcordError {
  return new RipcordError('RIPCORD_USAGE_INVALID', `cannot use facts file '${file}': ${reason}`, {
    hint: 'docs/examples/facts has examples',
  });
}
