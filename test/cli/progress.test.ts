import { describe, expect, test } from 'vitest';

import type { Recorded } from '../../journal/record.ts';
import { listLines } from '../../src/cli/progress-list.ts';
import { plainLine } from '../../src/cli/progress-plain.ts';
import { noProgress, type Progress, progressAfter } from '../../src/cli/progress.ts';
import { openTerminal } from '../../src/cli/terminal.ts';
import type { ChuteEvent } from '../../src/core/events.ts';
import { asked, definition, World } from '../engine/world.ts';

async function recordsOf(faults: string): Promise<readonly Recorded<ChuteEvent>[]> {
  const world = new World();
  const { engine, requests } = await world.engine({ faults });
  const { done } = await requests.ask(asked(definition('hello', 1, ['A', 'B'])));
  await done;
  const records: Recorded<ChuteEvent>[] = [];
  for await (const record of engine.journal.read()) records.push(record);
  await engine.close();
  return records;
}

const folded = (records: readonly Recorded<ChuteEvent>[]): Progress =>
  records.reduce(progressAfter, noProgress('u1'));

const plain = openTerminal({
  color: 'never',
  env: { LANG: 'C.UTF-8' },
  stdout: process.stdout,
  stderr: process.stderr,
});

describe('progress as a fold of records', () => {
  test('ends with every step done and the update committed', async () => {
    const progress = folded(await recordsOf(''));
    expect(progress).toMatchObject({ update: 'u1', phase: 'committed' });
    expect(progress.steps.map(({ n, status }) => [n, status])).toEqual([
      [1, 'done'],
      [2, 'done'],
      [3, 'done'],
    ]);
    expect(progress.chutes).toEqual([{ chute: 'hello', operation: 'apply' }]);
  });

  test('shows what failed and what was undone', async () => {
    const progress = folded(await recordsOf('fail@step=hello/b'));
    expect(progress.phase).toBe('over');
    const [first, second, third] = progress.steps;
    expect(first?.status).toBe('undone');
    expect(second).toMatchObject({ error: { code: 'RIPCORD_FAULT_INJECTED' } });
    expect(['undone', 'failed']).toContain(second?.status);
    expect(third?.status).toBe('waiting');
  });

  test('shows an undo that needs a person', async () => {
    const faults = 'fail@step=hello/b,fail@undo=hello/a';
    const progress = folded(await recordsOf(faults));
    expect(progress.phase).toBe('stuck');
    expect(progress.steps[0]?.status).toBe('stuck');
  });

  test('is not moved by records of other updates', async () => {
    const before = noProgress('u7');
    expect((await recordsOf('')).reduce(progressAfter, before)).toBe(before);
  });

  test('tells one line a change, the request first and the outcome last', async () => {
    let progress = noProgress('u1');
    const lines: string[] = [];
    for (const record of await recordsOf('')) {
      progress = progressAfter(progress, record);
      const line = plainLine(record, progress);
      if (line !== null && 'update' in record) lines.push(line);
    }
    expect(lines[0]).toMatch(/^\d\d:\d\d:\d\d\.\d{3} u1 update\.requested +apply hello$/);
    expect(lines[1]).toMatch(/ u1 update\.planned +3 steps$/);
    expect(lines.at(-1)).toMatch(/ u1 update\.committed /);
    expect(lines.filter((line) => line.includes('step.succeeded'))).toHaveLength(3);
    expect(lines.join('\n')).not.toContain('step.intended');
  });
});

describe('the list on a terminal', () => {
  test('has a head and a line a step, none wider than the terminal', async () => {
    const progress = folded(await recordsOf(''));
    const lines = listLines(progress, { ...plain, columns: 40 }, { nowUp: 0, rows: 24 });
    expect(lines).toHaveLength(4);
    expect(lines[0]).toMatch(/^u1 {2}3\/3 /);
    expect(lines[1]).toMatch(/^ ✓ s1 +put A/);
    for (const line of lines) expect(line.length).toBeLessThanOrEqual(40);
  });

  test('shows as many steps as fit, those that are under way among them', () => {
    const steps = Array.from({ length: 100 }, (_, at) => ({
      n: at + 1,
      id: `hello/${at}`,
      title: `step ${at + 1}`,
      status: at < 70 ? ('done' as const) : ('waiting' as const),
      afterCommit: false,
      beganUp: null,
      durationMs: null,
      error: null,
      recovered: false,
    }));
    const progress: Progress = { ...noProgress('u1'), phase: 'running', steps };
    const lines = listLines(progress, { ...plain, columns: 80 }, { nowUp: 0, rows: 12 });
    expect(lines).toHaveLength(11);
    expect(lines.join('\n')).toContain('s71');
  });
});
