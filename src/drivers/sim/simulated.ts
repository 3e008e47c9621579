import type { Done, Driver, Probe, Skip, StepContext, Undone } from '../../core/driver.ts';
import type { Json } from '../../core/json.ts';
import type { DoPart, SimDevice } from './device.ts';
import type { SimWorld } from './sim-world.ts';

/** What a simulated driver works on. */
export type SimScene = {
  readonly device: SimDevice;
  readonly world: SimWorld;
  readonly context: StepContext;
};

/** One kind of step on a simulated device: what a driver does, at once and without waiting. */
export type SimDriver<Args, Undo, Result> = {
  readonly effect?: false;
  /** Milliseconds on top of what the kind usually takes. */
  moreMs?(this: void, args: Args, scene: SimScene): number;
  skip?(this: void, scene: SimScene, args: Args): Skip | null;
  prepare?(this: void, scene: SimScene, args: Args): Undo;
  run(scene: SimScene & { readonly part: DoPart }, args: Args, undo: Undo): Done<Result>;
  probe?(this: void, scene: SimScene, args: Args, undo: Undo): Probe<Result>;
  undo?(
    this: void,
    scene: SimScene & { readonly part: DoPart },
    args: Args,
    undo: Undo,
  ): Undone | void;
};

/** The driver of one kind on one simulated device: with its latency, faults and ledger. */
export function simulated<Args, Undo, Result>(
  device: SimDevice,
  driver: SimDriver<Args, Undo, Result>,
): Driver<Args, Undo, Result> {
  const { skip, prepare, probe, undo: takeBack } = driver;
  const scene = (context: StepContext): SimScene => ({ device, world: device.world, context });
  return {
    ...(driver.effect === false ? { effect: false as const } : { idempotent: true }),
    ...(skip && { skip: async (context, args) => skip(scene(context), args) }),
    ...(prepare && { prepare: async (context, args) => prepare(scene(context), args) }),
    ...(probe && { probe: async (context, args, undo) => probe(scene(context), args, undo) }),
    run: async (context, args, undo) => {
      const moreMs = driver.moreMs?.(args, scene(context)) ?? 0;
      const call = { on: 'run' as const, context, args: args as Json, moreMs };
      return await device.call(call, (part) => driver.run({ ...scene(context), part }, args, undo));
    },
    ...(takeBack && {
      undo: async (context, args, undo) => {
        const call = { on: 'undo' as const, context, args: args as Json };
        return await device.call(call, (part) => takeBack({ ...scene(context), part }, args, undo));
      },
    }),
  };
}
