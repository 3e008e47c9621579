import { openJournal } from '../../journal/journal-disk.ts';
import type { JournalOptions } from '../../journal/journal.ts';
import { machineClock } from '../../journal/machine-clock.ts';
import type { ChuteEvent } from '../core/events.ts';
import { subjectsOf } from '../core/subjects.ts';
import { UPCASTERS } from '../core/upcasters.ts';
import type { OpenJournal } from '../engine/book.ts';
import { damageError } from './damage-error.ts';
import type { Configured } from './local-host.ts';
import { whyUnwritable } from './root-place.ts';
import { tellRepair } from './tell-repair.ts';

/** What is written into `ripcord.json` when a root is made. */
export type RootOptions = {
  readonly root: string;
  readonly create: boolean;
  readonly configured: Configured;
  readonly command: string;
};

/**
 * How an engine opens the journal of a root on this machine's disk. Opening throws
 * RIPCORD_JOURNAL_DAMAGED for one that may only be read, RIPCORD_ROOT_UNUSABLE where nothing can be
 * written.
 */
export function rootJournal({ root, create, configured, command }: RootOptions): OpenJournal {
  return async ({ onFlush, faults }) => {
    const journal = await openJournal<ChuteEvent>({
      root,
      clock: machineClock(),
      genesis: { runtime: configured.runtime, host: configured.host },
      create,
      command,
      onFlush,
      faults,
      upcasters: UPCASTERS,
      keysOf,
    }).catch((error: unknown) => {
      throw whyUnwritable(root, error);
    });
    const { damage } = journal;
    if (damage !== null) {
      await journal.close();
      throw damageError(root, damage);
    }
    await tellRepair(root, journal);
    const cut = journal.opened.tailCut;
    const tailCut = cut && { bytes: cut.bytes, file: cut.file, offset: cut.offset };
    return { journal, tailCut };
  };
}

/** What the index lists an event under. Pure. */
export const keysOf: NonNullable<JournalOptions<ChuteEvent>['keysOf']> = (event) => ({
  ...('update' in event && { update: event.update }),
  ...chutesOf(event),
});

function chutesOf(event: ChuteEvent): { readonly chutes?: readonly string[] } {
  if (event.type === 'update.requested')
    return { chutes: subjectsOf(event.request).map(({ chute }) => chute) };
  return event.type === 'drift.found' ? { chutes: [event.chute] } : {};
}
