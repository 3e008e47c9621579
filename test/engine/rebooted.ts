import type { Planner } from '../../src/core/plan.ts';
import { Supervisor } from '../../src/engine/supervisor.ts';
import { asked, definition, World } from './world.ts';

type Stored = Readonly<Record<string, 'running' | 'stopped'>>;

/**
 * A device with these chutes after a reboot, when interfaces of some cannot be had any more: which were
 * started, and what each is wished to be.
 */
export async function afterReboot(
  stored: Stored,
  failed: readonly string[],
): Promise<{
  readonly started: readonly string[];
  readonly wishes: Readonly<Record<string, string | undefined>>;
}> {
  const world = new World();
  const calm = await world.engine({ planners: [running(stored, [])] });
  for (const name of Object.keys(stored))
    await (
      await calm.requests.ask(asked(definition(name, 1, ['A'])))
    ).done;
  await calm.engine.close();

  world.shelf.boot = 'b2';
  world.observe = (applied, chutes) =>
    chutes
      .filter((name) => applied.chutes[name]?.run === 'running')
      .map((name) => ({
        chute: name,
        service: 'main',
        state: world.things.has(`${name}/started`) ? 'running' : 'exited',
        instance: null,
        evidence: 'looked',
      }));
  const { engine, requests } = await world.engine({ planners: [running(stored, failed)] });
  const supervisor = new Supervisor(engine, requests);
  await supervisor.booted;
  supervisor.stop();
  const { chutes } = engine.state.applied;
  await engine.close();
  await supervisor.ended();
  return {
    started: Object.keys(stored).filter((name) => world.things.has(`${name}/started`)),
    wishes: Object.fromEntries(Object.entries(chutes).map(([name, { run }]) => [name, run])),
  };
}

/** Chutes run or are stopped as stored; those whose interfaces fail cannot be started. */
const running = (stored: Stored, failed: readonly string[]): Planner => ({
  name: 'running',
  version: 1,
  plan: ({ chute: name, operation, before, desired }) => {
    if (failed.includes(name))
      return {
        refusals: [
          { code: 'RIPCORD_RESOURCE_MISSING', message: 'no radio', path: '', hint: 'plug it in' },
        ],
      };
    if (operation === 'start') {
      const args = { name: `${name}/started` };
      return {
        steps: [{ id: `${name}/start`, phase: 87, kind: 'thing.put@1', args, title: 'start' }],
      };
    }
    const value = {
      definition: desired?.definition ?? null,
      run: stored[name] ?? 'stopped',
      services: { main: { state: 'running' as const, spec: null, instance: null } },
      releases: {},
      volumes: {},
      interfaces: {},
      redirects: [],
    };
    const op = before ? ('replace' as const) : ('add' as const);
    const args = { chute: name, patch: [{ op, path: `/chutes/${name}`, value }] };
    return {
      steps: [
        { id: `${name}/save`, phase: 95, kind: 'chute.save@1' as const, args, title: 'save' },
      ],
    };
  },
});
