import { expect, test } from 'vitest';

import { stateHash } from '../../src/core/applied.ts';
import { randomFrom } from '../../src/drivers/sim/random.ts';
import { differences, type SimWorld } from '../../src/drivers/sim/sim-world.ts';
import { HISTORIES, live, PATIENCE_MS } from './lived-histories.ts';
import { sha256 } from './plan-model.ts';
import { SimRun } from './sim-run.ts';

test(
  'a rollback from any step restores the state hash and the device',
  async () => {
    let rollbacks = 0;
    await live(
      async ({ answer, applied, world, at }, { seed }) => {
        if (!('plan' in answer)) return;
        const { steps } = answer.plan;
        const undoable = steps.filter(({ afterCommit }) => !afterCommit);
        const random = randomFrom(seed + at);
        // The last and any other: over all histories that is every place.
        const between = Math.floor(random.next() * undoable.length);
        for (const fails of new Set([between, undoable.length - 1])) {
          const step = undoable[fails];
          if (!step) continue;
          const when = (['before', 'partway', 'after'] as const)[Math.floor(random.next() * 3)];
          const fault = { on: 'run', steps: step.id, when: when ?? 'after' } as const;
          const faults = [{ ...fault, answer: 'unknown' }] as const;
          const run = new SimRun(`u${at}`, world, applied, { faults });
          await run.run(undoable);
          const ran = run.device.ledger.map(({ step: id }) => id);
          await run.takeBack();
          rollbacks += 1;
          expect(stateHash(run.applied, sha256)).toBe(stateHash(applied, sha256));
          expect(differences(run.device.world, run.applied, sha256)).toEqual([]);
          expect(withoutWho(run.device.world)).toEqual(withoutWho(world));
          const undone = run.device.ledger.slice(ran.length).map(({ step: id }) => id);
          const backwards = [...new Set(ran)].toReversed().filter((id) => undone.includes(id));
          const known = new Set(backwards);
          expect([...new Set(undone)].filter((id) => known.has(id))).toEqual(backwards);
        }
      },
      undefined,
      HISTORIES / 2,
    );
    expect(rollbacks).toBeGreaterThan(HISTORIES / 2);
  },
  PATIENCE_MS,
);

/** Everything there is, but who the processes are. */
function withoutWho({ nextPid: _next, processes, ...rest }: SimWorld): unknown {
  const what = processes.map(({ chute, service, spec, isEnding }) =>
    [chute, service, spec, isEnding].join(' '),
  );
  return { ...rest, processes: what.toSorted() };
}
