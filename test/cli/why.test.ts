import { describe, expect, test } from 'vitest';

import { freePort } from '../free-port.ts';
import { Shell } from './shell.ts';

type Entry = {
  readonly text: string;
  readonly events: readonly number[];
  readonly update?: string;
  readonly next?: string;
};

/** A device whose hello is r1; a louder one failed at its gate and was rolled back. */
async function device(): Promise<{ readonly shell: Shell; readonly port: number }> {
  const shell = new Shell();
  const port = await freePort();
  const define = (level: string): string =>
    shell.define('sleep 600', [
      `environment: {LOG_LEVEL: ${level}}`,
      `requests: {port-bindings: {${port}: ${port}}}`,
    ]);
  await shell.run(`apply ${define('info')} -y`);
  await shell.run(`apply ${define('debug')} -y -m louder`, {
    RIPCORD_FAULT: 'fail@step=hello/gate.check',
  });
  return { shell, port };
}

describe('why', () => {
  test('answers of chute, service, path, step and port, each with a command that can be run', async () => {
    const { shell, port } = await device();
    for (const [subject, says] of [
      ['hello', /^hello runs r1; desired r2 was withdrawn\.\n {1}1 {2}u1 made r1/],
      ['hello/main', /^hello\/main is running because undoing u2\.s1 started it/],
      ['hello.services.main.environment.LOG_LEVEL', /^info, set by u1 .*; u2 tried debug, rolled/],
      ['u2.s1', /because hello\.services\.main\.environment\.LOG_LEVEL → debug {2}/],
      [`port:${port}`, new RegExp(`^port ${port}/tcp is held by hello/main since u1\\.`)],
    ] as const) {
      const { code, out, err } = await shell.run(`why ${subject}`);
      expect({ code, err }).toEqual({ code: 0, err: '' });
      expect(out).toMatch(says);
      const next = out.trimEnd().split('\n').at(-1) ?? '';
      expect(next).toMatch(/^ripcord [a-z]+ /);
      if (next.startsWith('ripcord retry')) continue;
      expect((await shell.run(next.replace(/^ripcord /, ''))).code).toBe(0);
    }
  });

  test('gives programs a list, the answer first, whose records can be shown', async () => {
    const { shell } = await device();
    const { out } = await shell.run('why u2 -o json');
    const [head, ...chain] = JSON.parse(out) as readonly Entry[];
    expect(head).toMatchObject({ subject: 'u2', next: 'ripcord retry u2' });
    expect(chain.map(({ update }) => update)).toEqual(chain.map(() => 'u2'));
    const seq = chain.at(-1)?.events[0] ?? 0;
    expect((await shell.run(`show @${seq} -o json`)).out).toContain('update.reverted');
    const lines = (await shell.run('why u2 -o ndjson')).out.trimEnd().split('\n');
    expect(lines).toHaveLength(chain.length + 2);
  });

  test('refuses what nobody knows, naming what is nearest', async () => {
    const { shell } = await device();
    const { code, out, err } = await shell.run('why helo');
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err).toContain('did you mean hello?');
  });

  test('without a root is refused', async () => {
    const { code, err } = await new Shell().run('why hello');
    expect(code).toBe(2);
    expect(err).toContain('RIPCORD_ROOT_MISSING');
  });

  test('leaves the journal as it is, and hides secrets', async () => {
    const shell = new Shell();
    const secret = 'hunter22hunter22';
    const more = [`environment: {KEY: {secret: ${secret}}}`];
    await shell.run(`apply ${shell.define('sleep 600', more)} -y`);
    const before = (await shell.run('journal cat')).out;
    for (const subject of ['hello --deep', 'hello.services.main.environment.KEY', 'u1 -o json']) {
      const { code, out } = await shell.run(`why ${subject}`);
      expect(code).toBe(0);
      expect(out).not.toContain(secret);
      expect(out).not.toContain('$secret');
    }
    expect((await shell.run('journal cat')).out).toBe(before);
  });
});
