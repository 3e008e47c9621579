import { describe, expect, test } from 'vitest';

import { complaintText } from '../../../src/core/definition/complaint.ts';
import {
  type Converted,
  convertDefinition,
  type ConvertOptions,
} from '../../../src/core/definition/convert/convert.ts';
import { parseRequest } from '../../../src/core/definition/parse.ts';
import { OPTIONS, accepted } from './parse.ts';

const PLACE: ConvertOptions = { file: '/etc/old.yaml', fallbackName: 'old', sourceBase: null };

function convert(text: string, options: Partial<ConvertOptions> = {}): string {
  const converted = convertDefinition(text, { ...PLACE, ...options });
  if (converted.ok) return converted.text;
  throw new Error(
    'complaints' in converted ? converted.complaints.map(complaintText).join() : converted.reason,
  );
}

const SEC = `
name: door
version: 2
type: light
use: python2
command: python -u door.py
config:
  host_config: {port_bindings: {'81': 81}}
  net:
    wifi: {type: wifi, intfName: wlan0, ssid: door, key: a-long-key, dhcp: {lease: 12h, start: 4, limit: 50}, options: {hidden: true}}
  environment: {NETWORK_ID: 0, API_TOKEN: hush, UNSET: null}
  web: {port: 5000}
source: {type: git, url: 'https://git.example/door', user: me}
packages: [iptables]
as_root: true
dataDir: /srv
colour: red
`;

describe('an older definition', () => {
  test('becomes one that says what was where', () => {
    expect(convert(SEC)).toBe(`# Written by ripcord init from the definition old.yaml.
# Not carried over: source.user, which has no effect.
# Not carried over: colour, which is not a known field.
name: door
version: 2
dataDir: /srv
services:
  # The one service that the older format has.
  main:
    type: light
    # Was use.
    image: python2
    source:
      type: git
      url: https://git.example/door
    command: python -u door.py
    build:
      packages:
        - iptables
    # Was config.environment.
    # Unset, as they were null: UNSET.
    environment:
      NETWORK_ID: "0"
      API_TOKEN:
        secret: hush
    interfaces:
      # Was config.net.wifi.
      wlan0:
        type: wifi-ap
        dhcp:
          start: 4
          limit: 50
          leasetime: 12h
        # Was beside the type, or in options.
        wireless:
          ssid: door
          key:
            secret: a-long-key
          hidden: true
    requests:
      # Was as_root.
      as-root: true
      # Was config.host_config.port_bindings.
      port-bindings:
        - external: 81
          internal: 81
          protocol: tcp
# Was config.web.
web:
  service: main
  port: 5000
`);
  });

  const OLDER = [
    SEC,
    'type: light\nuse: node\ncommand: [npm, start]\n',
    'name: img\nexternal_image: "redis:6"\nresources: {cpu_fraction: 0.25, prioritize_traffic: true}\n',
    'name: inl\ndockerfile: |\n  FROM scratch\n  COPY a b\nconfig: {web: {port: 80}}\n',
    'name: multi\nservices: {a: {image: node, command: x, needs: b}, b: {type: normal, volumes: {/d: data}}}\nweb: {service: a, port: 1}\n',
  ];

  test.each(OLDER)('means the same as before: %j', (text) => {
    expect(accepted(convert(text), { strict: true }).definition).toEqual(
      accepted(text, { fallbackName: 'old' }).definition,
    );
  });

  test('so does one in an update object', () => {
    const text = `{updateClass: CHUTE, updateType: create, name: ab, config: {type: light, use: node, command: x, config: {web: {port: 80}}}}`;
    const written = convert(text);
    expect(written).toContain(
      '# Written by ripcord init from the update object (create) old.yaml.\n',
    );
    expect(written).toContain('# Was config.config.web.\nweb:');
    const before = parseRequest(text, OPTIONS);
    expect(before).toMatchObject({ ok: true, definition: accepted(written).definition });
  });

  test('its places are made absolute where the new one lies elsewhere', () => {
    const text =
      'name: ab\nservices: {a: {image: node, command: x}, b: {image: node, command: x, source: sub}, c: {image: node, command: x, source: {url: "https://h.example/a.git"}}}\n';
    expect(accepted(convert(text, { sourceBase: '/srv/old' })).sources).toEqual({
      a: { type: 'local', path: '/srv/old' },
      b: { type: 'local', path: '/srv/old/sub' },
      c: { type: 'git', url: 'https://h.example/a.git' },
    });
  });
});

const COMPOSE = `
version: "3.8"
x-common: &common
  restart: unless-stopped
  environment: {TZ: "\${TZ:-UTC}", COST: "5$$"}
services:
  web_front:
    <<: *common
    build: {context: ./web, args: {A: 1}}
    image: me/web
    ports: ["8080:80/tcp", "127.0.0.1:53:53/udp", "9000-9001:9000-9001", 7000, {target: 1, published: 2}]
    depends_on: {db: {condition: service_healthy}}
    volumes: ["data:/var/lib/data", "./conf:/etc/app:ro", "/anon"]
    user: "1000"
  db:
    image: postgres:16
    command: postgres -c fsync=on
    environment: [POSTGRES_PASSWORD=hush, FROM_SHELL]
    healthcheck: {test: pg_isready, interval: 1m30s, timeout: 5s, retries: 5, start_period: 500ms}
    volumes: [{type: volume, source: db_data, target: /data, read_only: true}]
    deploy: {replicas: 2, resources: {limits: {memory: 512M, cpus: "0.5"}}}
    privileged: true
    network_mode: host
    stop_grace_period: 30s
networks: {back: {}}
`;

describe('a compose file', () => {
  const file = 'compose.yaml';

  test('becomes the definition of one chute', () => {
    expect(convert(COMPOSE, { file, fallbackName: 'my shop' }))
      .toBe(`# Written by ripcord init from the compose file compose.yaml.
# Not carried over: networks.
name: my-shop
version: 1
services:
  # Was web_front, which is not a name here.
  # user: 1000 is not carried over: a service runs as uid 999, or as root.
  web-front:
    # Not carried over from build: args.
    # The image it builds was called me/web; here it has the name of the chute.
    type: normal
    source: web
    environment:
      # The variable TZ came from the shell: here it is its default, UTC.
      TZ: UTC
      COST: 5$
    # Port 53 was bound to 127.0.0.1 only: here it is open on every address.
    requests:
      port-bindings:
        - external: 8080
          internal: 80
        - external: 53
          internal: 53
          protocol: udp
        - external: 9000
          internal: 9000
        - external: 9001
          internal: 9001
        - external: null
          internal: 7000
        - external: 2
          internal: 1
    # ./conf of the host was mounted at /etc/app: a chute has no files of the host; put them into its
    # source, or use a volume.
    volumes:
      /var/lib/data:
        name: data
      # Was without a name.
      /anon:
        name: anon
    needs:
      - db
  # Not carried over from deploy: replicas.
  # A limit of 0.5 cpus is not carried over: requests.cpu-fraction is a least share of the whole
  # device.
  db:
    type: image
    image: postgres:16
    command: postgres -c fsync=on
    # FROM_SHELL came from the shell: write its value, or leave it unset.
    environment:
      # Kept out of the journal and of all output.
      POSTGRES_PASSWORD:
        secret: hush
      FROM_SHELL: null
    requests:
      privileged: true
      network-mode: host
      memory: 512M
    volumes:
      # Was db_data.
      # Was mounted read-only: here it can be written.
      /data:
        name: db-data
    health:
      exec:
        - /bin/sh
        - -c
        - pg_isready
      intervalMs: 90000
      timeoutMs: 5000
      retries: 5
      withinMs: 475500
    stop:
      graceMs: 30000
`);
  });

  test('the only port that is published answers for the chute', () => {
    const text = 'services: {a: {image: nginx, ports: ["8080:80"]}, b: {image: redis}}';
    expect(accepted(convert(text, { file })).definition.web).toEqual({ service: 'a', port: 80 });
  });

  const HEALTH = [
    ['{test: [CMD, ready, now]}', { type: 'exec', command: ['ready', 'now'] }],
    ['{test: [CMD-SHELL, "a && b"]}', { type: 'exec', command: ['/bin/sh', '-c', 'a && b'] }],
    ['{test: [NONE]}', undefined],
    ['{disable: true}', undefined],
  ] as const;

  test.each(HEALTH)('health %s', (written, check) => {
    const text = `services: {a: {image: x, restart: always, healthcheck: ${written}}}`;
    const { services } = accepted(convert(text)).definition;
    expect(services['a']?.health?.check).toEqual(check);
  });

  const NOT_CARRIED = [
    ['entrypoint: run', 'Not carried over: entrypoint.'],
    ['ports: ["a:b"]', 'Not carried over: the port a:b.'],
    ['ports: ["1-3:1-2"]', 'Not carried over: the port 1-3:1-2.'],
    ['tmpfs: /run', '/run was in memory only'],
    ['network_mode: "service:b"', 'network_mode: service:b is not carried over'],
    ['restart: "no"', 'restart: no is not carried over'],
    ['image: "a:${TAG:-1}"', 'The variable TAG came from the shell: here it is its default, 1.'],
    ['build: {context: ., dockerfile: D}', 'here the file has to be called Dockerfile'],
    ['volumes: [/host:/inside]', '/host of the host was mounted at /inside'],
  ] as const;

  test.each(NOT_CARRIED)('says of {%s} what becomes of it', (fields, told) => {
    const text = `services: {a: {image: x, ${fields}}}`.replace(/image: x, (?=image)/, '');
    expect(convert(text, { file }).replaceAll(/\n *# /g, ' ')).toContain(told);
  });
});

const REFUSED = [
  ['{updateType: stop, name: ab}', { reason: 'it asks for stop and defines nothing' }],
  ['{name: ab, source: elsewhere}', { reason: expect.stringContaining('it names a source') }],
  ['{updateClass: ROUTER, updateType: reboot}', { reason: expect.stringContaining('the device') }],
  ['{name: ab, use: cobol}', { complaints: [expect.objectContaining({ path: '/use' })] }],
  ['services: {a: {image: "${NONE}", restart: always}}', { complaints: [expect.anything()] }],
  ['[', { complaints: [expect.anything()] }],
  ['5', { complaints: [expect.anything()] }],
] as const;

test.each(REFUSED)('refuses %s', (text, wanted) => {
  const converted: Converted = convertDefinition(text, PLACE);
  expect(converted).toEqual({ ok: false, ...wanted });
});

test('tells whether secrets are in it', () => {
  const secret = (text: string): boolean => {
    const converted = convertDefinition(text, PLACE);
    return converted.ok && converted.hasSecrets;
  };
  expect([SEC, COMPOSE, 'use: node\n'].map(secret)).toEqual([true, true, false]);
});
