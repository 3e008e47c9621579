import type { State } from '../core/state.ts';
import type { Step } from '../core/step.ts';
import { isAbout } from '../drivers/sim/faults.ts';
import { exitCodeOf, type Outcome } from '../engine/outcome.ts';
import {
  type MadePlan,
  simulate,
  type SimulatedStep,
  type Simulation,
} from '../library/simulate.ts';
import type { Context } from './context.ts';
import { EXIT, usageError } from './exit-code.ts';
import type { PlanScene } from './plan-request.ts';
import { duration, table } from './terminal.ts';

/** How a plan would go, on a simulated device like the one it is for. Reads and writes nothing. */
export async function simulatePlan(
  context: Context,
  { state, made, ...scene }: PlanScene & { readonly state: State; readonly made: MadePlan },
  fail: string | undefined,
): Promise<Simulation> {
  const failing = fail === undefined ? [] : fail.split(',').map((each) => failOf(each, made));
  const faults = [context.env['RIPCORD_FAULT'] ?? '', ...failing].filter((each) => each !== '');
  return await simulate({ ...scene, made, state, faults: faults.join(',') });
}

/** `s7` or a glob of step ids and kinds, as the fault switch reads it. */
function failOf(name: string, { plan }: MadePlan): string {
  const named = plan.steps.find(({ n }) => name === `s${n}`);
  if (named) return `fail@step=${named.id}`;
  if (plan.steps.some((step) => isAbout({ steps: name }, step))) return `fail@step=${name}`;
  const ids = plan.steps.map(({ id }) => id);
  const shown = ids.length > 5 ? `${ids.slice(0, 5).join(', ')}, …` : ids.join(', ');
  throw usageError(`cannot let step '${name}' fail: the plan has none like it`, `it has ${shown}`);
}

/** How a plan would go, for people. Pure. */
export function simulationText(
  { terminal }: Context,
  { outcome, result, durationMs, steps, error, differences }: Simulation,
  planned: readonly Step[],
): string {
  const { symbols } = terminal;
  const marks: Readonly<Record<SimulatedStep['what'], string>> = {
    done: terminal.green(symbols.done),
    skipped: terminal.dim(symbols.waiting),
    failed: terminal.red(symbols.failed),
    undone: terminal.yellow(symbols.undone),
  };
  const rows = steps.map(({ n, what, atMs, reason }) => [
    duration(atMs),
    `${marks[what]} ${what}`,
    `s${n}`,
    `${planned[n - 1]?.title ?? ''}${reason === null ? '' : `: ${reason}`}`,
  ]);
  const end = `Simulated: ${outcome} after about ${duration(durationMs)}; the device is ${result}.\n`;
  const wrong = differences.map((each) => `  ${terminal.red(symbols.failed)} ${each}\n`).join('');
  const why = error === null ? '' : `  ${error.message}\n`;
  return `\n${table(rows, '  ')}\n${end}${why}${wrong}`;
}

/** The exit code that the update would have; 1 when the simulation shows an error of Ripcord. Pure. */
export function simulationExit({ outcome, result, differences }: Simulation): number {
  if (differences.length > 0) return EXIT.unexpected;
  const isOver = outcome === 'committed' || outcome === 'reverted';
  if (isOver && result !== EXPECTED[outcome]) return EXIT.unexpected;
  return exitCodeOf({ outcome, error: null } as Outcome);
}

const EXPECTED = { committed: 'as desired', reverted: 'as before' } as const;
