import { expect, test } from 'vitest';

import { compareChute } from '../../src/core/compare-chute.ts';
import { differences, worldOf } from '../../src/drivers/sim/sim-world.ts';
import { live, PATIENCE_MS } from './lived-histories.ts';
import { ask, planned, sha256 } from './plan-model.ts';

test(
  'a plan that is applied gives exactly what is desired, and the plan behind it is empty',
  async () => {
    await live(
      () => undefined,
      ({ changes }, { applied, device }, { facts }) => {
        for (const { chute, desired } of changes)
          expect(compareChute(applied.chutes[chute] ?? null, desired)).toEqual([]);
        expect(differences(device.world, applied, sha256)).toEqual([]);
        // What was put aside is gone, and what runs is started again if it dies.
        const { containers, networks } = device.world;
        expect(containers.filter(({ state, isKept }) => state !== 'running' || !isKept)).toEqual(
          [],
        );
        expect(networks).toEqual(worldOf(applied, sha256).networks);
        const again = changes.flatMap(({ desired }) =>
          desired?.run === 'running' ? [ask('apply', desired.definition)] : [],
        );
        if (again.length > 0)
          expect(planned(again, { applied, facts })).toMatchObject({ unchanged: true });
      },
    );
  },
  PATIENCE_MS,
);
