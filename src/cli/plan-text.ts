import { HOST } from '../core/host-config/document.ts';
import type { Planned } from '../core/make-plan.ts';
import type { Operation as PatchOperation } from '../core/patch.ts';
import type { Refusal, Warning } from '../core/plan.ts';
import type { Step } from '../core/step.ts';
import type { Context } from './context.ts';
import { clip, table } from './terminal.ts';

/** How much of a plan is shown. */
export type Detail = 'summary' | 'normal' | 'full';

const VALUE_COLUMNS = 60;
const STEPS_SHOWN = 40;

/** A plan, for people: what changes, the steps and how each is undone. */
export function planText(context: Context, planned: Planned, detail: Detail): string {
  if ('unchanged' in planned) return 'No changes.\n';
  if ('refusals' in planned) return refusalsText(context, planned.refusals);
  const { plan, changes, warnings, host } = planned;
  const { terminal } = context;
  const device = host ? [`${terminal.bold(HOST)}  ${host.operation}\n`] : [];
  const heads = changes.map(({ chute, before, desired, operation }) => {
    const from = before?.definition?.version;
    const to = desired?.definition.version;
    const way = from === to ? '' : ` ${from ?? 'none'} ${terminal.symbols.arrow} ${to ?? 'none'}`;
    return `${terminal.bold(chute)}  ${operation}${way}\n`;
  });
  heads.unshift(...device);
  const patch = plan.patch.filter(({ path }) => detail === 'full' || !HIDDEN.test(path));
  const lines = patch.map((operation) => `  ${patchLine(context, operation)}\n`);
  const counts = countsOf(plan.patch, plan.steps.length) + warningsText(context, warnings);
  if (detail === 'summary') return `${heads.join('')}${counts}`;
  return `${heads.join('')}\n${lines.join('')}\n${stepsText(plan.steps, detail)}\n${counts}`;
}

/** Derived from the definition: only `--full` shows them. */
const HIDDEN = /\/(?:digest|settleMs|withinMs|intervalMs|retries)$/;

function patchLine({ terminal }: Context, operation: PatchOperation): string {
  const path = operation.path
    .replace(/^\/chutes\//, '')
    .replace(/^\/host\/config/, HOST)
    .replaceAll('~1', '/')
    .replaceAll('~0', '~');
  if (operation.op === 'remove') return terminal.red(`- ${path}`);
  const value = clip(shown(operation.value), VALUE_COLUMNS);
  return operation.op === 'add'
    ? terminal.green(`+ ${path}  ${value}`)
    : terminal.yellow(`~ ${path}  ${value}`);
}

function shown(value: unknown): string {
  return JSON.stringify(value, (_key, member: unknown) =>
    member !== null && typeof member === 'object' && '$secret' in member ? '(secret)' : member,
  );
}

function stepsText(steps: readonly Step[], detail: Detail): string {
  const rows: string[][] = [['step', '', 'undo']];
  const shownSteps = detail === 'full' ? steps : steps.slice(0, STEPS_SHOWN);
  const commit = shownSteps.findIndex(({ afterCommit }) => afterCommit);
  for (const [at, { n, title, undo }] of shownSteps.entries()) {
    if (at === commit) rows.push(['---', 'commit: what follows is not undone', '']);
    rows.push([`s${n}`, title, undo ?? '-']);
  }
  const rest = steps.length - shownSteps.length;
  return table(rows, '  ') + (rest > 0 ? `  … and ${rest} more (--full)\n` : '');
}

function countsOf(patch: readonly PatchOperation[], steps: number): string {
  const count = (op: PatchOperation['op']): number => patch.filter((each) => each.op === op).length;
  return `${count('add')} add, ${count('replace')} change, ${count('remove')} remove · ${steps} steps\n`;
}

/** Why a request cannot be planned, for people. */
function refusalsText({ terminal }: Context, refusals: readonly Refusal[]): string {
  return refusals
    .map(
      ({ chute, module, code, message, path, hint }) =>
        `${terminal.red(terminal.symbols.failed)} ${message}\n  at       ${chute}${path} (${module})\n  code     ${code}\n  hint     ${hint}\n`,
    )
    .join('');
}

/** What a plan warns of, for people: a line each, with what would help. Pure. */
export function warningsText({ terminal }: Context, warnings: readonly Warning[]): string {
  return warnings
    .map(({ message, hint }) => `${terminal.yellow('!')} ${message}  (${hint})\n`)
    .join('');
}

/** `plan -o json`. Pure. */
export function planValue(planned: Planned): {
  readonly hash: string | null;
  readonly patch: readonly PatchOperation[];
  readonly steps: readonly Step[];
  readonly refusals: readonly Refusal[];
  readonly warnings: readonly Warning[];
} {
  if ('refusals' in planned)
    return { hash: null, patch: [], steps: [], refusals: planned.refusals, warnings: [] };
  if ('unchanged' in planned)
    return { hash: null, patch: [], steps: [], refusals: [], warnings: [] };
  const { hash, patch, steps } = planned.plan;
  return { hash, patch, steps, refusals: [], warnings: planned.warnings };
}
