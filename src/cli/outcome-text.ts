import { HOST } from '../core/host-config/document.ts';
import { runtimeOf, withPorts } from '../core/planners/dynamic-ports.ts';
import type { State } from '../core/state.ts';
import { exitCodeOf, type Outcome } from '../engine/outcome.ts';
import type { CarriedLane } from './carry.ts';
import type { Context } from './context.ts';
import type { Progress, StepProgress } from './progress.ts';
import { duration } from './terminal.ts';
import { webUrl } from './web-url.ts';

/** The line with which a program reads how an update ended. Pure. */
export function outcomeLine({ update, outcome, failedStep, error, lanes }: Outcome): string {
  const ended = { update, outcome, failedStep, error: errorIn(error) };
  const each = lanes?.map((lane) => ({ ...lane, error: errorIn(lane.error) }));
  return `${JSON.stringify({ type: 'outcome', ...ended, ...(each && { lanes: each }) })}\n`;
}

const errorIn = (error: Outcome['error']): Outcome['error'] =>
  error && {
    code: error.code,
    message: error.message,
    ...(error.hint !== undefined && { hint: error.hint }),
  };

/** How each chute fared of a request that was carried out chute by chute, for people. */
export function lanesText(
  context: Context,
  {
    lanes,
    state,
    wantsBack,
  }: Pick<Told, 'state' | 'wantsBack'> & { readonly lanes: readonly CarriedLane[] },
): string {
  const { symbols, red, green } = context.terminal;
  const good = lanes.filter(({ outcome }) => exitCodeOf(outcome) === 0).length;
  const isGood = good === lanes.length;
  const head = `${isGood ? green(symbols.done) : red(symbols.failed)} ${good} of ${lanes.length} chutes are as asked.\n`;
  const each = lanes.map(({ outcome, progress }) => {
    const chutes = progress.chutes.map(({ chute }) => chute);
    return outcomeText(context, { outcome, progress, chutes, state, wantsBack, isLane: true });
  });
  // Who cancels them did not ask for any of them.
  return [...(wantsBack ? [] : [head]), ...each].join('');
}

export type Told = {
  readonly outcome: Outcome;
  readonly progress: Progress | null;
  readonly chutes: readonly string[];
  /** The device as it is now. */
  readonly state: State;
  /** Whether being rolled back is what was asked for. */
  readonly wantsBack: boolean;
  /** Whether others were asked for with it: the device as a whole may have changed. */
  readonly isLane?: boolean;
};

/** How an update ended, for people; the last line is what to do next. */
export function outcomeText(context: Context, told: Told): string {
  const { outcome } = told;
  switch (outcome.outcome) {
    case 'committed':
    case 'unchanged':
      return goodText(context, told);
    case 'rejected':
      return rejectedText(context, told);
    case 'stuck':
      return stuckText(context, told);
    case 'resolved':
      return `${context.terminal.symbols.done} ${outcome.update} is settled; some effects were accepted as they are.\n${next(context, `show ${outcome.update}`)}`;
    case 'reverted':
    case 'cancelled':
    case 'superseded':
      return undoneText(context, told);
  }
}

function goodText(context: Context, { outcome, progress, chutes, state }: Told): string {
  const { terminal, rootFlag } = context;
  const { symbols, green, yellow } = terminal;
  const time = progress ? ` in ${duration(progress.elapsedMs)}` : '';
  const head =
    outcome.outcome === 'unchanged'
      ? `No changes. ${standing(chutes, state)}`
      : `${outcome.update} committed${time}. ${standing(chutes, state)}`;
  const urls = chutes
    .map((chute) => [chute, webUrl(runningDefinition(state, chute))] as const)
    .filter(([, url]) => url !== null)
    .map(([, url]) => `  open     ${url}\n`);
  const warnings = outcome.warnings.map(({ step, error, afterCommit }) => {
    const what = afterCommit ? `${step} failed after the commit: ` : '';
    return `${yellow('!')} ${what}${error.message}\n`;
  });
  const undo =
    outcome.outcome === 'committed' && outcome.update !== null
      ? `  undo     ripcord rollback ${outcome.update}${rootFlag}${needed(chutes, state)}\n`
      : '';
  const details = outcome.update === null ? 'status' : `show ${outcome.update}`;
  return [
    `${green(symbols.done)} ${head}\n`,
    ...warnings,
    ...urls,
    undo,
    `  details  ripcord ${details}${rootFlag}\n`,
  ].join('');
}

/** What was removed has to be fetched again. A comment: the line can be run as it is. */
const needed = (chutes: readonly string[], { applied }: State): string =>
  chutes.some((chute) => chute !== HOST && !applied.chutes[chute])
    ? '  # as long as its source is there as it was'
    : '';

const runningDefinition = ({ applied }: State, chute: string) => {
  const found = applied.chutes[chute];
  if (found?.run !== 'running' || !found.definition) return null;
  return withPorts(found.definition, runtimeOf(found), found.dynamicPorts);
};

/** `hello is r42 and runs.` */
function standing(chutes: readonly string[], { applied, chutes: records, host }: State): string {
  return chutes
    .map((chute) => {
      if (chute === HOST) return `The host configuration is r${host?.revision ?? 0}.`;
      const found = applied.chutes[chute];
      const record = records[chute];
      if (!found || !record) return `${chute} is not installed.`;
      const version = found.definition?.version;
      const named = version === undefined ? '' : ` (version ${version})`;
      return `${chute} is r${record.revision}${named}, ${found.run}.`;
    })
    .join(' ');
}

function rejectedText(context: Context, { outcome }: Told): string {
  const { terminal, rootFlag } = context;
  const { symbols, red } = terminal;
  const { error, refusals, update } = outcome;
  const name = update === null ? 'The request' : update;
  const lines = [`${red(symbols.failed)} ${name} was refused; nothing was changed.\n`];
  if (refusals.length > 0)
    for (const { chute, message, path, hint } of refusals)
      lines.push(
        `  cause    ${message}${path === '' ? '' : ` (${chute}${path})`}\n`,
        `  hint     ${hint}\n`,
      );
  else {
    lines.push(`  cause    ${error?.message ?? 'unknown'}\n`);
    if (error?.hint !== undefined) lines.push(`  hint     ${error.hint}\n`);
  }
  if (error) lines.push(`  code     ${error.code}\n`);
  lines.push(`  next     ripcord ${update === null ? 'status' : `show ${update}`}${rootFlag}\n`);
  return lines.join('');
}

function undoneText(context: Context, told: Told): string {
  const { outcome, progress, chutes, state, wantsBack, isLane = false } = told;
  const { symbols, red, yellow, green } = context.terminal;
  const failed = stepOf(progress, outcome.failedStep);
  const at = failed ? ` at s${failed.n} (${failed.title})` : '';
  const undone = progress?.steps.filter(({ status }) => status === 'undone').length ?? 0;
  const whole =
    undone === 0
      ? 'nothing had been changed'
      : isLane
        ? 'rolled back, as it was before'
        : 'rolled back, device as before (state hash equal)';
  const head = {
    reverted: `${outcome.update} failed${at}: ${whole}.`,
    cancelled: `${outcome.update} was cancelled: ${whole}.`,
    superseded: `${outcome.update} was superseded: ${whole}.`,
  }[outcome.outcome as 'reverted' | 'cancelled' | 'superseded'];
  const mark = outcome.outcome === 'reverted' ? red(symbols.failed) : yellow(symbols.undone);
  const cause = outcome.error ? `  cause    ${outcome.error.code}: ${outcome.error.message}\n` : '';
  const list =
    undone === 0
      ? ''
      : `  undone   ${(progress?.steps ?? [])
          .filter(({ status }) => status === 'undone')
          .toReversed()
          .map(({ n }) => `s${n}`)
          .join(' ')}\n`;
  const stands = chutes.length > 0 ? ` ${standing(chutes, state)}` : '';
  if (wantsBack && outcome.outcome === 'reverted')
    return `${green(symbols.done)} ${outcome.update} is settled: ${whole}.${stands}\n${list}${next(context, `show ${outcome.update}`)}`;
  return `${mark} ${head}${stands}\n${cause}${list}${next(context, `show ${outcome.update}`)}`;
}

function stuckText(context: Context, { outcome, progress }: Told): string {
  const { symbols, red } = context.terminal;
  const failed = stepOf(progress, outcome.failedStep);
  const lines = [
    `${red(symbols.failed + symbols.failed)} ${outcome.update} failed${failed ? ` at s${failed.n}` : ''}, and its rollback is incomplete: a person has to look at it.\n`,
  ];
  if (outcome.error) lines.push(`  cause    ${outcome.error.code}: ${outcome.error.message}\n`);
  for (const { n, step, reason, state } of outcome.stuck)
    lines.push(`  ${state.padEnd(8)} s${n} ${step}: ${reason.message}\n`);
  const first = outcome.stuck.find(({ state }) => state === 'failed') ?? outcome.stuck[0];
  lines.push(
    next(
      context,
      first
        ? `resolve ${outcome.update}.s${first.n} --as retry -m "tried again"`
        : `show ${outcome.update}`,
    ),
  );
  return lines.join('');
}

function stepOf(progress: Progress | null, id: string | null): StepProgress | null {
  return progress?.steps.find((step) => step.id === id) ?? null;
}

const next = ({ rootFlag }: Context, command: string): string =>
  `  next     ripcord ${command}${rootFlag}\n`;
