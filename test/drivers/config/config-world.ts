import { join } from 'node:path';

import { type Applied, NOTHING_APPLIED } from '../../../src/core/applied.ts';
import {
  changeBack,
  changedFile,
  type FileChange,
  type FileSections,
} from '../../../src/core/host-file.ts';
import type { ArgsOf, UndoOf } from '../../../src/core/step.ts';
import type { Scenario } from '../../../src/testing/driver-contract.ts';
import { testContext } from '../../../src/testing/test-context.ts';
import { treeOf } from '../files/file-world.ts';
import { temporaryRoot, writeTree } from '../world.ts';

export const PATH = 'host/config/dnsmasq.conf';
export const RUNNING = `host/running/${PATH}`;

/** A file that one chute has for itself: what the journal has of it, and what it is to hold. */
type Written = {
  readonly content?: string | null;
  readonly before?: string | null;
} & Partial<FileChange>;

export const whole = (text: string): FileSections => ({ hello: { '0': text } });

export function writing(
  { content = 'new', before = 'old', ...given }: Written = {},
  files: Readonly<Record<string, string>> = { [PATH]: 'old', [RUNNING]: 'old' },
): Scenario<ArgsOf<'config.write@1'>> {
  const root = temporaryRoot();
  writeTree(root, files);
  const shape = { path: PATH, mode: 0o600, service: 'dhcp' as const, ...given };
  const args = { sections: content === null ? null : whole(content), ...shape };
  const kind = 'config.write@1';
  const secrets = { wifi: 'hush' };
  const context = testContext({ root, kind, args, secrets, applied: having(args, before) });
  return { args, context, world: async () => treeOf(join(root, 'host')) };
}

/** What is applied when this was written last. */
export function having(change: FileChange, text: string | null): Applied {
  const file = text === null ? null : changedFile(null, { ...change, sections: whole(text) });
  const files = file === null ? {} : { [change.path]: file };
  return { ...NOTHING_APPLIED, host: { files } };
}

export function undoOf(
  { context, args }: Scenario<ArgsOf<'config.write@1'>>,
  found: UndoOf<'config.write@1'>['found'],
): UndoOf<'config.write@1'> {
  return { found, back: changeBack(context.applied.host.files[args.path] ?? null, args) };
}
