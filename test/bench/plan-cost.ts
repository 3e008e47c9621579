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
import { changedFile } from '../../src/core/host-file.ts';
import type { JsonObject } from '../../src/core/json.ts';
import { makePlan } from '../../src/core/make-plan.ts';
import { networkOutcome } from '../../src/core/network-outcome.ts';
import { applyPatch, type Patch } from '../../src/core/patch.ts';
import type { Plan } from '../../src/core/plan.ts';
import { PLANNERS } from '../../src/core/planners/all.ts';
import { processSpec } from '../../src/core/planners/process-spec.ts';
import type { ArgsOf } from '../../src/core/step.ts';

/**
 * What is asked of one chute among all that are installed: another value in its environment; other
 * leases, which on OpenWrt are in one file for all; another VLAN, which is in the ruleset and in the list
 * of links.
 */
export type OneChange = 'environment' | 'leases' | 'vlan';

/**
 * Microseconds to plan one change of one chute on a device with so many, each with a service, a port and
 * (`hasNetworks`) a network of its own with DHCP.
 */
export function planArm(chutes: number, change: OneChange, hasNetworks: boolean): number {
  // The least disturbed one: the longer a plan takes, the likelier somebody else has its turn in it.
  let least = Number.POSITIVE_INFINITY;
  for (let round = 1; round <= ROUNDS; round++)
    least = Math.min(least, planOnce(chutes, round, change, hasNetworks).us);
  return least;
}

/** What the journal is given to hold of a plan, in bytes. */
export function planBytes(chutes: number, change: OneChange, hasNetworks: boolean): number {
  const { steps, patch } = planOnce(chutes, ROUNDS + 1, change, hasNetworks).plan;
  return Buffer.byteLength(JSON.stringify({ steps, patch }));
}

/** Microseconds to plan the installation of so many chutes in one update, each with a network of its own. */
export function installArm(chutes: number): number {
  const definitions = Array.from({ length: chutes }, (_, index) =>
    definitionOf(nameOf(index), { round: 0, change: 'environment', hasNetworks: true }),
  );
  const began = performance.now();
  const made = makePlan(inputOf(NOTHING_APPLIED, definitions.map(asking)));
  const us = (performance.now() - began) * 1000;
  if (!('plan' in made)) throw new Error(`no plan: ${JSON.stringify(made)}`);
  return us;
}

function planOnce(
  chutes: number,
  round: number,
  change: OneChange,
  hasNetworks: boolean,
): { readonly us: number; readonly plan: Plan } {
  const applied = asAfterAnUpdate(deviceWith(chutes, hasNetworks, hostOf(change)), change);
  const name = nameOf(Math.floor(chutes / 2));
  // A new value each time, or nothing would change.
  const input = inputOf(applied, [asking(definitionOf(name, { round, change, hasNetworks }))]);
  const began = performance.now();
  const made = makePlan({ ...input, facts: { ...FACTS, host: hostOf(change) } });
  const us = (performance.now() - began) * 1000;
  if (!('plan' in made)) throw new Error(`no plan: ${JSON.stringify(made)}`);
  return { us, plan: made.plan };
}

/** The files for all chutes that such a change writes. */
const WRITTEN: Readonly<Record<OneChange, readonly string[]>> = {
  environment: [],
  leases: ['etc/config/dhcp'],
  vlan: ['host/links.json', 'host/nftables.nft'],
};

const hostOf = (change: OneChange): HostFacts['host'] => (change === 'leases' ? 'uci' : 'render');

/**
 * The same device with maps of its own, as a fold leaves it behind such a change of one chute: what is
 * remembered of whole maps does not count, what is remembered of chutes that stay does.
 */
function asAfterAnUpdate(applied: Applied, change: OneChange): Applied {
  const written = WRITTEN[change];
  const files = Object.entries(applied.host.files).map(([path, file]) => {
    if (!written.includes(path)) return [path, file];
    const sections = Object.freeze({ ...file.sections });
    return [path, Object.freeze({ ...file, sections })];
  });
  return Object.freeze({
    ...applied,
    chutes: Object.freeze({ ...applied.chutes }),
    host: Object.freeze({ ...applied.host, files: Object.freeze(Object.fromEntries(files)) }),
  });
}

const ROUNDS = 15;

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

/** A device with so many chutes: what each has when it is installed alone, in a network of its own. */
function deviceWith(count: number, hasNetworks: boolean, host: HostFacts['host']): Applied {
  const key = `${count} ${hasNetworks} ${host}`;
  const known = devices.get(key);
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
  const folded = freeze({ ...applied, host: { files: writtenFor(applied, host) } }, true);
  devices.set(key, folded);
  return folded;
}

/** The files of a host that everything is written of. */
function writtenFor(applied: Applied, host: HostFacts['host']): Applied['host']['files'] {
  const { files } = networkOutcome([], { applied, facts: { ...FACTS, host } }, ['network']);
  const made = files.map(({ change }) => [change.path, changedFile(null, change)]);
  return JSON.parse(JSON.stringify(Object.fromEntries(made))) as Applied['host']['files'];
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
  const leasetime = change === 'leases' ? `${12 + round}h` : '12h';
  const vlan: JsonObject = {
    type: 'vlan',
    'vlan-id': change === 'vlan' ? 2000 + round : index + 2,
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
