import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, test } from 'vitest';

import { linesOf, Shell } from './shell.ts';

/** A chute with a VLAN of its own, and a redirect to it: it shares the host's files with the others. */
function define(shell: Shell, name: string, vlan: number, command = 'sleep 600'): string {
  const directory = join(shell.home, name);
  mkdirSync(directory, { recursive: true });
  writeFileSync(join(directory, 'content'), `${name} ${command}`);
  const file = join(directory, 'chute.yaml');
  writeFileSync(
    file,
    `name: ${name}
services:
  main:
    type: light
    image: node
    source: .
    command: ${command}
    health: {settleMs: 20, withinMs: 500}
    interfaces:
      lan0:
        type: vlan
        vlan-id: ${vlan}
        dhcp: {leasetime: 1h, start: 10, limit: 20}
firewall:
  - {name: page, type: redirect, from: '@host.lan:${9000 + vlan}', to: 'lan0:80'}
`,
  );
  return file;
}

const three = (shell: Shell): string =>
  [define(shell, 'camera', 31), define(shell, 'door', 32), define(shell, 'lamp', 33)].join(' ');

const FAULT = { RIPCORD_FAULT: 'fail@step=door/gate.check' };

describe('apply --per-chute', () => {
  test('loses only the chute that fails, and its settings in the shared files', async () => {
    const shell = new Shell();
    const { code, err } = await shell.run(`apply ${three(shell)} -y --per-chute`, FAULT);
    expect(code).toBe(4);
    expect(err).toContain('2 of 3 chutes are as asked');
    expect(err).toMatch(/u1 committed.*camera is r1, running/);
    expect(err).toMatch(/u2 failed.*rolled back, as it was before/);
    expect(err).toMatch(/u3 committed.*lamp is r1, running/);
    const status = JSON.parse((await shell.run('status -o json')).out) as object;
    expect(status).toMatchObject({
      chutes: { camera: { state: 'running' }, lamp: { state: 'running' } },
      reloadsOwed: [],
      running: null,
      stuck: [],
    });
    expect(status).not.toHaveProperty('chutes.door');
    const written = readFileSync(join(shell.root, 'host/nftables.nft'), 'utf8');
    expect(written).toContain('9031');
    expect(written).toContain('9033');
    expect(written).not.toContain('9032');
    const loaded = readFileSync(join(shell.root, 'host/running/host/nftables.nft'), 'utf8');
    expect(loaded).toBe(written);
    expect((await shell.run('show u2')).out).toContain('together with u1 u3');
  });

  test('says as JSON how each chute fared, the worst of them first', async () => {
    const shell = new Shell();
    const { code, out } = await shell.run(`apply ${three(shell)} -y --per-chute -o json`, FAULT);
    expect(code).toBe(4);
    expect(linesOf(out).at(-1)).toMatchObject({
      type: 'outcome',
      update: 'u1',
      outcome: 'reverted',
      failedStep: 'door/gate.check',
      lanes: [
        { chute: 'camera', update: 'u1', outcome: 'committed', failedStep: null, error: null },
        { chute: 'door', update: 'u2', outcome: 'reverted', failedStep: 'door/gate.check' },
        { chute: 'lamp', update: 'u3', outcome: 'committed' },
      ],
    });
    const watched = await shell.run('watch u1 -o json');
    expect(watched.code).toBe(4);
    expect(linesOf(watched.out).at(-1)).toEqual(linesOf(out).at(-1));
  });

  test('refuses the one chute that cannot be planned, and applies the other', async () => {
    const shell = new Shell();
    const files = `${define(shell, 'camera', 31)} ${define(shell, 'door', 31)}`;
    const { code, err } = await shell.run(`apply ${files} -y --per-chute`);
    expect(code).toBe(8);
    expect(err).toContain('1 of 2 chutes are as asked');
    expect(err).toContain('vlan 31');
    const atomic = await shell.run(`apply ${define(shell, 'lamp', 33)} ${files} -y`);
    expect(atomic.code).toBe(8);
    const { chutes } = JSON.parse((await shell.run('status -o json')).out) as { chutes: object };
    expect(Object.keys(chutes)).toEqual(['camera']);
  });

  test('is taken up by whatever comes next when it was killed', async () => {
    const shell = new Shell();
    const killed = await shell.run(`apply ${three(shell)} -y --per-chute`, {
      RIPCORD_FAULT: 'kill@effect=14',
    });
    expect(killed.code).toBeNull();
    const { code, out } = await shell.run('watch u1 -o json');
    expect(code).toBe(0);
    expect(linesOf(out).at(-1)).toMatchObject({
      outcome: 'committed',
      lanes: [{ outcome: 'committed' }, { outcome: 'committed' }, { outcome: 'committed' }],
    });
  });

  test('goes on to its last lane when it was left to itself', async () => {
    const shell = new Shell();
    const left = await shell.run(`apply ${three(shell)} -y --per-chute --detach`);
    expect(left).toMatchObject({ code: 0, out: 'u1\n' });
    const { code, out } = await shell.run('watch u1 -o json');
    expect(code).toBe(0);
    expect(linesOf(out).at(-1)).toMatchObject({ outcome: 'committed', lanes: [{}, {}, {}] });
  });

  test('contradicts --atomic', async () => {
    const shell = new Shell();
    const { code } = await shell.run(`apply ${three(shell)} -y --per-chute --atomic`);
    expect(code).toBe(2);
  });
});

describe('plan --per-chute', () => {
  test('has one plan for each chute, and says which are planned anew behind which', async () => {
    const shell = new Shell();
    const { code, out } = await shell.run(`plan ${three(shell)} --per-chute -o json`);
    expect(code).toBe(0);
    const { lanes } = JSON.parse(out) as { lanes: { steps: { chute: string }[] }[] };
    expect(lanes).toMatchObject([
      { chute: 'camera', behind: [], refusals: [], hash: expect.any(String) },
      { chute: 'door', behind: ['camera'] },
      { chute: 'lamp', behind: ['camera', 'door'] },
    ]);
    expect(lanes[1]?.steps.map(({ chute }) => chute)).not.toContain('camera');
    const text = (await shell.run(`plan ${three(shell)} --per-chute`)).out;
    expect(text).toContain('2 of 3  door\n  behind camera: planned anew on what they leave');
    expect((await shell.run(`apply ${three(shell)} --dry-run --per-chute`)).out).toBe(text);
  });

  test('is refused for the chute that is, and with --simulate', async () => {
    const shell = new Shell();
    const taken = `${define(shell, 'camera', 31)} ${define(shell, 'door', 31)}`;
    await shell.run(`apply ${define(shell, 'camera', 31)} -y`);
    const { code, out } = await shell.run(`plan ${taken} --per-chute -o json`);
    expect(code).toBe(8);
    expect(JSON.parse(out)).toMatchObject({
      lanes: [{ chute: 'camera', steps: [], refusals: [] }, { refusals: [{ chute: 'door' }] }],
    });
    expect((await shell.run(`plan ${taken} --per-chute --simulate`)).code).toBe(2);
  });
});

describe('the number of the first lane', () => {
  test('retries what did not get through', async () => {
    const shell = new Shell();
    await shell.run(`apply ${three(shell)} -y --per-chute`, FAULT);
    const { code, out } = await shell.run('retry u1 -o json');
    expect(code).toBe(0);
    expect(linesOf(out)[0]).toMatchObject({
      type: 'update.requested',
      update: 'u4',
      request: { chutes: [{ chute: 'door' }], origin: { retryOf: 'u2' } },
    });
    expect(linesOf(out).at(-1)).toMatchObject({ update: 'u4', outcome: 'committed' });
  });

  test('rolls back all that got through, and another one’s that one alone', async () => {
    const shell = new Shell();
    await shell.run(`apply ${three(shell)} -y --per-chute`, FAULT);
    const preview = async () =>
      JSON.parse((await shell.run('rollback u1 --preview -o json')).out) as object;
    expect(await preview()).toMatchObject({ lanes: [{ chute: 'camera' }, { chute: 'lamp' }] });
    const { code, out } = await shell.run('rollback u1 -y -o json');
    expect(code).toBe(0);
    expect(linesOf(out).at(-1)).toMatchObject({
      outcome: 'committed',
      lanes: [{ chute: 'camera' }, { chute: 'lamp' }],
    });
  });

  test('rolls back what another one’s has not taken back already', async () => {
    const shell = new Shell();
    await shell.run(`apply ${three(shell)} -y --per-chute`, FAULT);
    await shell.run('rollback u3 -y');
    const { code } = await shell.run('rollback u1 -y');
    expect(code).toBe(0);
    const { chutes } = JSON.parse((await shell.run('status -o json')).out) as { chutes: object };
    expect(chutes).toEqual({});
  });
});
