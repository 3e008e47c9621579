import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

import { afterEach, expect, test } from 'vitest';

import { findHierarchy } from '../../src/drivers/cgroups.ts';
import { HostTree } from '../../src/drivers/host-tree.ts';
import type { Ripcord } from '../../src/library/ripcord.ts';
import { chute, Root, SLEEPS } from './open-root.ts';

const cpu = findHierarchy(new HostTree(), 'cpu');
const reason = cpu === null ? ' (left out: no cpu cgroup of this host can be written)' : '';

let root = new Root();

afterEach(async () => {
  await root.destroy();
  root = new Root();
});

type Main = { readonly services: { readonly main: object } };

const asking = (name: string, fraction: number | null, command: readonly string[]): object => {
  const made = chute(command) as Main;
  const requests = fraction === null ? {} : { 'cpu-fraction': fraction };
  return { ...made, name, services: { main: { ...made.services.main, requests } } };
};

/** What the kernel gives a chute's service; null where it has no group. */
function sharesOf(name: string): string | null {
  const { dev, ino } = statSync(root.path, { bigint: true });
  const group = join(cpu?.path ?? '', `ripcord-${dev}-${ino}`, `${name}:main`);
  const file = join(group, cpu?.version === 2 ? 'cpu.weight' : 'cpu.shares');
  return existsSync(file) ? readFileSync(file, 'utf8').trim() : null;
}

const [MORE, LESS] = cpu?.version === 2 ? ['59', '20'] : ['1536', '512'];

const applied = async (ripcord: Ripcord, definition: object): Promise<string> =>
  (await (await ripcord.apply([definition])).done).outcome;

test.skipIf(cpu === null)(
  `shares of other chutes change with an update and come back with its rollback${reason}`,
  async () => {
    const ripcord = await root.open();
    expect(await applied(ripcord, asking('camera', 0.5, SLEEPS))).toBe('committed');
    expect(sharesOf('camera')).toBe(null);

    expect(await applied(ripcord, asking('wiki', null, ['no-such-command']))).toBe('reverted');
    expect([sharesOf('camera'), sharesOf('wiki')]).toEqual([null, null]);
    expect(ripcord.state.applied.limits).toEqual({});

    expect(await applied(ripcord, asking('wiki', null, SLEEPS))).toBe('committed');
    expect([sharesOf('camera'), sharesOf('wiki')]).toEqual([MORE, LESS]);

    const stop = { chute: 'wiki', operation: 'stop', definition: null, sources: {} } as const;
    expect((await (await ripcord.ask([stop])).done).outcome).toBe('committed');
    expect([sharesOf('camera'), sharesOf('wiki')]).toEqual([null, null]);

    const gone = { chute: 'camera', operation: 'delete', definition: null, sources: {} } as const;
    expect((await (await ripcord.ask([gone])).done).outcome).toBe('committed');
    expect(sharesOf('camera')).toBe(null);
  },
);
