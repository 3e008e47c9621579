import type { Applied } from './applied.ts';
import { below } from './compare-chute.ts';
import { RipcordError } from './errors.ts';
import type { HostFacts } from './facts.ts';
import { type HostChange, makeHostChange, type MadeHostChange } from './host-config/change.ts';
import { HOST } from './host-config/document.ts';
import { policyOf } from './host-config/policy.ts';
import { hostSteps } from './host-steps.ts';
import type { Json, Sha256 } from './json.ts';
import { limitsOutcome } from './limits-outcome.ts';
import { makeChange, type PlanRequest } from './make-change.ts';
import { networkOutcome } from './network-outcome.ts';
import { pointer } from './patch.ts';
import { aggregate, planHash, type AskedSteps } from './plan-graph.ts';
import type {
  Change,
  NetworkOutcome,
  Plan,
  PlanContext,
  Planner,
  PortsOutcome,
  Refusal,
  Warning,
} from './plan.ts';
import { portsOutcome } from './ports-outcome.ts';
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
      /** How the device itself is configured otherwise. */
      readonly host?: HostChange;
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
  const { request, applied, facts, planners, sha256 } = input;
  const asked = request.chutes.toSorted((left, right) => textOrder(left.chute, right.chute));
  const made = asked.map((each) => makeChange(each, applied, request));
  const every = made.flatMap(({ change }) => change ?? []);
  const device = hostPart(input);
  const host = device?.change ?? null;
  const ports = portsOutcome(every, { applied, facts });
  const network = networkOf(every, input, { host, ports });
  const limits = limitsOutcome(every, { applied, facts });
  const context: PlanContext = {
    applied,
    facts,
    by: request.by,
    policy: policyOf(device?.document ?? applied.host.config),
    isRollback: request.origin?.rollbackTo !== undefined,
    changes: every,
    network,
    ports,
    limits,
  };

  const refusals = [
    ...twice(asked),
    ...(device?.refusals ?? []),
    ...leftBehind(input),
    ...network.lost.map((reason): Refusal => ({ chute: HOST, module: 'struct', ...reason })),
    ...made.flatMap((each) => each.refusals),
  ];
  const changes = every.filter(
    ({ patch, operation }) => patch.length > 0 || operation === 'restart',
  );
  const steps: AskedSteps[] = [];
  const warnings: Warning[] = [...(device?.warnings ?? [])];
  for (const change of changes) {
    const answers = ask(change, context, planners);
    refusals.push(...answers.refusals);
    steps.push(...answers.steps);
    warnings.push(...answers.warnings);
  }
  if (refusals.length > 0) return { refusals: inOrder(refusals, planners) };
  const isHostNew = host !== null && host.patch.length > 0;
  if (changes.length === 0 && !isHostNew) return { unchanged: true };

  const ordered = aggregate([...steps, ...hostSteps(network, changes, isHostNew ? host : null)]);
  const patch = [
    ...(host?.patch ?? []),
    ...changes.flatMap((change) => below(pointer('chutes', change.chute), change.patch)),
  ];
  const versions = Object.fromEntries(planners.map(({ name, version }) => [name, version]));
  const content = { patch, steps: ordered, planners: versions };
  const hash = planHash({ request: contentOf(asked, request.host), ...content }, sha256);
  return { plan: { hash, ...content }, changes, warnings, ...(isHostNew && { host }) };
}

/** Values that no file can hold are a refusal where the host's own configuration has them. */
function networkOf(
  changes: readonly Change[],
  { applied, facts, owed = [] }: PlanInput,
  { host, ports }: { readonly host: HostChange | null; readonly ports: PortsOutcome },
): NetworkOutcome {
  try {
    return networkOutcome(changes, { applied, facts, host, ports }, owed);
  } catch (error) {
    if (!host || !(error instanceof RipcordError) || error.code !== 'RIPCORD_PLAN_INVALID')
      throw error;
    const { message } = error;
    const reason = { code: 'RIPCORD_HOST_INVALID', message, path: '', hint: 'write another value' };
    return { ...networkOutcome(changes, { applied, facts, ports }, owed), lost: [reason] };
  }
}

/** What is asked of the device itself. */
function hostPart({ request, applied, facts }: PlanInput): MadeHostChange | null {
  const { host, by, strict } = request;
  if (!host) return null;
  return makeHostChange(host, { stored: applied.host.config, facts, by, strict });
}

/** A reset takes along what was there when it was asked for. */
function leftBehind({ request: { host, chutes }, applied }: PlanInput): readonly Refusal[] {
  if (host?.operation !== 'reset') return [];
  const named = new Set(chutes.map(({ chute }) => chute));
  const others = Object.keys(applied.chutes).filter((chute) => !named.has(chute));
  if (others.length === 0) return [];
  const message = `cannot reset the device: ${others.toSorted(textOrder).join(', ')} came after that was asked for`;
  const hint = 'ask again, which takes that along';
  return [{ chute: HOST, module: 'state', code: 'RIPCORD_PLAN_STALE', message, path: '', hint }];
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
function contentOf(asked: PlanRequest['chutes'], host: PlanRequest['host']): Json {
  const chutes = asked.map(({ chute, operation, definition, purge }) => ({
    chute,
    operation,
    definition,
    purge: purge ?? false,
  }));
  return host ? { chutes, host } : chutes;
}
