import { mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';

import { describe, expect, test } from 'vitest';

import type { Begun, Device, Ran } from './device.ts';
import { journalFootprint } from './footprint.ts';
import { device, jsonLines, printed, slowChute } from './shell.ts';

type Logged = { readonly id: string; readonly outcome: string };

/** A second chute, which is well at once. */
async function other(on: Device, name = 'other'): Promise<string> {
  const chute = await slowChute(on, name);
  chute.finish();
  return chute.directory;
}

const together = async (on: Device, ...commands: readonly string[]): Promise<readonly Ran[]> =>
  await Promise.all(commands.map((command) => on.begin(command.split(' ')).ended));

const outcomes = async (on: Device): Promise<readonly (readonly string[])[]> =>
  ((await on.json(['log', '-r'])) as readonly Logged[]).map(({ id, outcome }) => [id, outcome]);

async function expectSound(on: Device): Promise<void> {
  expect(await on.json(['verify'])).toMatchObject({ ok: true, problems: [] });
  expect(await on.json(['status'])).toMatchObject({ running: null, updates: [], stuck: [] });
}

describe.concurrent('writers that come at the same moment', () => {
  test('both get their chute, on a device without a root', async () => {
    const on = await device();
    const second = await other(on);
    const ran = await together(on, 'apply hello -y', `apply ${second} -y`);
    expect(
      ran.map(({ code }) => code),
      ran.map(({ err }) => err).join(''),
    ).toEqual([0, 0]);
    expect(await outcomes(on)).toEqual([
      ['u1', 'committed'],
      ['u2', 'committed'],
    ]);
    expect(await on.json(['status'])).toMatchObject({
      chutes: { hello: { state: 'running' }, other: { state: 'running' } },
    });
    await expectSound(on);
  });

  test('many of them get theirs, one after the other or side by side', async () => {
    const on = await device();
    const names = ['first', 'second', 'third', 'fourth', 'fifth'];
    const chutes = await Promise.all(names.map(async (name) => await other(on, name)));
    const ran = await together(on, ...chutes.map((chute) => `apply ${chute} -y`));
    expect(
      ran.map(({ code }) => code),
      ran.map(({ err }) => err).join(''),
    ).toEqual(names.map(() => 0));
    expect(on.processes()).toHaveLength(names.length);
    await expectSound(on);
    const again = await together(on, ...names.map((name) => `restart ${name}`));
    expect(
      again.map(({ code }) => code),
      again.map(({ err }) => err).join(''),
    ).toEqual(names.map(() => 0));
    expect(on.processes()).toHaveLength(names.length);
    await expectSound(on);
  });

  test('of one chute never mix: one wins, the other is told so or comes after it', async () => {
    const on = await device();
    const ran = await together(on, 'apply hello -y', 'apply hello-v2 -y');
    for (const { code, err } of ran) expect([0, 6, 8], err).toContain(code);
    expect(ran.map(({ code }) => code)).toContain(0);
    for (const { code, err } of ran)
      if (code === 6) expect(err).toMatch(/cannot change hello: u1 is on its way/);
    expect(on.processes()).toHaveLength(1);
    await expectSound(on);
    const { chutes } = (await on.json(['status'])) as {
      readonly chutes: { readonly hello: { readonly version: number } };
    };
    expect(await on.answer()).toContain(`version ${chutes.hello.version}`);
  });

  test('and ask for the same end in the same state, whoever reads meanwhile', async () => {
    const on = await device();
    await on.install('hello');
    const writers = [
      'restart hello',
      'apply hello-v2 -y --mode queue',
      `apply ${await other(on)} -y`,
    ];
    const readers = ['status -o json', 'log -o json', 'verify -o json', 'at HEAD -o json'];
    const ran = await together(on, ...writers, ...readers, ...readers);
    for (const { code, err, out } of ran.slice(writers.length)) {
      expect(code, err).toBe(0);
      expect(() => JSON.parse(out) as unknown).not.toThrow();
    }
    for (const { code, err } of ran.slice(0, writers.length)) expect([0, 6], err).toContain(code);
    expect(await on.answer()).toContain('version 2');
    await expectSound(on);
  });
});

describe.concurrent('a holder that does not answer', () => {
  /** An update in its gate whose process stands still. */
  async function stopped(on: Device): Promise<{ readonly holder: Begun; readonly go: () => void }> {
    const chute = await slowChute(on);
    const holder = on.begin(['apply', chute.directory, '-y', '-m', 'stands still']);
    await printed(holder, 'start main of slow');
    holder.child.kill('SIGSTOP');
    return {
      holder,
      go: () => {
        chute.finish();
        holder.child.kill('SIGCONT');
      },
    };
  }

  test('is named with pid and command after a moment, and nothing is changed', async () => {
    const on = await device();
    const { holder, go } = await stopped(on);
    const before = journalFootprint(on.root);
    const { code, err } = await on.ripcord(['apply', 'hello', '-y']);
    expect(code, err).toBe(6);
    expect(err).toContain(`process ${holder.child.pid} (ripcord apply `);
    expect(err).toContain('stands still');
    const { out } = await on.ripcord(['restart', 'slow', '-o', 'json']);
    expect(jsonLines(out)).toMatchObject([
      {
        type: 'outcome',
        update: null,
        outcome: 'rejected',
        error: { code: 'RIPCORD_JOURNAL_LOCKED' },
      },
    ]);
    expect(journalFootprint(on.root)).toEqual(before);
    go();
    expect(await holder.ended).toMatchObject({ code: 0 });
    await on.install('hello');
    await expectSound(on);
  });

  test('keeps nobody from reading', async () => {
    const on = await device();
    const { holder, go } = await stopped(on);
    const before = journalFootprint(on.root);
    for (const command of [
      'status',
      'log',
      'show u1',
      'at u1',
      'diff',
      'verify',
      'journal cat',
      'plan hello',
    ]) {
      const { code, err } = await on.ripcord(command.split(' '));
      expect(code, `${command}: ${err}`).toBe(0);
    }
    expect(await on.json(['status'])).toMatchObject({ running: 'u1' });
    expect(journalFootprint(on.root)).toEqual(before);
    go();
    expect(await holder.ended).toMatchObject({ code: 0 });
  });

  test('gives way when it is killed: who waited takes its place', async () => {
    const on = await device();
    const { holder, go } = await stopped(on);
    const next = on.begin(['apply', 'hello', '-y']);
    holder.child.kill('SIGKILL');
    go();
    expect(await next.ended).toMatchObject({ code: 0 });
    expect(await outcomes(on)).toEqual([
      ['u1', 'committed'],
      ['u2', 'committed'],
    ]);
    expect(on.processes()).toHaveLength(2);
    await expectSound(on);
  });
});

describe.concurrent('a holder that dies while it serves somebody', () => {
  test.each(['kill@append=9', 'kill@append=12', 'kill@effect=7', 'kill@before-append=11'])(
    '%s: the client goes on',
    async (fault) => {
      const on = await device();
      const chute = await slowChute(on);
      const holder = on.begin(['apply', chute.directory, '-y'], { RIPCORD_FAULT: fault });
      const client = on.begin(['apply', 'hello', '-y', '-o', 'json']);
      chute.finish();
      const [held, asked] = await Promise.all([holder.ended, client.ended]);
      expect([held.signal, asked.code]).toContain(0);
      expect(jsonLines(asked.out).at(-1)).toMatchObject({ type: 'outcome', outcome: 'committed' });
      expect((await outcomes(on)).map(([, outcome]) => outcome)).toEqual([
        'committed',
        'committed',
      ]);
      expect(on.processes()).toHaveLength(2);
      await expectSound(on);
    },
  );
});

describe.concurrent('what an earlier holder left behind', () => {
  test.each<[string, (socket: string) => void]>([
    ['a file in the place of its socket', (socket) => writeFileSync(socket, 'no socket')],
    ['a dangling link in the place of its socket', (socket) => symlinkSync('/nowhere', socket)],
    ['a directory in the place of its socket', (socket) => mkdirSync(socket)],
  ])('%s keeps nobody from working', async (_what, leave) => {
    const on = await device();
    await on.install('hello');
    leave(join(on.root, 'ripcord.sock'));
    await on.install('hello-v2');
    await expectSound(on);
  });
});

describe.concurrent('a root has one holder by whatever name', () => {
  test('through a link, a relative path, and with slashes at its end', async () => {
    const on = await device();
    const link = join(on.home, 'link');
    mkdirSync(on.root);
    symlinkSync(on.root, link);
    const chute = await slowChute(on);
    const holder = on.begin(['apply', chute.directory, '-y', '--root', link]);
    await printed(holder, 'start main of slow');
    for (const root of [on.root, link, relative(on.home, on.root), `${on.root}//`, `${link}/.`]) {
      const { code, err } = await on.ripcord(['stop', 'slow', '--root', root]);
      expect(code, `${root}: ${err}`).toBe(6);
      expect(err).toContain('cannot change slow: u1 is on its way');
    }
    const { code, err } = await on.ripcord(['apply', 'hello', '-y', '--root', 'link/../root']);
    expect(code, err).toBe(0);
    chute.finish();
    expect(await holder.ended).toMatchObject({ code: 0 });
    const before = await on.json(['status']);
    expect(await on.json(['status', '--root', link])).toEqual(before);
    expect(await on.ripcord(['apply', 'hello', '-y', '--root', link])).toMatchObject({ code: 0 });
    expect(on.processes()).toHaveLength(2);
    await expectSound(on);
  });

  test('with a path too long for a socket', async () => {
    const on = await device();
    const long = join(on.home, ...Array.from({ length: 4 }, (_, n) => `${n}`.repeat(50)), 'root');
    const at = ['--root', long];
    const chute = await slowChute(on);
    const holder = on.begin(['apply', chute.directory, '-y', ...at]);
    await printed(holder, 'start main of slow');
    const client = await on.ripcord(['apply', 'hello', '-y', ...at]);
    expect(client.code, client.err).toBe(0);
    expect(await on.ripcord(['stop', 'slow', ...at])).toMatchObject({ code: 6 });
    chute.finish();
    expect(await holder.ended).toMatchObject({ code: 0 });
    expect(await on.answer()).toContain('version 1');
    for (const name of ['slow', 'hello'])
      expect(await on.ripcord(['rm', name, '-y', ...at])).toMatchObject({ code: 0 });
    expect(await on.json(['verify', ...at])).toMatchObject({ ok: true });
  });

  test('also after the root was moved', async () => {
    const on = await device();
    await on.install('hello');
    expect(await on.ripcord(['stop', 'hello'])).toMatchObject({ code: 0 });
    const before = (await on.json(['status'])) as { readonly stateHash: string };
    const moved = join(on.home, 'moved');
    renameSync(on.root, moved);
    expect(await on.json(['status', '--root', moved])).toMatchObject({
      stateHash: before.stateHash,
    });
    expect(await on.ripcord(['start', 'hello', '--root', moved])).toMatchObject({ code: 0 });
    expect(await on.answer()).toContain('version 1');
    expect(await on.ripcord(['rm', 'hello', '-y', '--root', moved])).toMatchObject({ code: 0 });
    rmSync(moved, { recursive: true });
  });
});
