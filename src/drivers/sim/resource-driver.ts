import type { Done } from '../../core/driver.ts';
import { canonical } from '../../core/json.ts';
import { pointer } from '../../core/patch.ts';
import type { ArgsOf, ResultOf } from '../../core/step.ts';
import type { DoPart } from './device.ts';
import type { SimDriverOf } from './file-drivers.ts';
import type { SimScene } from './simulated.ts';

type Args = ArgsOf<'resource.limit@1'>;

export const resourceLimit: SimDriverOf<'resource.limit@1'> = {
  prepare({ context }, { chute }) {
    return { before: context.applied.limits[chute] ?? {} };
  },
  run(scene, args) {
    set(scene, args.chute, args.services);
    return done(scene, args);
  },
  probe(scene, args) {
    const found = scene.world.limits[args.chute] ?? {};
    if (canonical(found) !== canonical(args.services))
      return { state: 'not-done', evidence: found };
    return { state: 'done', evidence: found, done: done(scene, args) };
  },
  undo(scene, { chute }, { before }) {
    set(scene, chute, before);
  },
};

function set(
  { world, part }: SimScene & { readonly part: DoPart },
  chute: string,
  services: Args['services'],
): void {
  if (canonical(world.limits[chute] ?? {}) === canonical(services)) return;
  part(`limit ${chute}`, () => {
    const { [chute]: _before, ...others } = world.limits;
    const limited = Object.keys(services).length > 0;
    world.limits = limited ? { ...others, [chute]: services } : others;
  });
}

function done(
  { world, context }: SimScene,
  { chute, services }: Args,
): Done<ResultOf<'resource.limit@1'>> {
  const path = pointer('limits', chute);
  const live = [...world.processes, ...world.containers.filter(({ state }) => state === 'running')];
  const mine = live.filter((each) => each.chute === chute);
  const result = { running: mine.map(({ service }) => service) };
  if (Object.keys(services).length > 0)
    return { result, patch: [{ op: 'add', path, value: services }] };
  return context.applied.limits[chute] ? { result, patch: [{ op: 'remove', path }] } : { result };
}
