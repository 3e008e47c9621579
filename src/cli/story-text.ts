import type { StepDetail } from '../../replay/step-detail.ts';
import type { Skipped, StepState, StepStory } from '../../replay/step-story.ts';
import type { UpdateStory } from '../../replay/story.ts';
import { HOST } from '../core/host-config/document.ts';
import type { Patch } from '../core/patch.ts';
import { idsOf } from '../engine/lanes.ts';
import type { Context } from './context.ts';
import { outcomeMark } from './log-text.ts';
import { warningsText } from './plan-text.ts';
import { oneLine } from './terminal-text.ts';
import { clip, duration, table, type Terminal } from './terminal.ts';

/** The story of an update, for people. */
export function storyText(
  context: Context,
  story: UpdateStory,
  parts: { readonly patch: boolean; readonly events: boolean },
): string {
  const { terminal, rootFlag } = context;
  const { id, outcome, phase, chutes, by, message, requestedSeq, lastSeq, durationMs } = story;
  const words = chutes.map((chute) => `${story.operations[chute] ?? 'apply'} ${chute}`).join(', ');
  const said = message === null ? '' : ` "${oneLine(message)}"`;
  const took = durationMs === null ? '' : `  ${duration(durationMs)}`;
  const head = [
    `${terminal.bold(id)}  ${outcomeMark(terminal, outcome)} ${outcome ?? phase ?? ''}  ${words}  ${story.at}${took}  ${by.user}@${by.via}${said}\n`,
    `@${requestedSeq}..@${lastSeq}${story.plan === null ? '' : `  plan ${story.plan.hash.slice(0, 12)}`}\n`,
  ];
  const text = [
    ...head,
    togetherText(story),
    signedText(story),
    explanationText(context, story),
    warningsText(context, story.plan?.warnings ?? []),
    parts.patch ? patchText(context, story.patch ?? []) : '',
    stepsText(context, story),
    endText(story),
  ];
  if (parts.events)
    text.push(...story.events.map(({ seq, at, type }) => `  @${seq} ${at} ${type}\n`));
  text.push(nextText(story, rootFlag));
  return text.join('');
}

/** With whom it was asked for; empty when alone. */
function togetherText({ id, request: { lane } }: UpdateStory): string {
  if (!lane) return '';
  const others = idsOf(lane.first, lane).filter((other) => other !== id);
  return `  together with ${others.join(' ')}, each getting through or not on its own\n`;
}

/** Who has signed what was asked for; empty where nobody has. */
function signedText({ request }: UpdateStory): string {
  return request.chutes
    .map(({ chute, signature }) => {
      if (!signature) return '';
      const names = signature.by.map(({ name }) => name).join(', ') || 'nobody this device trusted';
      return `  signed   ${chute} by ${names}, sha256 ${signature.sha256.slice(0, 12)}\n`;
    })
    .join('');
}

/** Why an update did not go straight through; empty when it did. */
export function explanationText({ terminal }: Context, story: UpdateStory): string {
  const { failedStep, error, refusals, hint, interrupted, cause } = story;
  const lines: string[] = [];
  for (const { at, step } of interrupted) lines.push(`  crash    at ${step}, ${at}\n`);
  if (failedStep !== null) lines.push(`  failed   ${terminal.red(failedStep)}\n`);
  if (error) lines.push(`  cause    ${error.code}: ${error.message}\n`);
  else if (cause !== null) lines.push(`  cause    ${cause}\n`);
  for (const refusal of refusals)
    lines.push(`  refused  ${refusal.message}\n`, `  hint     ${refusal.hint}\n`);
  if (hint !== null && refusals.length === 0) lines.push(`  hint     ${hint}\n`);
  return lines.join('');
}

/**
 * What an update changed. A step says `add` for whatever it puts somewhere; what was there before is in
 * its `inverse`.
 */
export function patchText({ terminal }: Context, patch: Patch, inverse: Patch = []): string {
  const replaced = new Set(inverse.filter(({ op }) => op !== 'remove').map(({ path }) => path));
  return patch
    .map((operation) => {
      const path = operation.path.replace(/^\/chutes\//, '').replace(/^\/host\/config/, HOST);
      if (operation.op === 'remove') return `  ${terminal.red(`- ${path}`)}\n`;
      const value = clip(JSON.stringify(operation.value), 80);
      const isNew = operation.op === 'add' && !replaced.has(operation.path);
      const paint = isNew ? terminal.green : terminal.yellow;
      return `  ${paint(`${isNew ? '+' : '~'} ${path}  ${value}`)}\n`;
    })
    .join('');
}

/** The steps of an update and what became of each. */
export function stepsText({ terminal }: Context, story: UpdateStory): string {
  return table(
    (story.plan?.steps ?? []).map((step) => stepRow(terminal, step)),
    '  ',
  );
}

function stepRow(terminal: Terminal, step: StepStory): readonly string[] {
  const last = step.attempts.at(-1);
  const took = last?.durationMs ?? null;
  const tries = step.attempts.length > 1 ? `${step.attempts.length} attempts` : '';
  const found = last?.recovered === true ? 'found done after a crash' : '';
  const failure = last?.error ? `${last.error.code}: ${last.error.message}` : '';
  const undone = step.undone ? undoneWords(terminal, step) : '';
  const notes = [tries, found, failure, step.skipped ? skippedWords(step.skipped) : '', undone];
  return [
    stateMark(terminal, step.state),
    `s${step.n}`,
    step.title,
    step.state,
    took === null ? '' : duration(took),
    notes.filter((note) => note !== '').join('; '),
  ];
}

function skippedWords({ reason, by, holds }: Skipped): string {
  const whom = by ? ` (thanks to ${by.update} ${by.step}${holds ? '' : ', which was undone'})` : '';
  return `${reason}${whom}`;
}

function undoneWords({ symbols }: Terminal, { undone }: StepStory): string {
  if (!undone) return '';
  const took = undone.durationMs === null ? '' : ` ${duration(undone.durationMs)}`;
  const why = undone.error ? ` ${undone.error.message}` : '';
  const said = undone.message === null ? '' : ` (${undone.message})`;
  return `${symbols.undone} ${undone.outcome}${took}${why}${said}`;
}

function stateMark({ symbols, green, red, yellow, dim }: Terminal, state: StepState): string {
  switch (state) {
    case 'done':
    case 'accepted':
      return green(symbols.done);
    case 'skipped':
      return dim(symbols.done);
    case 'failed':
    case 'warned':
    case 'stuck':
      return red(symbols.failed);
    case 'undone':
      return symbols.undone;
    case 'pending':
      return dim(symbols.waiting);
    case 'running':
    case 'retrying':
    case 'in-doubt':
    case 'undoing':
      return yellow(symbols.running);
  }
}

function endText({ plan, undone, verified, warnings, stuck }: UpdateStory): string {
  const lines: string[] = [];
  if (undone.length > 0) lines.push(`  undone   ${undone.join(' ')}\n`);
  if (verified !== null)
    lines.push(
      verified ? '  device as before (state hash equal)\n' : '  device is NOT as before\n',
    );
  for (const { n, step, reason } of stuck)
    lines.push(`  stuck    s${n} ${step}: ${reason.message}\n`);
  if (warnings.length > 0) lines.push(`  warned   ${warnings.join(' ')} (after the commit)\n`);
  for (const { n, warnings: beside } of plan?.steps ?? [])
    for (const { message } of beside) lines.push(`  warned   s${n} ${message}\n`);
  return lines.join('');
}

function nextText({ id, outcome, stuck }: UpdateStory, rootFlag: string): string {
  const [first] = stuck;
  if (outcome === null) return `ripcord watch ${id}${rootFlag}\n`;
  if (outcome === 'stuck' && first)
    return `ripcord resolve ${id}.s${first.n} --as retry -m "tried again"${rootFlag}\n`;
  if (outcome === 'committed') return `ripcord rollback ${id}${rootFlag}\n`;
  if (outcome === 'unchanged') return `ripcord status${rootFlag}\n`;
  return `ripcord retry ${id}${rootFlag}\n`;
}

/** The story of a step, for people. */
export function stepText(context: Context, step: StepDetail): string {
  const { terminal } = context;
  const lines = [
    `${terminal.bold(step.ref)}  ${stateMark(terminal, step.state)} ${step.state}  ${step.title}\n`,
    `  id       ${step.id}\n  kind     ${step.kind}  module ${step.module}  phase ${step.phase}\n`,
    `  args     ${JSON.stringify(step.args)}\n`,
    `  undo     ${step.undo ?? '-'}\n`,
  ];
  for (const { attempt, outcome, durationMs, error, startedAt } of step.attempts)
    lines.push(
      `  attempt  ${attempt} ${startedAt} ${outcome}${durationMs === null ? '' : ` ${duration(durationMs)}`}${error ? ` ${error.code}: ${error.message}` : ''}\n`,
    );
  for (const { seq, state, evidence } of step.probes)
    lines.push(`  probe    @${seq} ${state} ${JSON.stringify(evidence)}\n`);
  if (step.undone) lines.push(`  undone   ${undoneWords(terminal, step)}\n`);
  if (step.patch.length > 0)
    lines.push(`  changed\n${patchText(context, step.patch, step.inverse)}`);
  lines.push(`ripcord show ${step.update}${context.rootFlag}\n`);
  return lines.join('');
}
