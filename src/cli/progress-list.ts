import { doneCount, type Progress, type StepProgress } from './progress.ts';
import { clip, duration, type Terminal } from './terminal.ts';

/** Lines of the list besides the steps. */
const HEAD_LINES = 1;

/**
 * The list of steps as a terminal shows it, one string a line. Pure but for the terminal's colours.
 *
 * `nowUp` is the time since boot, for what is under way.
 */
export function listLines(
  progress: Progress,
  terminal: Pick<Terminal, 'columns' | 'symbols' | 'dim' | 'red' | 'green' | 'yellow' | 'bold'>,
  options: { readonly nowUp: number; readonly rows: number },
): readonly string[] {
  const { update, steps, phase } = progress;
  const count = steps.length === 0 ? '' : `  ${doneCount(progress)}/${steps.length}`;
  const elapsed = duration(Math.max(progress.elapsedMs, options.nowUp - progress.firstUp));
  const what = progress.chutes.map(({ chute, operation }) => `${operation} ${chute}`).join(', ');
  const head = clip(`${update}${count}  ${elapsed}  ${phase}  ${what}`, terminal.columns - 1);
  const shown = windowOf(steps, Math.max(1, options.rows - HEAD_LINES - 1));
  return [terminal.bold(head), ...shown.map((step) => stepLine(step, terminal, options.nowUp))];
}

/** As many steps as fit, around the first that still has to do something. */
function windowOf(steps: readonly StepProgress[], rows: number): readonly StepProgress[] {
  if (steps.length <= rows) return steps;
  const busy = steps.findIndex(({ status }) => status !== 'done' && status !== 'skipped');
  const middle = busy < 0 ? steps.length : busy;
  const from = Math.max(0, Math.min(steps.length - rows, middle - Math.floor(rows / 2)));
  return steps.slice(from, from + rows);
}

function stepLine(
  step: StepProgress,
  terminal: Pick<Terminal, 'columns' | 'symbols' | 'dim' | 'red' | 'green' | 'yellow'>,
  nowUp: number,
): string {
  const { symbols, dim, red, green, yellow } = terminal;
  const running = step.status === 'running' || step.status === 'undoing';
  const ms = running && step.beganUp !== null ? nowUp - step.beganUp : step.durationMs;
  const time = ms === null ? '' : duration(Math.max(0, ms));
  const title = clip(step.title, Math.max(10, Math.min(48, terminal.columns - 20))).padEnd(40);
  const why = step.error === null ? '' : `  ${step.error.message}`;
  const text = clip(`s${step.n}`.padEnd(5) + title + time.padStart(8) + why, terminal.columns - 4);
  switch (step.status) {
    case 'waiting':
      return dim(` ${symbols.waiting} ${text}`);
    case 'running':
      return ` ${yellow(symbols.running)} ${text}`;
    case 'retrying':
      return ` ${yellow(symbols.running)} ${text}`;
    case 'done':
      return ` ${green(symbols.done)} ${text}`;
    case 'skipped':
      return dim(` ${symbols.done} ${text}`);
    case 'failed':
      return ` ${red(symbols.failed)} ${text}`;
    case 'stuck':
      return ` ${red(symbols.failed + symbols.failed)} ${text}`;
    case 'undoing':
      return ` ${yellow(symbols.undone)} ${text}`;
    case 'undone':
      return ` ${symbols.undone} ${text}`;
  }
}
