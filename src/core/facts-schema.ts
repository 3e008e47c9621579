import { z } from 'zod';

import { networkAround } from './allocate/ipv4.ts';
import { nearest } from './definition/nearest.ts';
import { CAPABILITIES, type HostFacts } from './facts.ts';

/** What is wrong in a facts file, and where: the keys and places down to it. */
export type WrongFact = {
  readonly path: readonly (string | number)[];
  /** Whether it is about the name of a member or about what stands under it. */
  readonly spot: 'key' | 'value';
  readonly message: string;
};

const address = z
  .string()
  .refine(
    (text) => /\/\d+$/.test(text) && networkAround(text) !== null,
    'is no address with its prefix, as 192.0.2.7/24',
  );
/** What the kernel takes. */
const device = z.string().regex(/^[^\s/\p{Cc}]{1,15}$/u, 'is no name for a network device');
const radio = z.strictObject({
  id: z.string(),
  mac: z.string(),
  phy: z.string(),
  interface: device,
  modes: z
    .array(z.enum(['ap', 'sta', 'monitor']))
    .nullable()
    .default(null),
  hwmodes: z.array(z.string()).nullable().default(null),
  accessPointsMax: z.int().min(0).exactOptional(),
  configured: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])).default({}),
  hostAccessPoints: z.int().min(0).max(8).default(0),
});
const port = z.strictObject({
  interface: device,
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
  diskMiB: z.int().min(1).nullable().default(null),
  portsTaken: z
    .record(z.string().regex(/^\d{1,5}\/(tcp|udp)$/, 'is no port, as 8080/tcp'), z.string())
    .default({}),
  network: z
    .strictObject({
      radios: z.record(z.string(), radio).default({}),
      ports: z.record(z.string(), port).default({}),
      uplink: z
        .strictObject({ interface: device, address: address.nullable().default(null) })
        .nullable()
        .default(null),
    })
    .default({ radios: {}, ports: {}, uplink: null }),
  capabilities: z.array(z.enum(CAPABILITIES)).default([]),
});

/** The names that a strict object of this shape knows, by the keys down to it; `*` is any name. */
const NAMES: Readonly<Record<string, readonly string[]>> = {
  '': Object.keys(facts.shape),
  network: ['radios', 'ports', 'uplink'],
  'network.uplink': ['interface', 'address'],
  'network.radios.*': Object.keys(radio.shape),
  'network.ports.*': Object.keys(port.shape),
};

/**
 * Facts of a host as a person writes them: what is left out is as on a host without anything. Pure.
 * Loaded only where a facts file is read.
 */
export function parseFacts(
  value: unknown,
): { readonly facts: HostFacts } | { readonly wrong: readonly WrongFact[] } {
  const read = facts.safeParse(value, { reportInput: true });
  if (read.success) return { facts: read.data };
  return { wrong: read.error.issues.flatMap(wrongOf) };
}

function wrongOf(issue: z.core.$ZodIssue): readonly WrongFact[] {
  const path = issue.path.filter((key) => typeof key !== 'symbol');
  if (issue.code === 'unrecognized_keys')
    return issue.keys.map((key) => {
      const names = namesAt(path);
      const meant = nearest(key, names);
      const instead = meant === null ? `there are ${names.join(', ')}` : `did you mean ${meant}?`;
      return { path: [...path, key], spot: 'key', message: `is no fact; ${instead}` };
    });
  if (issue.code === 'invalid_key')
    return [{ path, spot: 'key', message: issue.issues[0]?.message ?? issue.message }];
  return [{ path, spot: 'value', message: inWords(issue) }];
}

function inWords(issue: z.core.$ZodIssue): string {
  const given = issue.input;
  if (given === undefined) return 'is missing';
  if (issue.code === 'invalid_value') {
    const names = issue.values.map(String);
    const meant = typeof given === 'string' ? nearest(given, names) : null;
    const instead = meant === null ? `it is one of ${names.join(', ')}` : `did you mean ${meant}?`;
    return `cannot be ${JSON.stringify(given)}; ${instead}`;
  }
  if (issue.code === 'invalid_type') return `must be ${KINDS[issue.expected] ?? issue.expected}`;
  if (issue.code === 'too_small') return `must be at least ${issue.minimum}`;
  if (issue.code === 'too_big') return `must be at most ${issue.maximum}`;
  return issue.message;
}

/** What a value has to be, in words. */
const KINDS: Readonly<Record<string, string>> = {
  array: 'a list',
  boolean: 'true or false',
  int: 'a whole number',
  number: 'a number',
  object: 'an object',
  record: 'an object',
  string: 'text',
};

function namesAt(path: readonly (string | number)[]): readonly string[] {
  const keys = path.map((key, depth) => (depth < 2 ? String(key) : '*'));
  return NAMES[keys.join('.')] ?? [];
}
