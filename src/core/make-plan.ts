import type { Applied } from './applied.ts';
import { below } from './compare-chute.ts';
import type { HostFacts } from './facts.ts';
import { hostSteps } from './host-steps.ts';
import type { Json, Sha256 } from './json.ts';
import { makeChange, type PlanRequest } from './make-change.ts';
import { networkOutcome } from './network-outcome.ts';
import { pointer } from './patch.ts';
import { aggregate, planHash, type AskedSteps } from './plan-graph.ts';
import type { Change, Plan, PlanContext, Planner, Refusal, Warning } from './plan.ts';
import type { ReloadedService } from './step.ts';
import { textOrder } from './text-order.ts';

/** Everything a plan is made from. */
export type PlanInput = {
  readonly request: PlanRequest;
  readonly applied: Applied;
  readonly facts: HostFacts;
  /** In the order in which they are asked: see `planners/all.ts`. */
  readonly planners: readonly Planner[];
  readonly sha256: Sha256;
  /** Services of the host whose configuration was written and never loaded. */
  readonly owed?: readonly ReloadedService[];
};

/** What became of a request: a plan, why there is none, or that nothing has to change. */
export type Planned =
  | {
      readonly plan: Plan;
      readonly changes: readonly Change[];
      readonly warnings: readonly Warning[];
    }
  | { readonly refusals: readonly Refusal[] }
  | { readonly unchanged: true };

/**
 * The plan that brings the device to what is asked for. Pure: equal input, equal plan and hash.
 *
 * Refusals come in the order of the modules, those of access rights and versions first; one refusal
 * refuses the whole request. Throws RIPCORD_PLAN_INVALID when planners contradict each other.
 */
export function makePlan(input: PlanInput): Planned {
  const { request, applied, facts, planners, sha256, owed = [] } = input;
  const asked = request.chutes.toSorted((left, right) => textOrder(left.chute, right.chute));
  const made = asked.map((each) => makeChange(each, applied, request));
  const every = made.flatMap(({ change }) => change ?? []);
  const network = networkOutcome(every, { applied, facts }, owed);
  const context: PlanContext = { applied, facts, by: request.by, changes: every, network };

  const refusals = [...twice(asked), ...made.flatMap((each) => each.refusals)];
  const changes = every.filter(
    ({ patch, operation }) => patch.length > 0 || operation === 'restart',
  );
  const steps: AskedSteps[] = [];
  const warnings: Warning[] = [];
  for (const change of changes) {
    const answers = ask(change, context, planners);
    refusals.push(...answers.refusals);
    steps.push(...answers.steps);
    warnings.push(...answers.warnings);
  }
  if (refusals.length > 0) return { refusals: inOrder(refusals, planners) };
  if (changes.length === 0) return { unchanged: true };

  const ordered = aggregate([...steps, ...hostSteps(network, changes)]);
  const patch = changes.flatMap((change) => below(pointer('chutes', change.chute), change.patch));
  const versions = Object.fromEntries(planners.map(({ name, version }) => [name, version]));
  const content = { patch, steps: ordered, planners: versions };
  const hash = planHash({ request: contentOf(asked), ...content }, sha256);
  return { plan: { hash, ...content }, changes, warnings };
}

function ask(
  change: Change,
  context: PlanContext,
  planners: readonly Planner[],
): {
  readonly steps: readonly AskedSteps[];
  readonly refusals: readonly Refusal[];
  readonly warnings: readonly Warning[];
} {
  const { chute } = change;
  const steps: AskedSteps[] = [];
  const refusals: Refusal[] = [];
  const warnings: Warning[] = [];
  for (const planner of planners) {
    const { name: module } = planner;
    const answer = planner.plan(change, context);
    warnings.push(...(answer.warnings ?? []).map((warning) => ({ chute, module, ...warning })));
    if ('refusals' in answer) {
      refusals.push(...answer.refusals.map((refusal) => ({ chute, module, ...refusal })));
      continue;
    }
    if (answer.steps) steps.push({ chute, module, steps: answer.steps });
    if ('done' in answer) break;
  }
  return { steps, refusals, warnings };
}

const twice = (asked: PlanRequest['chutes']): Refusal[] =>
  asked
    .filter(({ chute }, at) => asked[at - 1]?.chute === chute)
    .map(({ chute, operation }) => ({
      chute,
      module: 'state',
      code: 'RIPCORD_OPERATION_REFUSED',
      message: `cannot ${operation} ${chute}: one update asks for it twice`,
      path: '',
      hint: 'name each chute once',
    }));

/** Access rights, then operations and versions, then the rest as the modules were asked. */
function inOrder(refusals: readonly Refusal[], planners: readonly Planner[]): readonly Refusal[] {
  const names = planners.map(({ name }) => name);
  const rank = ({ module, code }: Refusal): number => {
    if (code === 'RIPCORD_ACCESS_DENIED') return -2;
    return FIRST.has(code) ? -1 : names.indexOf(module);
  };
  return refusals.toSorted((left, right) => rank(left) - rank(right));
}

const FIRST = new Set([
  'RIPCORD_CHUTE_UNKNOWN',
  'RIPCORD_DEFINITION_MISSING',
  'RIPCORD_OPERATION_REFUSED',
  'RIPCORD_VERSION_LOWER',
]);

/** Where sources were found is no part of it: where it matters, steps say it. */
const contentOf = (asked: PlanRequest['chutes']): Json =>
  asked.map(({ chute, operation, definition, purge }) => ({
    chute,
    operation,
    definition,
    purge: purge ?? false,
  }));
