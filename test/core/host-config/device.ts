import { type Applied, NOTHING_APPLIED } from '../../../src/core/applied.ts';
import { createReport } from '../../../src/core/definition/complaint.ts';
import type { HostRequest } from '../../../src/core/events.ts';
import type { HostDocument } from '../../../src/core/host-config/document.ts';
import { readDocument } from '../../../src/core/host-config/read-document.ts';
import type { JsonObject } from '../../../src/core/json.ts';
import type { Planned } from '../../../src/core/make-plan.ts';
import type { NetworkFacts } from '../../../src/core/network.ts';
import { ROUTER } from '../allocate/host-model.ts';
import { type Ambient, planned, run } from '../plan-model.ts';

/** A document as a file that says this. */
function document(written: JsonObject): HostDocument {
  const report = createReport('host.yaml', () => null);
  const keep = (value: string): { $secret: string } => ({ $secret: mark(value) });
  const read = readDocument(written, '', { report, keep, strict: false });
  if (read === null) throw new Error(JSON.stringify(report.complaints));
  return read;
}

/** What stands for a secret, told from others by its letters. */
const mark = (value: string): string => Buffer.from(value).toString('hex').padEnd(64, '0');

export const toBe = (written: JsonObject): HostRequest => ({
  operation: 'apply',
  config: document(written),
  patch: [],
});

export const asDevice = (
  operation: HostRequest['operation'],
  patch: readonly JsonObject[] = [],
): HostRequest => ({ operation, config: null, patch });

/** What a router with two radios plans when this is asked of it. */
export function plannedOn(
  applied: Applied,
  host: HostRequest,
  ambient: Ambient & { readonly network?: NetworkFacts } = {},
): Planned {
  const { network = ROUTER, ...rest } = ambient;
  return planned([], { ...rest, applied, host, facts: { network, ...rest.facts } });
}

/** The router after this was asked of it. */
export function after(applied: Applied, host: HostRequest): Applied {
  const answer = plannedOn(applied, host);
  if ('unchanged' in answer) return applied;
  if (!('plan' in answer)) throw new Error(JSON.stringify(answer));
  return run(applied, answer.plan).applied;
}

export const FRESH: Applied = NOTHING_APPLIED;
