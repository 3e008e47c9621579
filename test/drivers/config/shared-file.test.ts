import { chmodSync, existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, test } from 'vitest';

import type { ArgsOf } from '../../../src/core/step.ts';
import { configWrite } from '../../../src/drivers/config/config-write.ts';
import { driverContract, type Scenario } from '../../../src/testing/driver-contract.ts';
import { treeOf } from '../files/file-world.ts';
import { having, undoOf, whole, writing } from './config-world.ts';

const UCI = 'etc/config/dhcp';
const FOREIGN = "# mine\n\nconfig dnsmasq\n\toption domain 'lan'\n";
const section = (limit: string): string =>
  `config dhcp 'ripcord__a__dhcp'\n\toption limit '${limit}'\n`;

function sharing(file: string | null): Scenario<ArgsOf<'config.write@1'>> {
  const shared = { path: UCI, merge: 'uci', mode: 0o644 } as const;
  const { context, args } = writing(
    { ...shared, content: section('50'), before: null },
    { 'etc/config/system': '', ...(file !== null && { [UCI]: file }) },
  );
  return { args, context, world: async () => treeOf(join(context.root, 'etc')) };
}

describe.each([
  ['with sections of others', FOREIGN],
  ['that does not end with a line', FOREIGN.trimEnd()],
  ['that is empty', ''],
  ['that is not there', null],
])('a shared file %s', (_what, file) => {
  driverContract(
    { describe, test, expect },
    {
      kind: 'config.write@1 in a shared file',
      driver: configWrite,
      arrange: async () => sharing(file),
    },
  );

  test('keeps every byte of others, when ours come, change and go', async () => {
    const { context, args } = sharing(file);
    const path = join(context.root, UCI);
    const before = file === null ? null : readFileSync(path, 'utf8');
    const steps = [null, section('50'), section('60'), null];
    for (const [at, content] of steps.slice(1).entries()) {
      const step = { ...args, sections: content === null ? null : whole(content) };
      const now = { ...context, applied: having(args, steps[at] ?? null) };
      const undo = await configWrite.prepare?.(now, step);
      expect(undo).toMatchObject({ found: 'before' });
      if (undo) await configWrite.run(now, step, undo);
      if (content !== null) expect(readFileSync(path, 'utf8')).toContain(content);
      if (content !== null && before !== null)
        expect(readFileSync(path, 'utf8')).toMatch(new RegExp(`^${before}`));
    }
    expect(existsSync(path) ? readFileSync(path, 'utf8') : null).toBe(before);
  });
});

describe('a shared file', () => {
  test('is not opened to more readers than it had', async () => {
    const scenario = sharing(FOREIGN);
    const { context, args } = scenario;
    const path = join(context.root, UCI);
    chmodSync(path, 0o600);
    await configWrite.run(context, args, undoOf(scenario, 'before'));
    expect(statSync(path).mode & 0o777).toBe(0o600);
    // Nothing of it is to be otherwise: it is left as its owner has it.
    chmodSync(path, 0o664);
    await configWrite.run(context, args, undoOf(scenario, 'wanted'));
    expect(statSync(path).mode & 0o777).toBe(0o664);
  });

  test('that cannot be read is not written', async () => {
    const scenario = sharing("config 'broken");
    const { context, args, world } = scenario;
    const before = await world();
    const run = configWrite.run(context, args, undoOf(scenario, 'before'));
    await expect(run).rejects.toMatchObject({ code: 'RIPCORD_PLAN_INVALID' });
    expect(await world()).toEqual(before);
  });
});
