import { z } from 'zod';

import type { WirelessOption, Written } from './written.ts';

/**
 * The multi-service format as it is written, before anything is filled in. Only the shape: what needs
 * a sentence to explain (names, ports, paths, cycles) is checked by `normalise`, which can say it.
 */

const text = z.string().max(65_536);
const count = (min: number, max: number) => z.int().min(min).max(max);
const scalar = z.union([z.string(), z.number(), z.boolean()]);
const secret = z.strictObject({ secret: z.union([z.string(), z.number()]) });

const NAME = '^(?!(?:index|constructor|prototype)$)[a-z0-9][a-z0-9-]{1,62}$';
const INNER = '^(?!(?:index|constructor|prototype)$)[a-z0-9][a-z0-9-]{0,62}$';

/** Map keys are checked by `normalise`; the pattern is here for editors. */
function keyed<T extends z.ZodType>(value: T, pattern: string): z.ZodRecord<z.ZodString, T> {
  return z.record(z.string(), value).meta({ propertyNames: { pattern } });
}

const environment = keyed(
  z.union([scalar, z.null(), secret]),
  '^[A-Za-z_][A-Za-z0-9_.-]*$',
).describe(
  'Variables. Null is unset; {secret: VALUE} is kept out of the journal and of all output.',
);

const port = z.union([count(1, 65_535), z.string().meta({ pattern: '^[0-9]+$' })]);

const portBindings = z
  .union([
    z.array(
      z.strictObject({
        external: z.union([port, z.null()]).optional(),
        internal: port,
        protocol: z.enum(['tcp', 'udp']).optional(),
      }),
    ),
    keyed(z.union([port, z.null()]), '^[0-9]+(/(tcp|udp))?$'),
  ])
  .describe('Published ports: {"<inside>[/proto]": <outside>, or null for any}, or a list.');

const dhcp = z.strictObject({
  start: z.union([z.int(), z.string()]).optional(),
  limit: z.union([z.int(), z.string()]).optional(),
  leasetime: z.union([z.string(), z.int()]).optional(),
  lease: z.union([z.string(), z.int()]).optional(),
  dns: z.union([z.string(), z.array(z.string())]).optional(),
  relay: z.union([z.string(), z.array(z.string())]).optional(),
});

const option = z.union([scalar, secret]).optional();

const wirelessOptions = {
  ssid: option,
  key: option,
  encryption: option,
  nasid: option,
  acct_server: option,
  acct_secret: option,
  acct_interval: option,
  auth_server: option,
  auth_secret: option,
  hidden: option,
  isolate: option,
  maxassoc: option,
} satisfies Record<WirelessOption, z.ZodType>;

const wireless = z.strictObject(wirelessOptions);

const networkInterface = z.strictObject({
  type: z.enum(['wifi-ap', 'wifi-sta', 'wifi-monitor', 'vlan', 'lan', 'wifi']),
  mode: z.enum(['ap', 'sta', 'monitor']).optional(),
  intfName: z.string().optional(),
  dhcp: dhcp.optional(),
  dns: z.union([z.string(), z.array(z.string())]).optional(),
  wireless: wireless.optional(),
  options: wireless.optional(),
  requirements: z.record(z.string(), z.union([scalar, z.array(scalar)])).optional(),
  requests: z.record(z.string(), z.union([scalar, z.array(scalar)])).optional(),
  ipv4_network: z.string().optional(),
  'vlan-id': z.union([count(1, 4094), z.string()]).optional(),
  vlan_id: z.union([count(1, 4094), z.string()]).optional(),
  l3bridge: z.string().optional(),
  ...wirelessOptions,
});

const source = z
  .union([
    text,
    z.strictObject({
      type: z.enum(['local', 'archive', 'http', 'git']).optional(),
      path: text.optional(),
      url: text.optional(),
      sha256: text.optional(),
      checkout: z.union([z.string(), z.number()]).optional(),
    }),
  ])
  .describe(
    'Where the files are: a directory, an archive, or a URL. Default: beside the definition.',
  );

const duration = count(0, 86_400_000);

const health = z
  .strictObject({
    http: z.strictObject({ port, path: text.optional() }).optional(),
    tcp: z.strictObject({ port }).optional(),
    exec: z.array(text).min(1).optional(),
    intervalMs: count(10, 3_600_000).optional(),
    timeoutMs: count(10, 3_600_000).optional(),
    retries: count(1, 10_000).optional(),
    settleMs: duration.optional(),
    withinMs: count(10, 86_400_000).optional(),
  })
  .describe('How to see that the service is well. An update is kept only when it is.');

const requests = z.strictObject({
  'as-root': z.boolean().optional(),
  privileged: z.boolean().optional(),
  'port-bindings': portBindings.optional(),
  'cpu-fraction': z.number().min(0).max(1).optional(),
  'network-mode': z.enum(['host', 'bridge']).optional(),
  memory: z.union([z.int(), z.string()]).optional(),
  priority: z.enum(['high', 'normal']).optional(),
});

const build = z.strictObject({
  image_source: text.optional(),
  image_version: z.union([z.string(), z.number()]).optional(),
  packages: z.array(z.string()).optional(),
  dockerfile: z.union([text, z.array(text)]).optional(),
});

const service = z.strictObject({
  type: z.enum(['light', 'normal', 'image', 'inline']).optional(),
  source: source.optional(),
  image: text.optional().describe('The language of a light service, or the image to run.'),
  command: z
    .union([text, z.array(scalar).min(1)])
    .optional()
    .describe(
      'A list is run as it is; a text is split into words, or run by the shell inside a container.',
    ),
  dns: z.union([z.string(), z.array(z.string())]).optional(),
  environment: environment.optional(),
  interfaces: keyed(networkInterface, '^[A-Za-z0-9][A-Za-z0-9_.-]{0,14}$').optional(),
  requests: requests.optional(),
  build: build.optional(),
  dockerfile: z.union([text, z.array(text)]).optional(),
  health: health.optional(),
  volumes: keyed(z.union([text, z.strictObject({ name: text })]), '^/').optional(),
  needs: z.union([text, z.array(text)]).optional(),
  stop: z
    .strictObject({ signal: text.optional(), graceMs: count(0, 3_600_000).optional() })
    .optional(),
});

const redirect = z.strictObject({
  name: text.optional(),
  type: z.enum(['redirect']).optional(),
  from: text,
  to: text,
});

/** Checks the shape of a definition; unknown fields are issues of their own. */
export const format: z.ZodType<Written> = z
  .strictObject({
    name: text.meta({ pattern: NAME }).optional(),
    version: z.union([z.number(), z.string().min(1).max(128)]).optional(),
    description: text.optional(),
    owner: z.string().min(1).max(256).optional(),
    dataDir: text
      .optional()
      .describe('Where services find the data of the chute, inside. Default: /data.'),
    systemDir: text
      .optional()
      .describe('Where services find what the system tells them. Default: /paradrop.'),
    environment: environment.optional(),
    services: keyed(service, INNER),
    web: z
      .strictObject({ port: port.optional(), service: text.optional() })
      .optional()
      .describe('The port that answers for the chute.'),
    firewall: z.union([z.array(redirect), keyed(redirect, '.')]).optional(),
    onInterrupt: z
      .enum(['resume', 'rollback'])
      .optional()
      .describe('What becomes of an update that a crash interrupted. Default: resume.'),
  })
  .describe('A chute: what a gateway should run');
