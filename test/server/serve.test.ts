import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, test } from 'vitest';

import { connect } from '../../src/server/client.ts';
import { appliedAfter, ask, definition as chute } from '../core/plan-model.ts';
import { asked, definition } from '../engine/world.ts';
import { send, servedWorld, signal, typesOf } from './served-world.ts';

const BY = { user: 'amelia', role: 'owner', via: 'test' };

describe('the socket', () => {
  test('is for its owner alone, and gone once the API is closed', async () => {
    const { root, api } = await servedWorld();
    const path = join(root, 'ripcord.sock');
    expect(statSync(path).mode & 0o777).toBe(0o600);
    await api.close();
    expect(existsSync(path)).toBe(false);
    expect(await connect(root).presence()).toBe('absent');
  });

  test('is reached where its path is longer than a socket may have', async () => {
    const { root, client } = await servedWorld({ depth: 'a-directory-with-a-name/'.repeat(6) });
    expect(Buffer.byteLength(root)).toBeGreaterThan(108);
    expect(await client.presence()).toBe('there');
  });

  test('takes the place of a file that nobody listens on', async () => {
    const { client } = await servedWorld({ stale: true });
    expect(await client.presence()).toBe('there');
  });
});

describe('what is refused', () => {
  test.each([
    ['an unknown route', 'GET', '/v1/nothing', {}, 404],
    ['another method', 'POST', '/v1/status', {}, 405],
    ['a host of somebody else', 'GET', '/v1/status', { headers: { host: 'example.org' } }, 403],
    ['what is no JSON', 'POST', '/v1/updates', { body: '{' }, 400],
    ['a request without chutes', 'POST', '/v1/updates', { body: '{}' }, 422],
    ['a forbidden key', 'POST', '/v1/updates', { body: '{"__proto__":{"x":1}}' }, 422],
    ['a body over 4 MiB', 'POST', '/v1/updates', { body: `"${'x'.repeat(5_000_000)}"` }, 413],
    ['an unknown update', 'GET', '/v1/updates/u9', {}, 404],
    ['a chute nobody knows', 'GET', '/v1/chutes/nobody', {}, 404],
    ['the web port of a chute nobody knows', 'GET', '/chutes/nobody/', {}, 404],
    ['its name', 'GET', '/', { headers: { host: 'nobody.chute.example' } }, 404],
    ['what is sent to a web port', 'POST', '/chutes/nobody/', {}, 405],
    ['events of an unknown update', 'GET', '/v1/events?update=u9', {}, 404],
    ['why of what nobody knows', 'GET', '/v1/why?subject=nobody', {}, 404],
    ['events after no number', 'GET', '/v1/events?after=x', {}, 422],
  ] as const)('%s', async (_what, method, path, options, status) => {
    const { root } = await servedWorld();
    const answer = await send(root, method, path, options);
    expect(answer.status).toBe(status);
    expect(answer.type).toBe('application/problem+json');
    expect(JSON.parse(answer.body)).toMatchObject({
      status,
      code: expect.stringMatching(/^RIPCORD_/),
    });
  });
});

describe("a chute's web service", () => {
  const web = { service: 'main', port: 18_080 };
  const other = { service: 'main', port: 18_081 };
  const applied = appliedAfter(
    [ask('apply', chute({ name: 'board', web })), ask('apply', chute({ name: 'off', web: other }))],
    [ask('stop', 'off')],
  );
  const asking = async (method: string, path: string, host: string) => {
    const { root } = await servedWorld({ applied });
    return await send(root, method, path, { headers: { host } });
  };

  test.each([
    ['GET', '/chutes/board', '192.168.1.1', 'http://192.168.1.1:18080/'],
    ['GET', '/chutes/board/a?b=/c', 'gateway.lan:8080', 'http://gateway.lan:18080/a?b=/c'],
    ['HEAD', '/chutes/board?b', 'localhost', 'http://localhost:18080/?b'],
    ['GET', '/v1/status?b', 'board.chute.lan', 'http://board.chute.lan:18080/v1/status?b'],
  ])('%s %s at %s is answered by where it is', async (method, path, host, location) => {
    expect(await asking(method, path, host)).toMatchObject({ status: 302, location });
  });

  test.each([
    ['a longer name', '/chutes/board-2', 'gateway', 404],
    ['one that is stopped', '/chutes/off/', 'gateway', 404],
    ['one that is stopped, by name', '/', 'off.chute.lan', 404],
    ['no chute at all', '/', 'gateway', 403],
  ])('%s is not', async (_what, path, host, status) => {
    expect(await asking('GET', path, host)).toMatchObject({ status, location: null });
  });
});

describe('an update', () => {
  test('is taken chute by chute when that is asked for', async () => {
    const { client, engine } = await servedWorld();
    const both = asked(definition('hello', 1, ['A']), definition('door', 1, ['A']));
    expect(await client.ask({ ...both, perChute: true })).toEqual({ update: 'u1' });
    const types = await typesOf(client.follow('u2'));
    expect([types[0], types.at(-1)]).toEqual(['update.requested', 'update.committed']);
    expect(await engine.outcome('u1')).toMatchObject({ outcome: 'committed' });
  });

  test('is taken, followed record by record and told to its end', async () => {
    const { client, engine, root } = await servedWorld();
    const taken = await client.ask(asked(definition('hello', 1, ['A'])));
    expect(taken).toEqual({ update: 'u1' });
    const types = await typesOf(client.follow('u1'));
    expect(types[0]).toBe('update.requested');
    expect(types.at(-1)).toBe('update.committed');
    const told = JSON.parse((await send(root, 'GET', '/v1/updates/u1')).body);
    expect(told).toMatchObject({ update: 'u1', phase: 'rests', outcome: { outcome: 'committed' } });
    const answer = JSON.parse((await send(root, 'GET', '/v1/why?subject=hello')).body);
    expect(answer[0]).toMatchObject({
      text: expect.stringContaining('hello runs r1'),
      subject: 'hello',
    });
    expect(answer[1]).toMatchObject({
      update: 'u1',
      events: [expect.any(Number), expect.any(Number)],
    });
    const all = (await send(root, 'GET', '/v1/events?after=0')).body.trim().split('\n');
    expect(all).toHaveLength(engine.journal.head.seq);
    expect(JSON.parse(all[0] ?? '')).toMatchObject({ seq: 1, type: 'engine.started' });
  });

  test('that changes nothing is answered at once', async () => {
    const { client } = await servedWorld();
    const request = asked(definition('hello', 1, ['A']));
    await client.ask(request);
    await typesOf(client.follow('u1'));
    expect(await client.ask(request)).toMatchObject({
      update: null,
      outcome: { outcome: 'unchanged' },
    });
  });

  test('is refused when the device is not as its base says', async () => {
    const { client } = await servedWorld();
    await expect(client.ask(asked(definition('hello', 1, ['A'])), 'f'.repeat(64))).rejects.toThrow(
      expect.objectContaining({ code: 'RIPCORD_PLAN_STALE' }),
    );
  });

  test('is turned around on request, and not once it is over', async () => {
    const { client, world } = await servedWorld();
    const began = signal();
    world.pause = async (_name, aborted) => {
      began.give();
      await new Promise<void>((resolve) => {
        aborted.addEventListener('abort', () => resolve());
      });
    };
    await client.ask(asked(definition('hello', 1, ['A', 'B'])));
    await began.given;
    await client.cancel('u1', BY);
    const types = await typesOf(client.follow('u1'));
    expect(types.at(-1)).toBe('update.cancelled');
    expect([...world.things.keys()]).toEqual([]);
    await expect(client.cancel('u1', BY)).rejects.toThrow(
      expect.objectContaining({ code: 'RIPCORD_UPDATE_FINISHED' }),
    );
  });

  test('whose engine closes under it is cut off, not ended', async () => {
    const { client, engine, api, world } = await servedWorld();
    const release = signal();
    world.pause = async () => release.given;
    await client.ask(asked(definition('hello', 1, ['A', 'B'])));
    const seen: string[] = [];
    const following = (async () => {
      for await (const { type } of client.follow('u1')) {
        seen.push(type);
        if (type === 'update.started') {
          api.drain();
          release.give();
          await engine.close();
          await api.close();
        }
      }
    })();
    await expect(following).rejects.toThrow(
      expect.objectContaining({ code: 'RIPCORD_SERVER_UNREACHABLE' }),
    );
    expect(seen).not.toContain('update.committed');
  });
});
