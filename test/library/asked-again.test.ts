import { expect, test } from 'vitest';

import { PLANNERS } from '../../src/core/planners/all.ts';
import { simDrivers } from '../../src/drivers/sim/all.ts';
import { SimDevice } from '../../src/drivers/sim/device.ts';
import { askedAgain } from '../../src/library/asked-again.ts';
import { askedOf } from '../../src/library/asked.ts';
import { toBe } from '../core/host-config/device.ts';
import { ask, definition, service } from '../core/plan-model.ts';
import { asked, sha256, World } from '../engine/world.ts';

const KEY = 'MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=';

const HELLO = definition({ services: { main: service({}) } });

test('a rollback that is tried again needs no signature either', async () => {
  const world = new World();
  const device = new SimDevice({ sha256 });
  const { engine, requests } = await world.engine({
    faults: 'fail@step=u4.s*',
    planners: PLANNERS,
    driven: () => simDrivers(device),
  });
  const host = toBe({ trust: [{ name: 'alice', publicKey: KEY }] });
  const first = { ...asked(), chutes: [ask('apply', HELLO)] };
  const second = { ...asked(), chutes: [ask('apply', { ...HELLO, version: 2 })] };
  const back = { ...first, allowDowngrade: true, origin: { rollbackTo: 'u2' } };
  const outcomes = [];
  for (const request of [first, second, { ...asked(), host }, back])
    outcomes.push((await (await requests.ask(request)).done).outcome);
  expect(outcomes).toEqual(['committed', 'committed', 'committed', 'reverted']);

  const { chutes, options } = await askedAgain(engine.journal, 'u4');
  expect(options.origin).toEqual({ retryOf: 'u4', rollbackTo: 'u2' });
  const again = await requests.ask(askedOf(chutes, options));
  expect(await again.done).toMatchObject({ outcome: 'committed' });
});
