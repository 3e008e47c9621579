import { createHash } from 'node:crypto';

import { produce } from 'immer';

import { NEW_CHUTE, NOTHING_APPLIED, type Applied } from '../../src/core/applied.ts';
import type { Definition, Service } from '../../src/core/chute.ts';
import type { ServiceInstance, ServiceSpec } from '../../src/core/container.ts';
import type { ChuteRequest, Requester } from '../../src/core/events.ts';
import type { HostFacts } from '../../src/core/facts.ts';
import { changedFile } from '../../src/core/host-file.ts';
import type { Json } from '../../src/core/json.ts';
import { chuteDirectory } from '../../src/core/layout.ts';
import type { PlanRequest } from '../../src/core/make-change.ts';
import { makePlan, type Planned } from '../../src/core/make-plan.ts';
import { NO_NETWORK } from '../../src/core/network.ts';
import { applyPatch, invert, pointer, type Operation, type Patch } from '../../src/core/patch.ts';
import type { Plan, Planner, Refusal } from '../../src/core/plan.ts';
import { PLANNERS } from '../../src/core/planners/all.ts';
import type { ArgsOf, BuiltInKind, Step } from '../../src/core/step.ts';

const FACTS: HostFacts = {
  runtime: 'process',
  host: 'render',
  hostname: 'gateway',
  cpus: 2,
  memoryMiB: 512,
  diskMiB: 8192,
  portsTaken: {},
  network: NO_NETWORK,
  capabilities: [],
};

const ROOT_USER: Requester = { user: 'root', role: 'owner', via: 'cli' };

export const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

/** A digest that is told from others by one letter. */
export const digest = (letter: string): string => `sha256:${letter.repeat(64)}`;

export function service(fields: Partial<Service> = {}): Service {
  return {
    type: 'light',
    command: 'node main.js',
    environment: {},
    interfaces: {},
    ports: {},
    volumes: {},
    requests: {},
    dns: [],
    needs: [],
    stop: { signal: 'SIGTERM', graceMs: 5000 },
    ...fields,
  };
}

export function definition(fields: Partial<Definition> = {}): Definition {
  return {
    name: 'hello',
    version: 1,
    environment: {},
    services: { main: service({ source: { type: 'local', digest: digest('a') } }) },
    firewall: {},
    ...fields,
  };
}

/** A request that says where all its sources are. */
export function ask(
  operation: ChuteRequest['operation'],
  chute: string | Definition,
  fields: Partial<ChuteRequest> = {},
): ChuteRequest {
  const given = typeof chute === 'string' ? null : chute;
  const digests = Object.values(given?.services ?? {}).flatMap((each) => each.source?.digest ?? []);
  const sources = digests.map((each) => [each, { type: 'local', path: `/src/${each}` }] as const);
  return {
    chute: typeof chute === 'string' ? chute : chute.name,
    operation,
    definition: given,
    sources: Object.fromEntries(sources),
    ...fields,
  };
}

export type Ambient = {
  readonly applied?: Applied;
  readonly facts?: Partial<HostFacts>;
  readonly planners?: readonly Planner[];
} & Partial<Omit<PlanRequest, 'chutes'>>;

export function planned(chutes: readonly ChuteRequest[], ambient: Ambient = {}): Planned {
  const { applied = NOTHING_APPLIED, facts, planners = PLANNERS, ...request } = ambient;
  return makePlan({
    request: { by: ROOT_USER, strict: false, allowDowngrade: false, ...request, chutes },
    applied,
    facts: { ...FACTS, ...facts },
    planners,
    sha256,
  });
}

export function planOf(chutes: readonly ChuteRequest[], ambient: Ambient = {}): Plan {
  const answer = planned(chutes, ambient);
  if (!('plan' in answer)) throw new Error(`no plan: ${JSON.stringify(answer)}`);
  return answer.plan;
}

/** The arguments of the step with this id. Throws when the plan has none. */
export function argsOf<K extends BuiltInKind>({ steps }: Plan, kind: K, id: string): ArgsOf<K> {
  const step = steps.find((each) => each.kind === kind && each.id === id);
  if (!step) throw new Error(`no ${kind} ${id} among ${steps.map((each) => each.id).join()}`);
  return step.args as ArgsOf<K>;
}

export function refusalsOf(
  chutes: readonly ChuteRequest[],
  ambient: Ambient = {},
): readonly Refusal[] {
  const answer = planned(chutes, ambient);
  return 'refusals' in answer ? answer.refusals : [];
}

/** What the device runs after these requests, one update after the other. */
export function appliedAfter(...updates: readonly (readonly ChuteRequest[])[]): Applied {
  return updates.reduce<Applied>(
    (applied, chutes) => run(applied, planOf(chutes, { applied })).applied,
    NOTHING_APPLIED,
  );
}

/** A device after a service of a chute was found dead. */
export function withDead(applied: Applied, chute: string, name: string): Applied {
  return patched(applied, [
    { op: 'replace', path: pointer('chutes', chute, 'services', name, 'state'), value: 'exited' },
    { op: 'replace', path: pointer('chutes', chute, 'services', name, 'instance'), value: null },
  ]);
}

export type Ran = {
  readonly applied: Applied;
  /** What takes back the n-th step, from 0. */
  readonly inverses: readonly Patch[];
};

/** Runs a plan on the model of a device: what drivers do to `applied`, and nothing else. */
export function run(applied: Applied, { steps }: Pick<Plan, 'steps'>): Ran {
  const inverses: Patch[] = [];
  let now = applied;
  for (const step of steps) {
    const patch = patchOf(step, now);
    if (step.afterCommit && patch.length > 0) throw new Error(`${step.id} is behind the commit`);
    inverses.push(invert(now, patch));
    now = patched(now, patch);
  }
  return { applied: now, inverses };
}

export function patched(applied: Applied, patch: Patch): Applied {
  return produce(applied, (draft) => applyPatch(draft, patch));
}

/** The table at the head of `plan-graph.ts`, as a program. */
function patchOf(step: Step, applied: Applied): Patch {
  const make = PATCHES[step.kind as BuiltInKind] as (args: Json, applied: Applied) => Patch;
  return make(step.args, applied);
}

const NONE = (): Patch => [];

type ServiceArgs = Pick<ArgsOf<'process.stop@1'>, 'chute' | 'service'>;

function stopped({ chute, service: name }: ServiceArgs, { chutes }: Applied): Patch {
  const was = chutes[chute]?.services[name];
  if (was?.state !== 'running') throw new Error(`${name} of ${chute} is stopped, but not running`);
  const value = { ...was, state: 'stopped', instance: null };
  return [{ op: 'replace', path: pointer('chutes', chute, 'services', name), value }];
}

function started(
  { chute, service: name, spec }: ServiceArgs & { readonly spec: ServiceSpec },
  { chutes }: Applied,
  instance: ServiceInstance,
): Patch {
  if (chutes[chute]?.services[name]?.state === 'running')
    throw new Error(`${name} of ${chute} is started twice`);
  const value = { state: 'running', spec, instance };
  return [{ op: 'add', path: pointer('chutes', chute, 'services', name), value }];
}

const PATCHES: {
  readonly [K in BuiltInKind]: (args: ArgsOf<K>, applied: Applied) => Patch;
} = {
  'directory.create@1': ({ path }, { chutes }) => {
    const chute = path.split('/')[1] ?? '';
    if (path !== chuteDirectory(chute) || chutes[chute]) return [];
    return [{ op: 'add', path: pointer('chutes', chute), value: NEW_CHUTE }];
  },
  'volume.create@1': ({ chute, volume }) => [
    { op: 'add', path: pointer('chutes', chute, 'volumes', volume), value: true },
  ],
  'config.check@1': NONE,
  'config.restore@1': NONE,
  'config.reload@1': NONE,
  'config.write@1': (change, { host }): Patch => {
    const path = pointer('host', 'files', change.path);
    const was = host.files[change.path] ?? null;
    const value = changedFile(was, change);
    if (value !== null) return [{ op: was ? 'replace' : 'add', path, value }];
    return was ? [{ op: 'remove', path }] : [];
  },
  'release.switch@1': ({ chute, service: name, digest: to }): [Operation] => {
    const path = pointer('chutes', chute, 'releases', name);
    return [to === null ? { op: 'remove', path } : { op: 'add', path, value: to }];
  },
  'resource.limit@1': ({ chute, services }, { limits }): Patch => {
    const path = pointer('limits', chute);
    if (Object.keys(services).length > 0) return [{ op: 'add', path, value: services }];
    return limits[chute] ? [{ op: 'remove', path }] : [];
  },
  'process.stop@1': stopped,
  'process.start@1': (args, applied) =>
    started(args, applied, { pid: 1, startTicks: 1, boot: 'boot', mark: 'mark' }),
  'container.stop@1': stopped,
  'container.start@1': (args, applied) => started(args, applied, { container: 'c1', mark: 'mark' }),
  'container.keep@1': NONE,
  'container.remove@1': NONE,
  'network.create@1': NONE,
  'network.remove@1': NONE,
  'image.pull@1': NONE,
  'image.build@1': NONE,
  'image.check@1': NONE,
  'image.drop@1': NONE,
  'chute.save@1': ({ patch }) => patch,
  'host.save@1': ({ patch }) => patch,
  'release.fetch@1': NONE,
  'port.check@1': NONE,
  'secret.check@1': NONE,
  'gate.check@1': NONE,
  'volume.remove@1': NONE,
  'release.drop@1': NONE,
  'directory.remove@1': NONE,
};
