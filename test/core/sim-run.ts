import type { Applied } from '../../src/core/applied.ts';
import type { AnyDriver, Drivers, StepContext } from '../../src/core/driver.ts';
import type { Json } from '../../src/core/json.ts';
import { invert, type Patch } from '../../src/core/patch.ts';
import type { Step } from '../../src/core/step.ts';
import { simDrivers } from '../../src/drivers/sim/all.ts';
import { SimDevice, type SimOptions } from '../../src/drivers/sim/device.ts';
import type { SimWorld } from '../../src/drivers/sim/sim-world.ts';
import { testContext } from '../../src/testing/test-context.ts';
import { patched, sha256 } from './plan-model.ts';

type Done = { readonly step: Step; readonly undo: Json; readonly inverse: Patch };

/**
 * Runs the steps of one update on a simulated device, one after the other, and takes them back: what an
 * engine does, without its journal.
 */
export class SimRun {
  readonly device: SimDevice;
  readonly #update: string;
  readonly #drivers: Drivers;
  #applied: Applied;
  #done: Done[] = [];

  constructor(
    update: string,
    world: SimWorld,
    applied: Applied,
    options: Partial<SimOptions> = {},
  ) {
    this.device = new SimDevice({ sha256, world, ...options });
    this.#drivers = simDrivers(this.device);
    this.#update = update;
    this.#applied = applied;
  }

  get applied(): Applied {
    return this.#applied;
  }

  /** Runs steps; false when one fails, which then counts as begun. */
  async run(steps: readonly Step[]): Promise<boolean> {
    for (const step of steps) {
      const driver = this.#driverOf(step);
      const context = this.#contextOf(step);
      if (await driver.skip?.(context, step.args)) continue;
      const undo = (await driver.prepare?.(context, step.args)) ?? null;
      this.#done.push({ step, undo, inverse: [] });
      try {
        const { patch = [] } = await driver.run(context, step.args, undo);
        this.#done.pop();
        this.#done.push({ step, undo, inverse: invert(this.#applied, patch) });
        this.#applied = patched(this.#applied, patch);
      } catch {
        return false;
      }
    }
    return true;
  }

  /** Takes everything back, the last first. */
  async takeBack(): Promise<void> {
    for (const { step, undo, inverse } of this.#done.toReversed()) {
      const undone = await this.#driverOf(step).undo?.(this.#contextOf(step), step.args, undo);
      this.#applied = patched(this.#applied, [...inverse, ...(undone?.patch ?? [])]);
    }
    this.#done = [];
  }

  #driverOf({ kind }: Step): AnyDriver {
    const driver = this.#drivers[kind];
    if (!driver) throw new Error(`no driver for ${kind}`);
    return driver;
  }

  #contextOf(step: Step): StepContext {
    const { kind, args, id } = step;
    const update = this.#update;
    const applied = this.#applied;
    return testContext({ root: '/', kind, args, step, update, mark: `${update}/${id}`, applied });
  }
}
