import { describe, expect, test } from 'vitest';

import { whyList } from '../../replay/why-answer.ts';
import { why } from '../../replay/why.ts';
import type { HostFacts } from '../../src/core/facts.ts';
import { applyOf } from './asked.ts';
import { ToldDevice } from './told-device.ts';
import {
  ask,
  commands,
  fails,
  installed,
  LOUDER,
  place,
  save,
  SUPERVISOR,
  texts,
} from './why-told.ts';

describe('why a chute is as it is', () => {
  test('names the update that made its revision, by whom and why', async () => {
    const answer = await ask(await installed(), 'hello');
    expect(answer).toMatchObject({
      is: 'chute',
      text: 'hello runs r1 (version 1).',
      next: 'ripcord why u1',
      chain: [{ text: 'u1 made r1 (amelia, cli, "first")', update: 'u1' }],
    });
  });

  test('tells the newest wish that was rolled back: what failed, what was undone, no retry', async () => {
    const told = await installed();
    await fails(told, 'u2');
    const answer = await ask(told, 'hello');
    expect(answer.text).toBe('hello runs r1 (version 1); desired r2 (version 2) was withdrawn.');
    expect(answer.next).toBe('ripcord retry u2');
    expect(texts(answer).slice(1)).toEqual([
      'u2 asked to apply hello (version 2) (amelia, cli, "louder")',
      'what differed: hello.services.main.command → ["node","v2.js"]',
      'the planners answered with 5 steps: state 5',
      's2 (hello/process.start) failed, 2 attempts: exited with 1 (RIPCORD_PROCESS_FAILED)',
      'undid s2 s1; the device is as it was before',
      'no retry: nothing tries it again until somebody asks',
    ]);
    const types = answer.chain[4]?.events.map((seq) => told.records[seq - 1]?.type);
    expect(types).toEqual(['step.failed', 'step.failed']);
    expect(answer.chain[4]?.step).toBe('u2.s2');
  });

  test('counts starts after unexpected exits, with their cause', async () => {
    const told = await installed();
    const request = { by: SUPERVISOR, message: 'a service exited unexpectedly' };
    await commands(told, 'u2', 'start', request);
    await commands(told, 'u3', 'start', request);
    const answer = await ask(told, 'hello');
    expect(answer.text).toBe('hello runs r1 (version 1).');
    expect(texts(answer)).toContain(
      'it was started again 2 times by itself (u2 u3): a service exited unexpectedly',
    );
    expect(texts(await ask(told, 'hello', true))).toContain(
      'u2 started it again: a service exited unexpectedly',
    );
  });

  test('that was rolled back by hand says to what', async () => {
    const told = await installed();
    await told.installs('u2', 'hello', 2, { origin: { rollbackTo: 'u1^' } });
    expect(texts(await ask(told, 'hello'))[0]).toBe('u2 made r2, back to u1^ (amelia, cli)');
  });

  test('that is gone names who removed it', async () => {
    const told = await installed();
    await commands(told, 'u2', 'delete', { message: 'not needed' });
    const answer = await ask(told, 'hello');
    expect(answer.text).toBe('hello is not installed: u2 removed it.');
    expect(texts(answer)[0]).toBe('u2 removed hello (amelia, cli, "not needed")');
  });

  test('that never was lists what came to nothing', async () => {
    const told = new ToldDevice();
    await told.asks('u1', [applyOf('hello', 1)]);
    const how = {
      code: 'RIPCORD_PORT_TAKEN',
      message: 'port 18080 is taken',
      hint: 'take another',
    };
    await told.tell({ type: 'update.rejected', update: 'u1', ...how, refusals: [] });
    const answer = await ask(told, 'hello');
    expect(answer.text).toBe('hello is not installed; r1 (version 1) was refused.');
    expect(texts(answer).at(-2)).toBe(
      'refused before anything was done: port 18080 is taken (RIPCORD_PORT_TAKEN); take another',
    );
  });

  test('tells a service that was found dead', async () => {
    const told = await installed();
    const path = '/chutes/hello/services/main/state';
    await told.tell({
      type: 'drift.found',
      chute: 'hello',
      message: 'hello/main is exited, expected running',
      evidence: null,
      patch: [{ op: 'replace', path, value: 'exited' }],
      inverse: [{ op: 'replace', path, value: 'running' }],
    });
    expect((await ask(told, 'hello')).text).toBe(
      'hello should run r1 (version 1), but main is exited.',
    );
    const answer = await ask(told, 'hello/main');
    expect(answer.text).toMatch(
      /^hello\/main is exited because hello\/main is exited, expected running; before that u1.s2/,
    );
  });
});

describe('why a place holds what it holds', () => {
  test('names the update that set it, and those that tried and were rolled back', async () => {
    const told = await installed();
    await fails(told, 'u2');
    const answer = await ask(told, 'hello.services.main.command');
    expect(answer.text).toBe(
      '["node","v1.js"], set by u1 (amelia, cli, "first"); u2 tried ["node","v2.js"], rolled back.',
    );
    expect(answer.chain.at(-1)?.update).toBe('u2');
    expect(answer.next).toBe('ripcord why u2');
    const pointer = '/chutes/hello/definition/services/main/command';
    expect((await ask(told, pointer)).chain).toEqual(answer.chain);
    expect((await ask(told, '/chutes/hello/services/main/command')).chain).toEqual(answer.chain);
  });

  test('keeps to the update that set it when a later one changed something else', async () => {
    const told = await installed();
    await told.installs('u2', 'hello', 2);
    expect((await ask(told, 'hello.services.main.type')).text).toContain('set by u1');
    expect((await ask(told, 'hello.services.main.command')).text).toContain('set by u2');
    expect(texts(await ask(told, 'hello.version', true))).toContain('u1.s4 made it nothing → 1');
  });

  test('that is gone says who took it away', async () => {
    const told = await installed();
    await commands(told, 'u2', 'delete');
    expect((await ask(told, 'hello.version')).text).toBe(
      'nothing is there, taken away by u2 (amelia, cli).',
    );
  });

  test('of the host names the file and the step that wrote it', async () => {
    const told = await installed();
    const write = { ...place, kind: 'config.write@1', module: 'traffic', title: 'write lan.conf' };
    await told.asks('u2', [applyOf('hello', 2)]);
    const interfaces = {
      op: 'add' as const,
      path: '/chutes/hello/definition/services/main/interfaces/lan',
      value: {},
    };
    await told.plans('u2', [write], [...LOUDER, interfaces]);
    const path = '/host/files/host~1dnsmasq~1lan.conf';
    const sections = { '@host': { '0': '# ours\n' }, hello: { '1': 'port=0\nno-ping\n' } };
    const file = { service: 'dhcp', mode: 0o644, sections };
    await told.succeeds('u2', write, [{ op: 'add', path, value: file }]);
    await told.commits('u2');
    const answer = await ask(told, 'host/dnsmasq/lan.conf');
    expect(answer.text).toBe(
      'a file of 3 lines with parts of hello, the host, set by u2 (amelia, cli).',
    );
    const part = await ask(told, `${path}/sections/hello`);
    expect(part.text).toBe('{"1":"port=0\\nno-ping\\n"}, set by u2 (amelia, cli).');
    expect(texts(answer)).toContain('the module traffic asked for s1: write lan.conf');
  });
});

describe('why a port is taken or free', () => {
  test('names the service that holds it and the update that gave it', async () => {
    const answer = await ask(await installed(), 'port:18080');
    expect(answer.text).toBe('port 18080/tcp is held by hello/main since u1.');
    expect(texts(answer)).toEqual(['u1 gave 18080/tcp to hello/main (amelia, cli, "first")']);
    expect(answer.next).toBe('ripcord why hello/main');
  });

  test('names who freed it', async () => {
    const told = await installed();
    await told.asks('u2', [{ chute: 'hello', operation: 'stop', definition: null, sources: {} }]);
    await told.plans('u2', [save]);
    await told.succeeds('u2', save, [{ op: 'remove', path: '/reservations/ports/18080~1tcp' }]);
    await told.commits('u2');
    const answer = await ask(told, '18080/tcp');
    expect(answer.text).toBe('port 18080/tcp is free: no chute has it.');
    expect(texts(answer)).toEqual(['u2 freed 18080/tcp, which hello/main had (amelia, cli)']);
  });
});

describe('a port that no chute has', () => {
  test('is told of by the last look on record, or by one just now', async () => {
    const told = await installed();
    const facts = { portsTaken: { '8080/tcp': 'pid 812 (lighttpd)' } } as unknown as HostFacts;
    await told.tell({ type: 'host.observed', facts });
    const answer = await ask(told, 'port:8080');
    expect(answer.text).toBe('port 8080/tcp is taken by pid 812 (lighttpd), which is no chute.');
    expect(answer.chain[0]).toMatchObject({
      text: 'pid 812 (lighttpd) listened on 8080/tcp when the host was looked at last',
      at: told.records.length,
    });
    const now = await why(await told.replay(), 'port:8080', { listening: { '8080/udp': 'dns' } });
    expect(now.text).toBe('port 8080/udp is taken by dns, which is no chute.');
    expect(now.chain[0]).toMatchObject({ text: 'dns listens on 8080/udp now', at: null });
  });
});

describe('a port of the host that is redirected', () => {
  test('names the chute that it is redirected to', async () => {
    const told = await installed();
    await told.asks('u2', [applyOf('hello', 2)]);
    await told.plans('u2', [save]);
    const redirect = {
      name: 'page',
      fromInterface: 'host.lan',
      fromPort: 9011,
      toAddress: '10.128.0.2',
      toPort: 80,
    };
    const path = '/chutes/hello/redirects';
    await told.succeeds('u2', save, [{ op: 'replace', path, value: [redirect] }]);
    await told.commits('u2');
    const answer = await ask(told, 'port:9011');
    expect(answer.text).toBe(
      'port 9011 of host.lan is redirected to hello (page, 10.128.0.2:80) since u2.',
    );
    expect(answer.next).toBe('ripcord why hello.redirects');
    expect((await ask(told, 'hello.redirects')).text).toContain('set by u2');
  });
});

describe('a service', () => {
  test('names the steps and undos that started and stopped it', async () => {
    const answer = await ask(await installed(), 'hello/main');
    expect(answer.text).toBe(
      'hello/main is running because u1.s2 started it (amelia, cli, "first").',
    );
    expect(answer.next).toBe('ripcord why u1.s2');
  });
});

describe('a service that never ran', () => {
  test('is explained by the update that asked for it', async () => {
    const told = new ToldDevice();
    await told.asks('u1', [applyOf('hello', 1)]);
    const how = { code: 'RIPCORD_PORT_TAKEN', message: 'node has it', hint: null, refusals: [] };
    await told.tell({ type: 'update.rejected', update: 'u1', ...how });
    const answer = await ask(told, 'hello/main');
    expect(answer.text).toBe('hello/main never ran: u1 was refused: node has it.');
    expect(answer.next).toBe('ripcord retry u1');
    await expect(ask(told, 'hello/other')).rejects.toMatchObject({ code: 'RIPCORD_REF_UNKNOWN' });
  });
});

describe('a subject', () => {
  test.each([
    ['helo', 'did you mean hello?'],
    ['hello/man', 'did you mean hello/main?'],
    ['hello.services.main.comand', 'did you mean hello.services.main.command?'],
    ['nothing', 'nothing of that name'],
    ['hello.services.main.ports.x', 'there are 18080/tcp'],
    ['u1.x', 'nothing of that name'],
    ['u9', 'the newest update is u1'],
    ['u1.s9', 'its plan has s1 to s5'],
    ['hello@r9', 'it is at r1'],
    ['@999', 'the journal ends with'],
    ['port:99999', 'nothing of that name'],
    ['container:hello-main', 'processes, not as containers'],
    ['__proto__', 'nothing of that name'],
    ['/chutes/__proto__/x', 'nothing of that name'],
  ])('%s that nobody knows is refused: %s', async (subject, message) => {
    const told = await installed();
    await expect(ask(told, subject)).rejects.toMatchObject({
      code: 'RIPCORD_REF_UNKNOWN',
      message: expect.stringContaining(message) as string,
    });
  });

  test('may be a revision or a record', async () => {
    const told = await installed();
    expect((await ask(told, 'hello@r1')).subject).toBe('u1');
    const seq = told.records.findIndex(({ type }) => type === 'step.succeeded') + 1;
    expect((await ask(told, `@${seq}`)).subject).toBe('u1.s1');
  });
});

test('as a list the answer comes first, with every record of its chain', async () => {
  const told = await installed();
  await fails(told, 'u2');
  const answer = await ask(told, 'hello');
  const [head, ...chain] = whyList(answer);
  expect(head).toMatchObject({ subject: 'hello', text: answer.text, next: 'ripcord retry u2' });
  expect(chain).toEqual(answer.chain);
  expect(chain.every(({ events }) => events.every((seq) => head?.events.includes(seq)))).toBe(true);
  expect(head?.at).toEqual({ from: 2, to: told.records.length });
});
