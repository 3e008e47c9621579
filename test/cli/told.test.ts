import { expect, test } from 'vitest';

import { Shell } from './shell.ts';

test('a rollback that a person settled is told as settled', async () => {
  const shell = new Shell();
  const file = shell.define('sleep 600');
  const stuck = await shell.run(`apply ${file} -y`, {
    RIPCORD_FAULT: 'fail@step=hello/gate.check,fail@undo=release.switch',
  });
  expect(stuck.code).toBe(5);
  const [, step] = /ripcord resolve (u1\.s\d+)/.exec(stuck.err) ?? [];
  const { code, out } = await shell.run(`resolve ${step} --as retry -m tried`);
  expect(code).toBe(0);
  expect(out).toMatch(/^✓ u1 is settled: rolled back, device as before/);
  expect(out).not.toContain('failed');
});

test('what a step replaced is not told as added', async () => {
  const shell = new Shell();
  await shell.run(`apply ${shell.define('sleep 600')} -y`);
  await shell.run(`apply ${shell.define('sleep 601')} -y`);
  const stepOf = async (update: string): Promise<string> => {
    const story = JSON.parse((await shell.run(`show ${update} -o json`)).out) as {
      readonly plan: { readonly steps: readonly { readonly n: number; readonly kind: string }[] };
    };
    const { n } = story.plan.steps.find(({ kind }) => kind.startsWith('release.switch')) ?? {};
    return (await shell.run(`show ${update}.s${n}`)).out;
  };
  expect(await stepOf('u1')).toMatch(/\n {2}\+ hello/);
  expect(await stepOf('u2')).toMatch(/\n {2}~ hello/);
  expect(await stepOf('u2')).not.toMatch(/\n {2}\+ hello/);
});

test('undoing a removal is offered with what it needs', async () => {
  const shell = new Shell();
  const applied = await shell.run(`apply ${shell.define('sleep 600')} -y`);
  expect(applied.out).toMatch(/undo {5}ripcord rollback u1\n/);
  const { out } = await shell.run('rm hello -y');
  expect(out).toMatch(/undo {5}ripcord rollback u2 {2}# .*source/);
});
