import { type Applied, NOTHING_APPLIED } from '../../../src/core/applied.ts';
import type { Definition, Service } from '../../../src/core/chute.ts';
import type { ContainerSpec } from '../../../src/core/container.ts';
import type { ChuteRequest } from '../../../src/core/events.ts';
import { argsOf, ask, definition, digest, planOf, run, service } from '../plan-model.ts';

export const FACTS = { runtime: 'docker', capabilities: ['docker'] } as const;

export const source = (letter: string): Pick<Service, 'source'> => ({
  source: { type: 'local', digest: digest(letter) },
});

export const node = (fields: Partial<Service> = {}): Service =>
  service({ image: 'node', ...source('a'), ...fields });

/** A chute of one service. */
export const chute = (fields: Partial<Service> = {}, more: Partial<Definition> = {}): Definition =>
  definition({ services: { main: node(fields) }, ...more });

/** What the device runs after these requests, one update after the other. */
export function after(...updates: readonly (readonly ChuteRequest[])[]): Applied {
  return updates.reduce<Applied>(
    (applied, asked) => run(applied, planOf(asked, { applied, facts: FACTS })).applied,
    NOTHING_APPLIED,
  );
}

export const idsOf = (
  asked: readonly ChuteRequest[],
  applied: Applied = NOTHING_APPLIED,
): string[] => planOf(asked, { applied, facts: FACTS }).steps.map(({ id }) => id);

export function specOf(given: Definition, name = 'main'): ContainerSpec {
  const plan = planOf([ask('apply', given)], { facts: FACTS });
  return argsOf(plan, 'container.start@1', `${given.name}/${name}/container.start`).spec;
}

export const one: Applied = after([ask('apply', chute())]);
