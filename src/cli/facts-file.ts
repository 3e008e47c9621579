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
  const { z } = await import('zod');
  const address = z.string().regex(/^\d{1,3}(\.\d{1,3}){3}\/\d{1,2}$/, 'is no address in CIDR');
  const radio = z.strictObject({
    id: z.string(),
    mac: z.string(),
    phy: z.string(),
    interface: z.string(),
    modes: z.array(z.enum(['ap', 'sta', 'monitor'])).default(['ap', 'sta', 'monitor']),
    hwmodes: z.array(z.string()).default([]),
    configured: z.record(z.string(), z.union([z.string(), z.number()])).default({}),
    hostAccessPoints: z.int().min(0).max(8).default(0),
  });
  const port = z.strictObject({
    interface: z.string(),
    mac: z.string().default(''),
    role: z.enum(['wan', 'lan', 'free']),
    bridged: z.boolean().default(false),
    addresses: z.array(address).default([]),
  });
  const facts = z.strictObject({
    runtime: z.enum(['process', 'docker']).default('process'),
    host: z.enum(['render', 'linux', 'uci']).default('render'),
    hostname: z.string().default('another host'),
    cpus: z.int().min(1).default(1),
    memoryMiB: z.int().min(1).default(512),
    portsTaken: z.record(z.string(), z.string()).default({}),
    network: z
      .strictObject({
        radios: z.record(z.string(), radio).default({}),
        ports: z.record(z.string(), port).default({}),
        uplink: z
          .strictObject({ interface: z.string(), address: address.nullable().default(null) })
          .nullable()
          .default(null),
      })
      .default({ radios: {}, ports: {}, uplink: null }),
    capabilities: z.array(z.string()).default([]),
  });
  const read = facts.safeParse(parsed(file, parse));
  if (read.success) return read.data;
  const [issue] = read.error.issues;
  throw wrong(file, `${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'is no facts file'}`);
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
