import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { expect, onTestFinished, test } from 'vitest';

import { readFacts } from '../../src/cli/facts-file.ts';

function written(text: string, name = 'facts.yaml'): string {
  const directory = mkdtempSync(join(tmpdir(), 'ripcord-facts-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  const file = join(directory, name);
  writeFileSync(file, text);
  return file;
}

test.each(['two-radio-router', 'no-radio-box', 'small-board'])(
  'the example %s is a facts file',
  async (name) => {
    await expect(readFacts(`docs/examples/facts/${name}.json`)).resolves.toMatchObject({
      hostname: name,
      network: { ports: expect.anything() as unknown },
    });
  },
);

test('what is left out is as on a host without anything, and unknown of a radio', async () => {
  const radio = '{id: r, mac: m, phy: phy0, interface: wlan0}';
  const facts = await readFacts(written(`network: {radios: {r: ${radio}}}\n`));
  expect(facts).toEqual({
    runtime: 'process',
    host: 'render',
    hostname: 'another host',
    cpus: 1,
    memoryMiB: 512,
    diskMiB: null,
    portsTaken: {},
    network: {
      radios: {
        r: {
          id: 'r',
          mac: 'm',
          phy: 'phy0',
          interface: 'wlan0',
          modes: null,
          hwmodes: null,
          configured: {},
          hostAccessPoints: 0,
        },
      },
      ports: {},
      uplink: null,
    },
    capabilities: [],
  });
});

test.each([
  { text: 'cpuz: 2\n', says: /:1:1 cpuz: is no fact; did you mean cpus\?/ },
  { text: 'wholly: 2\n', says: /:1:1 wholly: is no fact; there are runtime, host, / },
  { text: 'cpus: many\n', says: /:1:7 cpus: must be a/ },
  { text: 'cpus: 0\n', says: /:1:7 cpus: must be at least 1/ },
  { text: '{"cpus": 1.5}', says: /:1:10 cpus: must be a whole number/ },
  { text: 'host: rendr\n', says: /:1:7 host: cannot be "rendr"; did you mean render\?/ },
  {
    text: 'capabilities:\n  - vlan\n  - nftable\n',
    says: /:3:5 capabilities\[1\]: cannot be "nftable"; did you mean nftables\?/,
  },
  {
    text: 'network:\n  ports:\n    eth0:\n      interface: eth0\n      roll: wan\n',
    says: /:5:7 network\.ports\.eth0\.roll: is no fact; did you mean role\?/,
  },
  {
    text: 'network:\n  ports:\n    eth0:\n      interface: eth0\n',
    says: /:3:5 network\.ports\.eth0\.role: is missing/,
  },
  {
    text: 'network:\n  uplink: {interface: eth0, address: 10.0.0.1}\n',
    says: /:2:38 network\.uplink\.address: is no address with its prefix/,
  },
  {
    text: 'network:\n  uplink: {interface: eth0, address: 10.300.0.1/8}\n',
    says: /:2:38 network\.uplink\.address: is no address with its prefix/,
  },
  {
    text: 'network:\n  uplink: {interface: eth0, address: 10.0.0.1/33}\n',
    says: /:2:38 network\.uplink\.address: is no address with its prefix/,
  },
  {
    text: 'portsTaken:\n  "80": lighttpd\n',
    says: /:2:3 portsTaken\["80"\]: is no port, as 8080\/tcp|:2:3 portsTaken\[80\]: is no port, as 8080\/tcp/,
  },
  {
    text: 'network:\n  uplink: {interface: a/b}\n',
    says: /:2:23 network\.uplink\.interface: is no name for a network device/,
  },
  { text: '[1, 2]', says: /must be an object/ },
  { text: '', says: /facts\.yaml/ },
  { text: 'a: [\n', says: /is not YAML/ },
  {
    text: 'cpuz: 1\nmemoryMib: 2\n',
    says: /cpuz: is no fact.*; and .*memoryMib: is no fact; did you mean memoryMiB\?/,
  },
])('$text is refused with its place', async ({ text, says }) => {
  await expect(readFacts(written(text))).rejects.toMatchObject({
    code: 'RIPCORD_USAGE_INVALID',
    message: expect.stringMatching(says) as unknown,
  });
});

test.each([
  { file: '/nowhere/facts.json', says: /no such file/ },
  { file: tmpdir(), says: /it is a directory/ },
])('$file is refused in words', async ({ file, says }) => {
  await expect(readFacts(file)).rejects.toMatchObject({
    code: 'RIPCORD_USAGE_INVALID',
    message: expect.stringMatching(says) as unknown,
  });
});
