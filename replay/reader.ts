import { openReadOnly } from '../journal/read-only.ts';
import type { ChuteEvent } from '../src/core/events.ts';
import { UPCASTERS } from '../src/core/upcasters.ts';
import { Replay } from './replay.ts';

/**
 * Opens the journal of a root to look back at it, beside an engine that may be writing: no lock, and
 * nothing is written.
 *
 * A damaged journal is no error: see `damage`. Throws RIPCORD_ROOT_MISSING, RIPCORD_SCHEMA_NEWER, and
 * RIPCORD_JOURNAL_DAMAGED when nothing of it can be read.
 */
export async function openReplay(root: string): Promise<Replay> {
  return await Replay.of(openReadOnly<ChuteEvent>(root, { upcasters: UPCASTERS }));
}
