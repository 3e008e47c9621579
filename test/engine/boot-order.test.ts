import { expect, test } from 'vitest';

import type { ChuteEvent } from '../../src/core/events.ts';
import type { Planner } from '../../src/core/plan.ts';
import type { Engine } from '../../src/engine/engine.ts';
import type { Requests } from '../../src/engine/requests.ts';
import { Supervisor } from '../../src/engine/supervisor.ts';
import { asked, definition, World } from './world.ts';

/** Chutes whose services are things that a reboot takes away; those that lack a radio cannot be started. */
const chutes = (lacking: readonly string[] = []): Planner => ({
  name: 'chutes',
  version: 1,
  plan: ({ chute: name, operation, before, desired }) => {
    const up = {
      id: `${name}/start`,
      phase: 87,
      kind: 'thing.put@1',
      args: { name: `${name}/started` },
      title: 'start',
      retries: 0,
    };
    if (operation === 'start') {
      const reason = { code: 'RIPCORD_RESOURCE_MISSING', message: 'no radio' } as const;
      return lacking.includes(name)
        ? { refusals: [{ ...reason, path: '', hint: 'plug it in' }] }
        : { steps: [up] };
    }
    const value = {
      definition: desired?.definition ?? null,
      run: 'running' as const,
      services: { main: { state: 'running' as const, spec: null, instance: null } },
      releases: {},
      volumes: {},
      interfaces: {},
      redirects: [],
    };
    const op = before ? ('replace' as const) : ('add' as const);
    const args = { chute: name, patch: [{ op, path: `/chutes/${name}`, value }] };
    const save = { id: `${name}/save`, phase: 95, kind: 'chute.save@1' as const, args, title: 's' };
    return { steps: [up, save] };
  },
});

class Gateway {
  readonly world = new World();

  constructor() {
    this.world.observe = (applied, names) =>
      names
        .filter((name) => applied.chutes[name]?.run === 'running')
        .map((name) => ({
          chute: name,
          service: 'main',
          state: this.world.things.has(`${name}/started`) ? 'running' : 'exited',
          instance: null,
          evidence: 'looked',
        }));
  }

  async installs(...names: readonly string[]): Promise<void> {
    const { engine, requests } = await this.world.engine({ planners: [chutes()] });
    for (const name of names) await (await requests.ask(asked(definition(name, 1, [])))).done;
    await engine.close();
  }

  /** The process dies behind what is done here, and the machine starts anew. */
  async crashesIn(work: (requests: Requests, engine: Engine) => Promise<void>): Promise<void> {
    const { engine, requests } = await this.world.engine({ planners: [chutes()] });
    await work(requests, engine);
    this.world.shelf.generation += 1;
    this.world.shelf.boot = 'b2';
    this.world.pause = async () => undefined;
    this.world.things.clear();
  }

  /** The same right behind a request, of which nothing had begun. */
  async crashesBefore(requested: ReturnType<typeof definition>): Promise<void> {
    await this.crashesIn(async (requests, engine) => {
      engine.holdBack(() => false);
      await requests.ask(asked(requested));
    });
  }

  /** What the first engine after that writes, until it is done with what there was. */
  async boots(lacking: readonly string[] = []): Promise<readonly string[]> {
    const from = this.world.shelf.records.length;
    const { engine, requests } = await this.world.engine({ planners: [chutes(lacking)] });
    const supervisor = new Supervisor(engine, requests);
    await supervisor.booted;
    supervisor.stop();
    await engine.close();
    await supervisor.ended();
    return this.world.shelf.records
      .slice(from)
      .flatMap((event): readonly string[] => wordOf(event));
  }
}

function wordOf(event: ChuteEvent): readonly string[] {
  if (event.type === 'update.requested') {
    const [{ chute, operation } = { chute: '', operation: '' }] = event.request.chutes;
    return [
      `${event.update} asks to ${operation} ${chute}${event.request.atBoot ? ' at boot' : ''}`,
    ];
  }
  return 'update' in event && event.type.startsWith('update.')
    ? [`${event.update} ${event.type.slice('update.'.length)}`]
    : [];
}

/** Asks for the next version of a chute, and waits until its start is reached, which never comes. */
async function hangs(world: World, requests: Requests, name: string): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    world.pause = async (thing) => {
      if (thing !== `${name}/started`) return;
      resolve();
      await new Promise<void>(() => undefined);
    };
    requests.ask(asked(definition(name, 2, []))).catch(reject);
  });
}

const behind = (words: readonly string[], word: string): readonly string[] =>
  words.slice(words.indexOf(word) + 1);

test('what should run is started before what had not begun', async () => {
  const gateway = new Gateway();
  await gateway.installs('door', 'lamp');
  await gateway.crashesBefore(definition('door', 2, []));
  const words = await gateway.boots();
  expect(words).toContain('u4 asks to start door at boot');
  expect(words).toContain('u5 asks to start lamp at boot');
  const later = behind(words, 'u3 planned');
  expect(words).toContain('u3 planned');
  expect(later).toEqual(['u3 started', 'u3 committed']);
  expect([...gateway.world.things.keys()].toSorted()).toEqual(['door/started', 'lamp/started']);
});

test('what had begun is settled first where it is in the way of a start, and what waits behind it last', async () => {
  const gateway = new Gateway();
  await gateway.installs('door', 'lamp');
  await gateway.crashesIn(async (requests) => {
    await hangs(gateway.world, requests, 'lamp');
    await requests.ask({ ...asked(definition('lamp', 3, [])), mode: 'queue' });
  });
  const words = await gateway.boots();
  // Its own start is undone work: the update brings it up by itself, and nobody else starts it.
  expect(words.filter((word) => word.endsWith('at boot'))).toEqual([
    'u5 asks to start door at boot',
  ]);
  const later = behind(words, 'u4 planned');
  expect(later).toEqual(['u4 started', 'u4 committed']);
  for (const word of ['u3 committed', 'u5 committed'])
    expect(words.indexOf(word)).toBeLessThan(words.indexOf('u4 planned'));
});

test('one that cannot be started keeps its wish, and fails nobody else’s update', async () => {
  const gateway = new Gateway();
  await gateway.installs('door', 'lamp');
  await gateway.crashesIn(async (requests) => await hangs(gateway.world, requests, 'lamp'));
  const words = await gateway.boots(['door']);
  expect(words).toContain('u4 rejected');
  expect(words).toContain('u3 committed');
  expect(words).not.toContain('u3 aborting');
});

test('a start at boot that was cut off goes on before what waits', async () => {
  const gateway = new Gateway();
  await gateway.installs('door');
  await gateway.crashesBefore(definition('door', 2, []));
  // It dies again with the start on record and nothing of it begun.
  const { shelf } = gateway.world;
  const { engine, requests } = await gateway.world.engine({ planners: [chutes()] });
  engine.holdBack(() => false);
  const start = { chute: 'door', operation: 'start', definition: null, sources: {} } as const;
  await requests.ask({ ...asked(), chutes: [start], mode: 'queue', atBoot: true });
  shelf.generation += 1;
  shelf.boot = 'b3';
  const words = await gateway.boots();
  expect(words.filter((word) => word.includes('asks'))).toEqual([]);
  expect(words).toEqual([
    'u3 planned',
    'u3 started',
    'u3 committed',
    'u2 planned',
    'u2 started',
    'u2 committed',
  ]);
});

test('a boot that was cut off before it asked for anything begins once more', async () => {
  const gateway = new Gateway();
  await gateway.installs('door', 'lamp');
  await gateway.crashesBefore(definition('bell', 1, []));
  // The first engine after the reboot says that it is there, and dies.
  const { shelf } = gateway.world;
  await gateway.world.engine({ planners: [chutes()] });
  shelf.generation += 1;
  const words = await gateway.boots();
  expect(words.filter((word) => word.endsWith('at boot'))).toEqual([
    'u4 asks to start door at boot',
    'u5 asks to start lamp at boot',
  ]);
  expect(behind(words, 'u3 planned')).toEqual(['u3 started', 'u3 committed']);
  // From then on who dies was not ended by the reboot.
  gateway.world.things.delete('lamp/started');
  expect((await gateway.boots()).filter((word) => word.endsWith('at boot'))).toEqual([]);
});

test('what waits for a boot that keeps being cut off is not blamed for it', async () => {
  const gateway = new Gateway();
  await gateway.installs('door', 'lamp');
  await gateway.crashesBefore(definition('bell', 1, []));
  const { shelf } = gateway.world;
  for (let time = 0; time < 4; time++) {
    const { engine, requests } = await gateway.world.engine({ planners: [chutes()] });
    engine.holdBack(() => false);
    const start = { chute: 'door', operation: 'start', definition: null, sources: {} } as const;
    if (time === 0)
      await requests.ask({ ...asked(), chutes: [start], mode: 'queue', atBoot: true });
    shelf.generation += 1;
  }
  const words = await gateway.boots();
  expect(words).toContain('u4 aborting');
  expect(words).toContain('u3 committed');
});
