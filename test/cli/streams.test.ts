import { describe, expect, test } from 'vitest';

import { linesOf, Shell } from './shell.ts';

describe('a stream', () => {
  test('says first what it is, whatever comes of the request', async () => {
    const shell = new Shell();
    const file = shell.define('sleep 600');
    for (const [line, outcome] of [
      [`apply ${file} -y`, 'committed'],
      [`apply ${file} -y`, 'unchanged'],
      ['stop nobody', 'rejected'],
      ['watch u1', 'committed'],
      ['rm hello -y --detach', null],
      ['watch u3', 'committed'],
    ] as const) {
      const { out } = await shell.run(`${line} -o ndjson`);
      const lines = linesOf(out);
      expect(lines[0], line).toEqual({ type: 'stream', schema: '1.0' });
      expect(lines.filter(({ type }) => type === 'stream')).toHaveLength(1);
      const end = outcome === null ? { type: 'detached' } : { type: 'outcome', outcome };
      expect(lines.at(-1), line).toMatchObject(end);
    }
    expect(linesOf((await shell.run(`apply ${file} -y -o json`)).out)[0]).not.toMatchObject({
      type: 'stream',
    });
  });

  test('says first what it is when nothing could be asked', async () => {
    const shell = new Shell();
    const { out, code } = await shell.run('apply nowhere -y -o ndjson');
    expect(code).toBe(2);
    expect(linesOf(out)).toEqual([
      { type: 'stream', schema: '1.0' },
      expect.objectContaining({ type: 'outcome', outcome: 'rejected' }),
    ]);
  });
});

test('a command line that cannot be read is refused in the format that it asks for', async () => {
  const shell = new Shell();
  const outcome = { type: 'outcome', outcome: 'rejected', error: expect.anything() };
  const error = { error: expect.objectContaining({ code: expect.stringMatching(/^RIPCORD_/) }) };
  for (const [line, end] of [
    ['apply x --mode foo', outcome],
    ['apply --nonsense', outcome],
    ['watch @x', outcome],
    ['rollback', outcome],
    ['hold', error],
    ['nonsense', error],
    ['status --nonsense', error],
    ['completion constructor', error],
  ] as const)
    for (const how of [`-o json ${line}`, `${line} -o ndjson`, `${line} --output=ndjson`, line]) {
      const env = how === line ? { RIPCORD_OUTPUT: 'ndjson' } : {};
      const { out, err, code } = await shell.run(how, env);
      expect([how, code === 0, err]).toEqual([how, false, '']);
      const stream = how.startsWith('-o json') ? [] : [{ type: 'stream', schema: '1.0' }];
      expect(linesOf(out), how).toEqual([...stream, expect.objectContaining(end)]);
    }
}, 120_000);

test('completion is JSON where that is asked for', async () => {
  const { out } = await new Shell().run('completion bash -o json');
  expect(JSON.parse(out)).toEqual({
    shell: 'bash',
    script: expect.stringContaining('complete -o default'),
  });
});

test('log refuses boots that there are none of', async () => {
  const shell = new Shell();
  await shell.run(`apply ${shell.define('sleep 600')} -y`);
  for (const wrong of ['--boot=x', '--boot=-1', '--boot=1.5', '--boot=3', '--boot=x --events']) {
    const { code, err } = await shell.run(`log ${wrong}`);
    expect(err, wrong).toMatch(/code: {2}RIPCORD_(?:REF_UNKNOWN|USAGE_INVALID)/);
    expect(code, wrong).toBe(2);
  }
  for (const right of ['--boot', '--boot=0'])
    expect((await shell.run(`log ${right}`)).out, right).toContain('u1');
});
