import type { Damage, JournalReader } from '../journal/journal.ts';
import type { Head, Recorded, Seq } from '../journal/record.ts';
import type { ChuteEvent } from '../src/core/events.ts';
import { foldAll } from '../src/core/fold.ts';
import { NEW_STATE, type State, stateOf } from '../src/core/state.ts';
import { Chronicle } from './chronicle.ts';

/** What `Replay` needs of a journal: any reader will do, on disk, in memory or held by an engine. */
export type ReplayedJournal = Pick<
  JournalReader<ChuteEvent>,
  'damage' | 'getBlob' | 'head' | 'loadSnapshot' | 'read'
> & { refresh?(): boolean };

/**
 * A journal to look back at: the device's state at its end and at any record before it. Reads only;
 * it stands still at the head it found until `refresh`.
 */
export class Replay {
  readonly journal: ReplayedJournal;
  #head: Head;
  #state: State;
  readonly #chronicle = new Chronicle();

  private constructor(journal: ReplayedJournal, head: Head, state: State) {
    this.journal = journal;
    this.#head = head;
    this.#state = state;
  }

  /** Folds the newest snapshot and what was recorded since. */
  static async of(journal: ReplayedJournal): Promise<Replay> {
    const { head } = journal;
    return new Replay(journal, head, await foldTo(journal, head.seq));
  }

  /** The last record that `state` is after. */
  get head(): Head {
    return this.#head;
  }

  /** The device as the journal says it is, after `head`. */
  get state(): State {
    return this.#state;
  }

  /** Why the journal ends too early, if it does: what lies before the damage can be looked at. */
  get damage(): Damage | null {
    return this.journal.damage;
  }

  /** Takes note of what was recorded meanwhile, and gives the state after it. */
  async refresh(): Promise<State> {
    this.journal.refresh?.();
    const { head } = this.journal;
    this.#state = await foldAll(this.journal.read(this.#state.seq + 1, head.seq), this.#state);
    this.#head = head;
    return this.#state;
  }

  /** The state after record `seq`, folded from the nearest snapshot; 0 is before the first record. */
  async stateAt(seq: Seq): Promise<State> {
    if (seq === this.#state.seq) return this.#state;
    return await foldTo(this.journal, Math.min(seq, this.#head.seq));
  }

  /** One record. Undefined when there is none at `seq`. */
  async recordAt(seq: Seq): Promise<Recorded<ChuteEvent> | undefined> {
    if (seq < 1 || seq > this.#head.seq) return undefined;
    for await (const record of this.journal.read(seq, seq)) return record;
    return undefined;
  }

  /** Updates and boots of the whole journal: one pass over it, which later calls only continue. */
  async chronicle(): Promise<Chronicle> {
    const chronicle = this.#chronicle;
    const next = chronicle.seq + 1;
    if (next > this.#head.seq) return chronicle;
    for await (const record of this.journal.read(next, this.#head.seq)) {
      // Two callers may read at once: each record counts only for the first.
      if (record.seq === chronicle.seq + 1) chronicle.read(record);
    }
    return chronicle;
  }
}

async function foldTo(journal: ReplayedJournal, seq: Seq): Promise<State> {
  if (seq <= 0) return NEW_STATE;
  const from = stateOf(await journal.loadSnapshot(seq)) ?? NEW_STATE;
  return await foldAll(journal.read(from.seq + 1, seq), from);
}
