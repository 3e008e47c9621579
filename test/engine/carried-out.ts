import type { AnyDriver, Drivers, UndoPart } from '../../src/core/driver.ts';
import type { Json } from '../../src/core/json.ts';
import type { Planner } from '../../src/core/plan.ts';
import type { Outcome } from '../../src/engine/outcome.ts';
import { asked, definition, World } from './world.ts';

/** One entry of a ParaDrop plan: what is called, and what undoes it, in the order given. */
export type Entry = {
  readonly phase: number;
  readonly name: string;
  readonly undo: readonly string[];
  readonly fails?: boolean;
  readonly skip?: () => boolean;
  readonly failsUndo?: boolean;
};

export type Lived = {
  readonly called: readonly string[];
  readonly undone: readonly string[];
  readonly outcome: Outcome;
};

/** Lets an engine carry a plan out, with a driver for each of its entries. */
export async function carriedOut(entries: readonly Entry[]): Promise<Lived> {
  const called: string[] = [];
  const undone: string[] = [];
  const undoing = (entry: Entry, name: string): UndoPart<Json, Json> => ({
    key: () => name,
    undo: async () => {
      undone.push(name);
      if (entry.failsUndo) throw new Error('the undo failed');
    },
  });
  const drivers = entries.map((entry, at): [string, AnyDriver] => {
    const driver: AnyDriver = {
      idempotent: true,
      skip: async () =>
        entry.skip?.() === true ? { reason: 'not needed', contentHash: null } : null,
      run: async () => {
        called.push(entry.name);
        if (entry.fails) throw new Error('failed');
        return { result: null };
      },
      ...(entry.undo.length > 0 && { undoList: entry.undo.map((name) => undoing(entry, name)) }),
    };
    return [`entry.call${at}@1`, driver];
  });
  const planner: Planner = {
    name: 'vector',
    version: 1,
    plan: () => ({
      steps: entries.map(({ phase, name }, at) => ({
        id: `${at}/${name.toLowerCase().replaceAll(/[^a-z]/g, '.')}`,
        phase,
        kind: `entry.call${at}@1`,
        args: null,
        title: name,
        retries: 0,
      })),
    }),
  };
  const world = new World();
  const { engine, requests } = await world.engine({
    planners: [planner],
    driven: (all): Drivers => ({ ...all, ...Object.fromEntries(drivers) }),
  });
  const outcome = await (await requests.ask(asked(definition('hello', 1, ['A'])))).done;
  await engine.close();
  return { called, undone, outcome };
}
