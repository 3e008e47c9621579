import type { Applied } from '../src/core/applied.ts';
import type { ChuteName } from '../src/core/chute.ts';
import type { ChuteRequest } from '../src/core/events.ts';
import { makeHostChange } from '../src/core/host-config/change.ts';
import { documentOf, type HostDocument, storedOf } from '../src/core/host-config/document.ts';
import { makeChange } from '../src/core/make-change.ts';
import { NO_NETWORK } from '../src/core/network.ts';
import type { Desired } from '../src/core/plan.ts';
import type { State, UpdateState } from '../src/core/state.ts';

/**
 * What each chute shall be: what the newest update on its way asks for, else what is installed, with
 * the run state that its owner wants. Null for a chute that is being removed. Pure.
 *
 * An update that is being undone, or stuck in that, asks for nothing any more.
 */
export function desiredOf(
  state: Pick<State, 'applied' | 'updates'>,
): Readonly<Record<ChuteName, Desired>> {
  const { applied } = state;
  const desired: Record<ChuteName, Desired> = {};
  for (const [chute, { definition, run }] of Object.entries(applied.chutes))
    if (definition) desired[chute] = { definition, run };
  const updates = Object.values(state.updates).toSorted((one, other) => one.seq - other.seq);
  for (const update of updates) {
    if (!WANTING.has(update.phase)) continue;
    for (const asked of update.request.chutes) {
      const wanted = wantedBy(update, asked, applied);
      if (wanted !== undefined) desired[asked.chute] = wanted;
    }
  }
  return desired;
}

/**
 * How the device itself shall be configured: what the newest update on its way asks for, else what is
 * applied, every default said. Pure.
 */
export function desiredHostOf(state: Pick<State, 'applied' | 'facts' | 'updates'>): HostDocument {
  const { applied, facts } = state;
  const updates = Object.values(state.updates)
    .filter(({ phase, request }) => WANTING.has(phase) && request.host)
    .toSorted((one, other) => one.seq - other.seq);
  let stored = applied.host.config;
  for (const { request } of updates) {
    if (!request.host) continue;
    const { by, strict } = request;
    const seen = facts?.facts ?? { host: 'render', network: NO_NETWORK };
    const { document } = makeHostChange(request.host, { stored, facts: seen, by, strict });
    stored = document ? storedOf(document) : stored;
  }
  return documentOf(stored);
}

function wantedBy(
  { request }: UpdateState,
  asked: ChuteRequest,
  applied: Applied,
): Desired | undefined {
  return makeChange(asked, applied, request).change?.desired;
}

const WANTING: ReadonlySet<UpdateState['phase']> = new Set([
  'requested',
  'queued',
  'planned',
  'running',
]);
