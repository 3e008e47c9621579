import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, test } from 'vitest';

import type { Begun, Device } from './device.ts';
import { device, jsonLines, printed, type SlowChute, slowChute } from './shell.ts';

/** An update that waits in its gate, carried by a process of its own. */
async function held(on: Device): Promise<{ readonly holder: Begun; readonly chute: SlowChute }> {
  const chute = await slowChute(on);
  const holder = on.begin(['apply', chute.directory, '-y']);
  await printed(holder, 'start main of slow');
  return { holder, chute };
}

const holderPid = (on: Device): number =>
  (JSON.parse(readFileSync(join(on.root, 'holder.json'), 'utf8')) as { pid: number }).pid;

describe.concurrent('while one process holds the root', () => {
  test('others are served through its socket, and neither settle nor wait', async () => {
    const on = await device();
    const { holder, chute } = await held(on);
    expect(statSync(join(on.root, 'ripcord.sock')).mode & 0o777).toBe(0o600);
    expect(await on.json(['status'])).toMatchObject({ running: 'u1' });
    const other = await on.ripcord(['apply', 'hello', '-y', '-o', 'json']);
    expect(jsonLines(other.out).at(-1)).toMatchObject({ update: 'u2', outcome: 'committed' });
    const same = await on.ripcord(['restart', 'slow', '-o', 'json']);
    expect(same.code).toBe(6);
    expect(jsonLines(same.out).at(-1)).toMatchObject({
      outcome: 'rejected',
      error: { code: 'RIPCORD_UPDATE_CONFLICT' },
    });
    chute.finish();
    expect(await holder.ended).toMatchObject({ code: 0 });
    expect(existsSync(join(on.root, 'ripcord.sock'))).toBe(false);
    expect(await on.json(['verify'])).toMatchObject({ ok: true });
  });

  test('an update may queue behind another one', async () => {
    const on = await device();
    const { holder, chute } = await held(on);
    const next = await slowChute(on, 'slow', 2);
    const queued = on.begin(['apply', next.directory, '-y', '--mode', 'queue']);
    await printed(queued, 'update.queued');
    chute.finish();
    next.finish();
    expect(await holder.ended).toMatchObject({ code: 0 });
    expect(await queued.ended).toMatchObject({ code: 0 });
    expect(await on.json(['status'])).toMatchObject({ chutes: { slow: { version: 2 } } });
  });

  test('a newer update may take the place of the one on its way', async () => {
    const on = await device();
    const { holder } = await held(on);
    const next = await slowChute(on, 'slow', 2);
    next.finish();
    const newer = on.begin(['apply', next.directory, '-y', '--mode', 'supersede']);
    expect(await holder.ended).toMatchObject({ code: 8 });
    expect(await newer.ended).toMatchObject({ code: 0 });
    const log = (await on.json(['log'])) as { id: string; outcome: string }[];
    expect(log.map(({ id, outcome }) => [id, outcome])).toEqual([
      ['u2', 'committed'],
      ['u1', 'superseded'],
    ]);
  });

  test('when it is killed, those it served go on with their own', async () => {
    const on = await device();
    const { holder, chute } = await held(on);
    const next = await slowChute(on, 'other');
    const client = on.begin(['apply', next.directory, '-y']);
    await printed(client, 'start main of other');
    process.kill(holderPid(on), 'SIGKILL');
    expect(await holder.ended).toMatchObject({ signal: 'SIGKILL' });
    chute.finish();
    next.finish();
    expect(await client.ended).toMatchObject({ code: 0 });
    const log = (await on.json(['log'])) as { outcome: string }[];
    expect(log.map(({ outcome }) => outcome)).toEqual(['committed', 'committed']);
    expect(on.processes()).toHaveLength(2);
    expect(await on.json(['verify'])).toMatchObject({ ok: true });
  });

  test('when its own update rests, those it served go on uninterrupted', async () => {
    const on = await device();
    const { holder, chute } = await held(on);
    const next = await slowChute(on, 'other');
    const client = on.begin(['apply', next.directory, '-y']);
    await printed(client, 'start main of other');
    chute.finish();
    expect(await holder.ended).toMatchObject({ code: 0 });
    next.finish();
    expect(await client.ended).toMatchObject({ code: 0 });
    const { interruptions } = (await on.json(['show', 'u2'])) as { interruptions: number };
    expect(interruptions).toBe(0);
  });

  test('watch and cancel reach its update', async () => {
    const on = await device();
    const { holder } = await held(on);
    const watching = on.begin(['watch', '-o', 'json']);
    await printed(watching, 'gate.started');
    expect(await on.ripcord(['cancel', 'u1'])).toMatchObject({ code: 0 });
    expect(await holder.ended).toMatchObject({ code: 4 });
    const told = await watching.ended;
    expect(told.code).toBe(4);
    expect(jsonLines(told.out).at(-1)).toMatchObject({ update: 'u1', outcome: 'cancelled' });
    expect(on.processes()).toEqual([]);
    expect(await on.ripcord(['cancel', 'u1'])).toMatchObject({ code: 8 });
  });
});

describe.concurrent('a signal', () => {
  test.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('%s undoes the holder’s own update and ends with %i', async (signal, code) => {
    const on = await device();
    const { holder } = await held(on);
    holder.child.kill(signal);
    const { code: ended, err } = await holder.ended;
    expect(ended).toBe(code);
    expect(err).toContain('device as before');
    expect(await on.json(['log'])).toMatchObject([{ id: 'u1', outcome: 'cancelled' }]);
    expect(on.processes()).toEqual([]);
  });

  test('given twice ends at once, and the next command goes on', async () => {
    const on = await device();
    const { holder, chute } = await held(on);
    holder.child.kill('SIGINT');
    await printed(holder, 'once more leaves at once');
    holder.child.kill('SIGINT');
    expect(await holder.ended).toMatchObject({ code: 130 });
    chute.finish();
    const status = (await on.json(['status'])) as { running: unknown };
    expect(status.running).toBe(null);
  });

  test('to somebody who looks on leaves the update alone', async () => {
    const on = await device();
    const { holder, chute } = await held(on);
    const watching = on.begin(['watch', 'u1']);
    await printed(watching, 'start main of slow');
    watching.child.kill('SIGINT');
    const { code, err } = await watching.ended;
    expect(code).toBe(130);
    expect(err).toContain('u1 goes on');
    chute.finish();
    expect(await holder.ended).toMatchObject({ code: 0 });
  });

  test('that the reader is gone does not touch the update', async () => {
    const on = await device();
    const { holder, chute } = await held(on);
    holder.child.stdout?.destroy();
    holder.child.stderr?.destroy();
    chute.finish();
    expect(await holder.ended).toMatchObject({ code: 0 });
    expect(await on.json(['status'])).toMatchObject({ chutes: { slow: { state: 'running' } } });
  });
});

describe.concurrent('not waiting to the end', () => {
  test('--detach returns with the update on its way', async () => {
    const on = await device();
    const chute = await slowChute(on);
    const { code, out } = await on.ripcord(['apply', chute.directory, '-y', '--detach']);
    expect({ code, out }).toEqual({ code: 0, out: 'u1\n' });
    expect(await on.json(['status'])).toMatchObject({ running: 'u1' });
    chute.finish();
    expect(await on.ripcord(['watch', 'u1'])).toMatchObject({ code: 0 });
    expect(await on.json(['show', 'u1'])).toMatchObject({ outcome: 'committed', interruptions: 0 });
  });

  test('--timeout ends with 10 while the work goes on', async () => {
    const on = await device();
    const chute = await slowChute(on);
    const late = await on.ripcord(['apply', chute.directory, '-y', '--timeout', '700ms']);
    expect(late).toMatchObject({ code: 10, err: expect.stringContaining('ripcord watch u1') });
    chute.finish();
    expect(await on.ripcord(['watch', 'u1'])).toMatchObject({ code: 0 });
  });
});
