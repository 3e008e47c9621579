import { hash } from 'node:crypto';

import { type Applied, NOTHING_APPLIED } from '../core/applied.ts';
import type { SecretRef } from '../core/chute.ts';
import { definitionError } from '../core/definition/complaint.ts';
import { parseDefinitionValue } from '../core/definition/parse.ts';
import { complete } from '../core/definition/raw.ts';
import { RipcordError } from '../core/errors.ts';
import type { ChuteRequest } from '../core/events.ts';
import { parseFacts } from '../core/facts-schema.ts';
import type { HostFacts } from '../core/facts.ts';
import { makePlan, type Planned } from '../core/make-plan.ts';
import type { Planner } from '../core/plan.ts';
import { PLANNERS } from '../core/planners/all.ts';
import type { Requester } from '../core/requester.ts';

/** What a plan is asked for; the rest has a sensible value. */
export type PlanFor = {
  /** As they would stand in YAML; nothing is fetched, sources need not be there. */
  readonly definitions: readonly object[];
  /** Asked after the built-in ones. */
  readonly planners: readonly Planner[];
  /** Default: nothing. */
  readonly applied?: Applied;
  /** Default: a host without radios and ports. */
  readonly facts?: Partial<HostFacts>;
  readonly by?: Requester;
};

/**
 * What a device would plan for definitions, with planners of your own. Pure: nothing is journaled,
 * fetched or touched. Throws RIPCORD_DEFINITION_INVALID.
 */
export function planFor({ definitions, planners, applied, facts, by }: PlanFor): Planned {
  return makePlan({
    request: {
      chutes: definitions.map((each) => requestOf(each)),
      by: by ?? { user: 'tester', role: 'owner', via: 'test' },
      strict: false,
      allowDowngrade: false,
    },
    applied: applied ?? NOTHING_APPLIED,
    facts: factsOf(facts),
    planners: [...PLANNERS, ...planners],
    sha256,
  });
}

function factsOf(given: PlanFor['facts']): HostFacts {
  const read = parseFacts(given ?? {});
  if ('facts' in read) return read.facts;
  const wrong = read.wrong.map(({ path, message }) => `${path.join('.')} ${message}`);
  throw new RipcordError(
    'RIPCORD_HOST_INVALID',
    `cannot plan for the facts given: ${wrong.join('; ')}`,
  );
}

const sha256 = (text: string): string => hash('sha256', text);

const secret = (text: string): SecretRef => ({ $secret: sha256(text) });

function requestOf(value: object): ChuteRequest {
  const read = parseDefinitionValue(value, { file: 'definition', secret });
  if (!read.ok) throw definitionError(read.complaints);
  const { sources } = read;
  const named = Object.entries(sources).map(([service, reference]) => {
    const digest = `sha256:${sha256(JSON.stringify(reference))}`;
    return [service, { type: 'local', digest }] as const;
  });
  const definition = complete(read, Object.fromEntries(named));
  const found = named.map(([, { digest }]) => [digest, { type: 'local', path: '.' }] as const);
  return {
    chute: definition.name,
    operation: 'apply',
    definition,
    sources: Object.fromEntries(found),
  };
}
