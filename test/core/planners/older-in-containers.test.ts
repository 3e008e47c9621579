import { expect, test } from 'vitest';

import type { Source } from '../../../src/core/chute.ts';
import { complete } from '../../../src/core/definition/raw.ts';
import { CAPABILITIES, type HostFacts } from '../../../src/core/facts.ts';
import { facts, radio } from '../allocate/host-model.ts';
import { accepted } from '../definition/parse.ts';
import { ask, digest, planOf, refusalsOf } from '../plan-model.ts';

const SOURCE: Source = { type: 'local', digest: digest('a') };

/** A gateway with a radio and everything else that chutes ask for. */
const GATEWAY: Partial<HostFacts> = {
  runtime: 'docker',
  capabilities: CAPABILITIES,
  network: facts([radio('w0')]),
};

function read(text: string): ReturnType<typeof complete> {
  const raw = accepted(text, {
    fallbackName: 'named-by-its-directory',
    secret: () => ({ $secret: 'e'.repeat(64) }),
  });
  const observed = Object.keys(raw.sources).map((name) => [name, SOURCE]);
  return complete(raw, Object.fromEntries(observed) as Record<string, Source>);
}

/** The shapes that definitions in use have, older and newer ones. */
const SHAPES: Readonly<Record<string, string>> = {
  'a language and no name': 'version: 1\ntype: light\nuse: node\ncommand: npm start\n',
  'a language with its source beside it': `
name: counter
version: 1
services:
  main: { type: light, image: python2, source: ., command: python2 -u count.py }
`,
  'a site with variables': `
name: edge
version: 1
services:
  main:
    type: light
    image: python3
    source: .
    command: python3 -m serve --port 5000
    environment: { APP: server, ENV: production }
web: { service: main, port: 5000 }
`,
  'a compiled language from a repository': `
name: hello-go
version: 1
type: light
use: go
command: app
config: { web: { port: 8080 } }
source: { type: git, url: 'https://git.example/hello-go' }
`,
  'files of its own that may do everything': `
name: vision
version: 1
services:
  main: { type: normal, source: ., requests: { privileged: true } }
web: { service: main, port: 5000 }
`,
  'files of its own with variables of the chute': `
name: counter
version: 1
environment: { CAMERA: 'http://camera.example/video.jpg' }
services:
  main: { type: normal, source: . }
web: { service: main, port: 5000 }
`,
  'an access point, packages and root': `
name: door
version: 1
type: light
use: python2
command: python -u door.py
config:
  host_config: { port_bindings: { '81': 81 } }
  net:
    wifi:
      type: wifi
      intfName: wlan0
      ssid: door53
      key: a-long-key
      options: { hidden: false, isolate: false }
      dhcp: { lease: 12h, limit: 250, start: 4 }
  web: { port: 5000 }
source: { type: git, url: 'https://git.example/door' }
packages: [iptables]
as_root: true
`,
};

test.each(Object.entries(SHAPES))('%s has a plan in containers', (_shape, text) => {
  const definition = read(text);
  const { steps } = planOf([ask('apply', definition)], { facts: GATEWAY });
  const kinds = steps.map(({ kind }) => kind);
  expect(kinds).toContain('image.build@1');
  expect(kinds.indexOf('image.check@1')).toBeLessThan(kinds.indexOf('container.start@1'));
  expect(steps.filter(({ kind }) => kind.startsWith('process.'))).toEqual([]);
});

test('a monitor is told what the host has to allow', () => {
  const text = `
version: 1
config:
  name: sense
  net: { monitor: { type: wifi, mode: monitor, intfName: mon0 } }
  environment: { NETWORK_ID: 0, REPORTING_URL: null }
`;
  expect(refusalsOf([ask('apply', read(text))], { facts: GATEWAY })).toMatchObject([
    { message: expect.stringContaining('allowMonitorMode is false') },
  ]);
});
