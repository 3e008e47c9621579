import { sha256 } from '../../journal/chain.ts';
import type { Head } from '../../journal/record.ts';
import { statusView } from '../../replay/status-view.ts';
import type { Json } from '../core/json.ts';
import type { State } from '../core/state.ts';
import { observe } from '../library/local-host.ts';

/** How the device is: what the journal says, beside what its services show. Reads only. */
export async function viewOf(
  state: State,
  head: Head,
  root: string,
): Promise<ReturnType<typeof statusView>> {
  const seen = await observe(root, state.applied, Object.keys(state.applied.chutes));
  return statusView({ state, head }, sha256, seen);
}

/** The same as the API answers it. */
export async function statusOf(state: State, head: Head, root: string): Promise<Json> {
  return await viewOf(state, head, root);
}
