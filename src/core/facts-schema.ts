import { z } from 'zod';

import type { HostFacts } from './facts.ts';

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

/**
 * Facts of a host as a person writes them: what is left out is as on a host without anything. Pure.
 * Loaded only where a facts file is read.
 */
export function parseFacts(
  value: unknown,
): { readonly facts: HostFacts } | { readonly wrong: string } {
  const read = facts.safeParse(value);
  if (read.success) return { facts: read.data };
  const [issue] = read.error.issues;
  return { wrong: `${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'is no facts file'}` };
}
