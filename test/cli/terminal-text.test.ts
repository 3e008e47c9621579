import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';

import { describe, expect, test } from 'vitest';

import { openTerminal, table, type Terminal } from '../../src/cli/terminal.ts';
import { Shell } from './shell.ts';

function terminal(): Pick<Terminal, 'red' | 'dim' | 'bold'> & {
  readonly out: (text: string) => void;
  readonly written: () => string;
} {
  const stream = new PassThrough() as unknown as NodeJS.WriteStream;
  const opened = openTerminal({ color: 'always', env: {}, stdout: stream, stderr: stream });
  const written = (): string => String((stream as unknown as PassThrough).read() ?? '');
  return { ...opened, out: (text) => opened.out(text), written };
}

describe('a text of others', () => {
  test('colours, moves and clears nothing', () => {
    const { out, red, written } = terminal();
    out(`${red('a\u001B[2Jb\u001B[31mc')} \u009B31m\r\u0007\u007F\0 d\n`);
    expect(written()).toBe(
      String.raw`RED[a\u001b[2Jb\u001b[31mc] \u009b31m\u000d\u0007\u007f\u0000 d`
        .replace('RED[', '\u001B[31m')
        .replace(']', '\u001B[39m')
        .concat('\n'),
    );
  });

  test('cannot pretend to be a colour of ours', () => {
    const { out, red, written } = terminal();
    const own = red('x');
    out('\u001B[1;31m\u001B[4242;31m\n');
    expect(written()).toBe('\\u001b[1;31m\\u001b[4242;31m\n');
    expect(own).not.toBe('\u001B[31mx\u001B[39m');
  });

  test('keeps the columns of a table', () => {
    const { out, bold, written } = terminal();
    out(
      table([
        [bold('a'), 'x\u001B[31m\ny', 'end'],
        ['b', 'x', 'end'],
      ]),
    );
    const [first = '', second = ''] = written().split('\n');
    expect(first).toBe('\u001B[1ma\u001B[22m  x\\u001b[31m\\ny  end');
    expect(second.indexOf('end')).toBe(first.indexOf('end') - '\u001B[1m\u001B[22m'.length);
  });
});

test('colours inside of colours go on behind them', () => {
  const { out, red, dim, bold, written } = terminal();
  out(dim(`a ${bold('b')} c ${red('d')}`));
  expect(written()).toBe(
    '\u001B[2ma \u001B[1mb\u001B[22m\u001B[2m c \u001B[31md\u001B[39m\u001B[22m',
  );
});

test('what a service prints stays as it is, and a message is written escaped', async () => {
  const shell = new Shell();
  const file = shell.define('node main.mjs');
  const code = "console.log('\\u001b[32mgreen');setInterval(()=>{},1000)";
  writeFileSync(join(shell.home, 'hello/main.mjs'), code);
  const applied = await shell.run(`apply ${file} -y -m a\u001B[2Jb`);
  expect(applied.code).toBe(0);
  expect((await shell.run('logs hello')).out).toBe('\u001B[32mgreen\n');
  for (const line of ['log', 'show u1', 'show u1 --raw']) {
    const { out } = await shell.run(line);
    expect(out.replaceAll('\n', ''), line).not.toMatch(/\p{Cc}/u);
    expect(out, line).toContain(String.raw`a\u001b[2Jb`);
  }
}, 60_000);
