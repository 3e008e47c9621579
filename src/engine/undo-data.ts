import type { Journal } from '../../journal/journal.ts';
import type { Recorded, Seq } from '../../journal/record.ts';
import { assert } from '../core/assert.ts';
import type { ChuteEvent } from '../core/events.ts';
import type { Json } from '../core/json.ts';
import type { Patch } from '../core/patch.ts';
import { entriesOf, type UpdateState } from '../core/state.ts';

/** Undo data larger than this goes to a blob, on disk before the intent that names it. */
const INLINE_BYTES_MAX = 16 * 1024;

/**
 * What undoing needs: taken before the effect, journaled with the intent, and read back from there
 * when this process did not write it itself. The state holds only where to look.
 */
export class UndoData {
  readonly #journal: Journal<ChuteEvent>;
  readonly #undo = new Map<number, Json>();
  readonly #inverse = new Map<number, Patch>();

  constructor(journal: Journal<ChuteEvent>) {
    this.#journal = journal;
  }

  /** The form in which the intent carries it. On disk on return, as far as it is a blob. */
  async store(n: number, undo: Json): Promise<{ readonly undo: Json; readonly undoBlob?: string }> {
    this.#undo.set(n, undo);
    if (undo === null || typeof undo !== 'object') return { undo };
    const text = JSON.stringify(undo);
    if (text.length <= INLINE_BYTES_MAX) return { undo };
    return { undo: null, undoBlob: await this.#journal.putBlob(Buffer.from(text)) };
  }

  /** Undo data of the first intent of step `n`, or null when it never had one. */
  async of(update: UpdateState, n: number): Promise<{ readonly undo: Json } | null> {
    const known = this.#undo.get(n);
    if (known !== undefined) return { undo: known };
    const ran = entriesOf(update.ran).find((entry) => entry.n === n);
    if (!ran || ran.seq === 0) return null;
    const record = await this.#record(ran.seq);
    if (record.type !== 'step.intended') return null;
    const undo =
      record.undoBlob === undefined
        ? record.undo
        : (JSON.parse(
            Buffer.from(await this.#journal.getBlob(record.undoBlob)).toString(),
          ) as Json);
    this.#undo.set(n, undo);
    return { undo };
  }

  /** Keeps the inverse of a step that this process ran. */
  remember(n: number, inverse: Patch): void {
    this.#inverse.set(n, inverse);
  }

  async inverse(n: number, seq: Seq): Promise<Patch> {
    const known = this.#inverse.get(n);
    if (known) return known;
    const record = await this.#record(seq);
    return record.type === 'step.succeeded' ? record.inverse : [];
  }

  async #record(seq: Seq): Promise<Recorded<ChuteEvent>> {
    for await (const record of this.#journal.read(seq, seq)) return record;
    assert(false, `record ${seq} is not in the journal`);
  }
}
