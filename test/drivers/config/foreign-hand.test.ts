import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { expect, test } from 'vitest';

import { NOTHING_APPLIED } from '../../../src/core/applied.ts';
import type { StepContext } from '../../../src/core/driver.ts';
import { changeBack, type FileChange, type HostFile } from '../../../src/core/host-file.ts';
import type { UndoOf } from '../../../src/core/step.ts';
import { configWrite } from '../../../src/drivers/config/config-write.ts';
import { testContext } from '../../../src/testing/test-context.ts';
import { temporaryRoot, writeTree } from '../world.ts';

const PATH = 'host/dnsmasq/br-lan.conf';

const OLD: HostFile = { service: 'dhcp', mode: 0o600, sections: { hello: { '0': 'old' } } };

/** A file as it was written last, and a change of it to this text. */
function writing(text: string): {
  readonly context: StepContext;
  readonly args: FileChange;
  readonly undo: UndoOf<'config.write@1'>;
} {
  const root = temporaryRoot();
  writeTree(root, { [PATH]: 'old' });
  const args = { ...OLD, path: PATH, sections: { hello: { '0': text } } };
  const applied = { ...NOTHING_APPLIED, host: { files: { [PATH]: OLD } } };
  const context = testContext({ root, kind: 'config.write@1', args, applied });
  return { context, args, undo: { found: 'before', back: changeBack(OLD, args) } };
}

const holds = ({ root }: StepContext, path: string): string | null =>
  existsSync(join(root, path)) ? readFileSync(join(root, path), 'utf8') : null;

test('what somebody else writes between the look and the write, and behind it, is kept aside', async () => {
  const { context, args, undo } = writing('new');
  expect(await configWrite.prepare?.(context, args)).toEqual(undo);
  writeTree(context.root, { [PATH]: 'between' });
  await configWrite.run(context, args, undo);
  writeTree(context.root, { [PATH]: 'behind' });
  // Undone again, as after a crash: what is there now is our own.
  for (let time = 0; time < 2; time++) {
    await configWrite.undo?.(context, args, undo);
    expect(holds(context, PATH)).toBe('old');
    expect(holds(context, `quarantine/${context.update}/${PATH}`)).toBe('between');
    expect(holds(context, `quarantine/${context.update}/undone/${PATH}`)).toBe('behind');
  }
});

test('a file that could not be written for want of a secret is undone without it', async () => {
  const { context, args, undo } = writing('key={{secret:line:gone}}\n');
  await expect(configWrite.run(context, args, undo)).rejects.toMatchObject({
    code: 'RIPCORD_SECRET_MISSING',
  });
  await configWrite.undo?.(context, args, undo);
  expect(holds(context, PATH)).toBe('old');
  expect(existsSync(join(context.root, 'quarantine'))).toBe(false);
});
