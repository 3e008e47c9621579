import { freeze } from 'immer';
import { describe, expect, test } from 'vitest';

import { type Applied, NOTHING_APPLIED } from '../../src/core/applied.ts';
import type { Definition } from '../../src/core/chute.ts';
import type { ChuteRequest } from '../../src/core/events.ts';
import { changeBack, changedFile, filePatch, fileText } from '../../src/core/host-file.ts';
import type { HostFile } from '../../src/core/host-file.ts';
import { canonical } from '../../src/core/json.ts';
import { NO_NETWORK } from '../../src/core/network.ts';
import type { Plan } from '../../src/core/plan.ts';
import type { ArgsOf } from '../../src/core/step.ts';
import { ask, definition, patched, planOf as planFor, run, service } from './plan-model.ts';

const RULES = 'host/nftables.nft';

/** A chute with a network of its own. */
const networked = (name: string, vlan: number, from = 9000 + vlan): Definition =>
  definition({
    name,
    services: {
      main: service({ interfaces: { lan: { type: 'vlan', 'vlan-id': vlan, dhcp: RANGE } } }),
    },
    firewall: { web: { type: 'redirect', from: `@host.lan:${from}`, to: 'lan:80' } },
  });

const RANGE = { leasetime: '12h', start: 10, limit: 20 };

const FACTS = { network: { ...NO_NETWORK, uplink: { interface: 'eth0', address: null } } };

const planOf = (chutes: readonly ChuteRequest[], applied: Applied = NOTHING_APPLIED): Plan =>
  planFor(chutes, { applied, facts: FACTS });

/** A device with so many of them, frozen as a fold leaves it. */
function deviceWith(count: number): Applied {
  const asked = Array.from({ length: count }, (_, at) =>
    ask('apply', networked(`c${String(at).padStart(3, '0')}`, at + 10)),
  );
  return freeze(run(NOTHING_APPLIED, planOf(asked)).applied, true);
}

const written = (applied: Applied): Readonly<Record<string, string>> =>
  Object.fromEntries(
    Object.entries(applied.host.files).map(([path, file]) => [path, fileText(file.sections)]),
  );

const writesOf = (applied: Applied, asked: Definition): readonly ArgsOf<'config.write@1'>[] =>
  planOf([ask('apply', asked)], applied).steps.flatMap(({ kind, args }) =>
    kind === 'config.write@1' ? [args as unknown as ArgsOf<'config.write@1'>] : [],
  );

describe('a plan that changes a file that all share', () => {
  test('holds the sections of the chute that changes and of no other', () => {
    const writes = writesOf(deviceWith(5), networked('c002', 99));
    expect(writes.map(({ path, sections }) => [path, Object.keys(sections ?? {})])).toEqual([
      ['host/dnsmasq/br-lan.12.conf', []],
      ['host/dnsmasq/br-lan.99.conf', ['c002']],
      ['host/links.json', ['c002']],
      [RULES, ['c002']],
    ]);
  });

  test('is as large among forty chutes as among four', () => {
    const [few, many] = [4, 40].map(
      (count) => canonical([...writesOf(deviceWith(count), networked('c002', 99))]).length,
    );
    expect(many).toBe(few);
  });

  test('leaves the same files as if all had come at once', () => {
    const first = deviceWith(5);
    const { applied } = run(
      first,
      planOf([ask('apply', networked('c001', 77)), ask('delete', 'c000')], first),
    );
    const all = [networked('c001', 77), ...[2, 3, 4].map((at) => networked(`c00${at}`, at + 10))];
    const anew = run(NOTHING_APPLIED, planOf(all.map((each) => ask('apply', each)))).applied;
    // Networks were given in another order: what depends on them cannot be the same.
    const plain = (text: string): string => text.replaceAll(/10\.128\.\d+\./g, '10.128.n.');
    expect(Object.keys(written(applied)).toSorted()).toEqual(Object.keys(written(anew)).toSorted());
    for (const [path, text] of Object.entries(written(applied)))
      expect(plain(text), path).toBe(plain(written(anew)[path] ?? ''));
  });
});

describe('what was written', () => {
  /** A device whose files another program wrote, which began every rule otherwise. */
  function fromBefore(): Applied {
    const applied = deviceWith(3);
    const file = applied.host.files[RULES];
    if (!file) throw new Error('no rules');
    const old = Object.entries(file.sections).map(([owner, section]) => [
      owner,
      Object.fromEntries(
        Object.entries(section).map(([place, text]) => [place, `# by the one before\n${text}`]),
      ),
    ]);
    const value = { ...file, sections: Object.fromEntries(old) };
    const path = `/host/files/${RULES.replace('/', '~1')}`;
    return freeze(patched(applied, [{ op: 'replace', path, value }]), true);
  }

  test('by a program that rendered otherwise is found, and given back when the update is undone', () => {
    const before = fromBefore();
    const { steps } = planOf([ask('apply', networked('c001', 88))], before);
    const ran = run(before, { steps });
    expect(written(ran.applied)[RULES]).not.toContain('by the one before');
    const undone = ran.inverses.reduceRight(
      (applied, inverse) => patched(applied, inverse),
      ran.applied,
    );
    expect(undone).toEqual(before);
    expect(written(undone)[RULES]).toContain('by the one before');
  });

  test('is put together from the record and comes back by the change back', () => {
    const before = fromBefore();
    for (const change of writesOf(before, networked('c001', 88))) {
      const file: HostFile | null = before.host.files[change.path] ?? null;
      const after = changedFile(file, change);
      const now = patched(before, filePatch(file, change));
      expect(now.host.files[change.path] ?? null).toEqual(after);
      const back = changeBack(file, change);
      expect(changedFile(after, back)).toEqual(file);
      // Undone before it was recorded as done: the same.
      expect(changedFile(file, back)).toEqual(file);
    }
  });
});

test('two chutes whose devices would be called alike are refused, also where one stays as it is', () => {
  const applied = deviceWith(2);
  const other = freeze(
    patched(applied, [
      { op: 'replace', path: '/chutes/c000/interfaces/lan/outside', value: 'br-lan.50' },
    ]),
    true,
  );
  expect(() => planOf([ask('apply', networked('c005', 50))], other)).toThrow(/c000 has br-lan\.50/);
});
