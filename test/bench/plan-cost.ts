import { hash } from 'node:crypto';

import { freeze } from 'immer';

import {
  NEW_CHUTE,
  NOTHING_APPLIED,
  type Applied,
  type AppliedChute,
} from '../../src/core/applied.ts';
import type { Definition } from '../../src/core/chute.ts';
import type { ChuteRequest } from '../../src/core/events.ts';
import type { HostFacts } from '../../src/core/facts.ts';
import type { JsonObject } from '../../src/core/json.ts';
import { makePlan } from '../../src/core/make-plan.ts';
import { applyPatch, type Patch } from '../../src/core/patch.ts';
import { PLANNERS } from '../../src/core/planners/all.ts';
import { processSpec } from '../../src/core/planners/process-spec.ts';
import type { ArgsOf } from '../../src/core/step.ts';

/** What is asked of one chute among all that are installed. */
export type OneChange = 'environment' | 'dhcp';

/**
 * Microseconds to plan one change of one chute on a device with so many, each with a service, a port and
 * (`hasNetworks`) a network of its own with DHCP.
 */
export function planArm(chutes: number, change: OneChange, hasNetworks: boolean): number {
  const applied = deviceWith(chutes, hasNetworks);
  const name = nameOf(Math.floor(chutes / 2));
  const times: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    // A new value each time, or nothing would change; the device is the same, as it is between updates.
    const request = asking(definitionOf(name, { round: round + 1, change, hasNetworks }));
    const began = performance.now();
    const made = makePlan(inputOf(applied, [request]));
    times.push((performance.now() - began) * 1000);
    if (!('plan' in made)) throw new Error(`no plan: ${JSON.stringify(made)}`);
  }
  return times.toSorted((left, right) => left - right)[ROUNDS >> 1] ?? Number.NaN;
}

const ROUNDS = 9;

const FACTS: HostFacts = {
  runtime: 'process',
  host: 'render',
  hostname: 'bench',
  cpus: 4,
  memoryMiB: 4096,
  diskMiB: null,
  portsTaken: {},
  network: {
    radios: {},
    ports: {},
    uplink: { interface: 'eth0', address: '192.168.1.2/24' },
  },
  capabilities: [],
};

const devices = new Map<string, Applied>();

/**
 * A device with so many chutes: what each has when it is installed alone, in a network of its own. (To
 * install a thousand in one update takes minutes, and is not what is measured.)
 */
function deviceWith(count: number, hasNetworks: boolean): Applied {
  const known = devices.get(`${count} ${hasNetworks}`);
  if (known) return known;
  const chutes: Record<string, AppliedChute> = {};
  const applied: Applied = { ...structuredClone(NOTHING_APPLIED), chutes };
  for (let index = 0; index < count; index++) {
    const definition = definitionOf(nameOf(index), {
      round: 0,
      change: 'environment',
      hasNetworks,
    });
    chutes[nameOf(index)] = { ...structuredClone(NEW_CHUTE), services: runningOf(definition) };
    applyPatch(applied, savedBy(definition, index));
  }
  // Frozen as a fold leaves it.
  const folded = freeze(applied, true);
  devices.set(`${count} ${hasNetworks}`, folded);
  return folded;
}

/** What installing a chute on an empty device saves, in the network that is its own here. */
function savedBy(definition: Definition, index: number): Patch {
  const made = makePlan(inputOf(NOTHING_APPLIED, [asking(definition)]));
  if (!('plan' in made)) throw new Error(`no device: ${JSON.stringify(made)}`);
  const save = made.plan.steps.find(({ kind }) => kind === 'chute.save@1');
  if (!save) throw new Error(`nothing is saved of ${definition.name}`);
  const { patch } = save.args as unknown as ArgsOf<'chute.save@1'>;
  const network = `10.${128 + (index >> 8)}.${index & 255}.`;
  return JSON.parse(JSON.stringify(patch).replaceAll('10.128.0.', network)) as Patch;
}

function runningOf(definition: Definition): AppliedChute['services'] {
  return Object.fromEntries(
    Object.entries(definition.services).map(([name, service]) => [
      name,
      {
        state: 'running' as const,
        spec: processSpec(definition, name, service),
        instance: { pid: 1, startTicks: 1, boot: 'bench', mark: 'bench' },
      },
    ]),
  );
}

const nameOf = (index: number): string => `chute-${String(index).padStart(4, '0')}`;

function definitionOf(
  name: string,
  {
    round,
    change,
    hasNetworks,
  }: { readonly round: number; readonly change: OneChange; readonly hasNetworks: boolean },
): Definition {
  const index = Number(name.slice('chute-'.length));
  const leasetime = change === 'dhcp' ? `${12 + round}h` : '12h';
  const vlan: JsonObject = {
    type: 'vlan',
    'vlan-id': index + 2,
    dhcp: { leasetime, start: 10, limit: 50 },
  };
  return {
    name,
    version: round + 1,
    environment: { VALUE: change === 'environment' ? String(round) : '0' },
    services: {
      main: {
        type: 'light',
        command: 'node main.js',
        environment: {},
        interfaces: hasNetworks ? { lan: vlan } : {},
        ports: { [`${10_000 + index}/tcp`]: { internal: 10_000 + index } },
        volumes: {},
        requests: {},
        dns: [],
        needs: [],
        stop: { signal: 'SIGTERM', graceMs: 5000 },
      },
    },
    firewall: {},
  };
}

const asking = (definition: Definition): ChuteRequest => ({
  chute: definition.name,
  operation: 'apply',
  definition,
  sources: {},
});

function inputOf(
  applied: Applied,
  chutes: readonly ChuteRequest[],
): Parameters<typeof makePlan>[0] {
  const by = { user: 'bench', role: 'owner', via: 'bench' };
  return {
    request: { by, chutes, strict: false, allowDowngrade: false },
    applied,
    facts: FACTS,
    planners: PLANNERS,
    sha256: (text) => hash('sha256', text),
  };
}
