import { expect, test } from 'vitest';

import { exec, type Command } from '../../src/drivers/exec.ts';
import { liveProcesses } from '../../src/drivers/proc.ts';
import { until } from './world.ts';

function command(line: string, rest: Partial<Command> = {}): Command {
  return {
    argv: ['/bin/sh', '-c', line],
    directory: '/',
    environment: { PATH: '/usr/bin:/bin' },
    timeoutMs: 60_000,
    outputBytesMax: 1_000,
    signal: new AbortController().signal,
    ...rest,
  };
}

test.each([
  { line: 'echo good', result: { code: 0, how: 'exit 0', output: 'good\n' } },
  { line: 'echo bad >&2; exit 3', result: { code: 3, how: 'exit 3', output: 'bad\n' } },
  { line: 'kill -TERM $$', result: { code: null, how: 'killed by SIGTERM', output: '' } },
  { line: 'pwd; echo $HOME', result: { code: 0, how: 'exit 0', output: '/\n\n' } },
])('tells how $line ended', async ({ line, result }) => {
  expect(await exec(command(line))).toEqual(result);
});

test('tells when there is no such program', async () => {
  expect(await exec(command('', { argv: ['no-such-program'] }))).toMatchObject({
    code: null,
    how: 'not found',
  });
});

test('hands arguments over as they are', async () => {
  const argv = ['/bin/echo', '$HOME', 'a b', '`id`; id'];
  expect((await exec(command('', { argv }))).output).toBe('$HOME a b `id`; id\n');
});

test('keeps no more output than allowed, and lets the command end', async () => {
  const { code, output } = await exec(command('head -c 1000000 /dev/zero | tr "\\0" x'));
  expect({ code, bytes: output.length }).toEqual({ code: 0, bytes: 1_000 });
});

test.each([
  { name: 'kills a command that takes too long, with what it started', line: 'wait' },
  { name: 'does not wait for what a command left behind, and ends it', line: 'true' },
])('$name', async ({ line }) => {
  const timeoutMs = line === 'wait' ? 100 : 60_000;
  const { how, output } = await exec(command(`sleep 60 & echo $!; ${line}`, { timeoutMs }));
  expect(how).toBe(line === 'wait' ? 'timed out after 100 ms' : 'exit 0');
  const left = Number(output);
  expect(left).toBeGreaterThan(0);
  await until(() => !liveProcesses().some(({ pid }) => pid === left));
});

test('ends with an abort', async () => {
  const abort = new AbortController();
  const running = exec(command('sleep 60', { signal: abort.signal }));
  abort.abort();
  await expect(running).rejects.toMatchObject({ name: 'AbortError' });
});
