/**
 * What happens when the disk refuses: the fence's way out, or its end.
 *
 *     ENOSPC ──release the ballast──▶ write again in place ──refused──▶ go back to the last good record
 *     EIO, failed sync ──▶ never sync that file again: copy it into a fresh one ──refused──▶ stop
 */
import type { FlushFailure, FlushSink, Recovery } from './append.ts';
import { errnoOf } from './durable-file.ts';
import type { Head, Seq } from './record.ts';
import type { Reserve } from './reserve.ts';
import type { SegmentWriter } from './segment-writer.ts';

export class LogSink implements FlushSink {
  readonly #writer: SegmentWriter;
  readonly #reserve: Reserve;
  #wanted: { readonly bytes: number; readonly first: Seq } | null = null;
  #preparing: Promise<void> = Promise.resolve();

  constructor(writer: SegmentWriter, reserve: Reserve) {
    this.#writer = writer;
    this.#reserve = reserve;
  }

  get room(): number {
    return this.#writer.room;
  }

  makeRoom(bytes: number, first: Seq): void {
    this.#wanted = { bytes, first };
    this.#writer.roll(first, bytes);
  }

  write(bytes: Uint8Array): void {
    this.#writer.write(bytes);
  }

  sync(): void {
    this.#writer.sync();
  }

  writeInPool(bytes: Uint8Array): Promise<void> {
    return this.#writer.writeInPool(bytes);
  }

  accept(bytes: number): void {
    this.#writer.accept(bytes);
    if (this.#writer.wantsNext) this.prepare();
  }

  /** Prepares the next segment in the background. */
  prepare(): void {
    this.#preparing = this.#writer.prepareNext();
  }

  /** Waits for the background and lets go of the files. */
  async close(): Promise<void> {
    await this.#preparing;
    this.#writer.close();
  }

  recover({ stage, cause }: FlushFailure, head: Head, bytes: Uint8Array): Recovery {
    this.#writer.close();
    const full = isFull(cause);
    if (full) this.#makeSpace();
    if (stage === 'room') return this.#rollAgain(head, full);
    return full && stage === 'write' ? this.#writeAgain(head, bytes) : this.#rewrite(head, bytes);
  }

  #rollAgain(head: Head, full: boolean): Recovery {
    const wanted = this.#wanted;
    if (wanted === null) return 'lost';
    try {
      if (!full) this.#writer.rewrite(head, new Uint8Array(0));
      this.#writer.roll(wanted.first, wanted.bytes);
      return 'written';
    } catch (error) {
      return isFull(error) ? 'refused' : 'lost';
    }
  }

  #writeAgain(head: Head, bytes: Uint8Array): Recovery {
    try {
      if (!this.#writer.endsWith(head)) return 'lost';
      this.#writer.write(bytes);
    } catch (error) {
      return isFull(error) ? this.#takeBack() : this.#rewrite(head, bytes);
    }
    try {
      this.#writer.sync();
      return 'written';
    } catch {
      return this.#rewrite(head, bytes);
    }
  }

  /** Nobody was told of the bytes, so they must not turn up later. */
  #takeBack(): Recovery {
    try {
      this.#writer.clear();
      return 'refused';
    } catch {
      return 'lost';
    }
  }

  #rewrite(head: Head, bytes: Uint8Array): Recovery {
    try {
      this.#writer.rewrite(head, bytes);
      return 'written';
    } catch (error) {
      if (!isFull(error) || !this.#makeSpace()) return 'lost';
    }
    try {
      this.#writer.rewrite(head, bytes);
      return 'written';
    } catch {
      return 'lost';
    }
  }

  #makeSpace(): boolean {
    try {
      return this.#reserve.release();
    } catch {
      return false;
    }
  }
}

function isFull(error: unknown): boolean {
  const errno = errnoOf(error);
  return errno === 'ENOSPC' || errno === 'EDQUOT';
}
