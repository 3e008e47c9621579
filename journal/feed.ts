import type { Recorded, Seq } from './record.ts';

/** Records held for a reader that is slower than the writer; beyond it reads from the log again. */
const QUEUE_MAX = 10_000;

/** Tells readers of records as they become durable. */
export class Feed<E> {
  readonly #listeners = new Set<(records: readonly Recorded<E>[]) => void>();
  #closed = false;

  publish(records: readonly Recorded<E>[]): void {
    for (const listen of this.#listeners) listen(records);
  }

  /** Lets every reader come to its end. */
  close(): void {
    this.#closed = true;
    this.publish([]);
  }

  /** Records from `from` on: those in the log, then each as it is published, until closed or aborted. */
  async *follow(
    source: { head(): Seq; read(from: Seq, to: Seq): AsyncIterable<Recorded<E>> },
    from: Seq,
    signal?: AbortSignal,
  ): AsyncGenerator<Recorded<E>> {
    let next = from;
    let queue: Recorded<E>[] = [];
    let wake: (() => void) | null = null;
    const listen = (records: readonly Recorded<E>[]): void => {
      if (queue.length + records.length > QUEUE_MAX) queue = [];
      else queue.push(...records);
      wake?.();
    };
    const onAbort = (): void => wake?.();
    this.#listeners.add(listen);
    signal?.addEventListener('abort', onAbort);
    try {
      while (!isAborted(signal)) {
        const queued = queue.shift();
        const behind = queued ? queued.seq - 1 : source.head();
        if (next <= behind) {
          for await (const record of source.read(next, behind)) {
            yield record;
            if (isAborted(signal)) return;
          }
          next = behind + 1;
        }
        if (queued && queued.seq >= next) {
          next = queued.seq + 1;
          yield queued;
        }
        if (queued || queue.length > 0 || next <= source.head()) continue;
        if (this.#closed) return;
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
        wake = null;
      }
    } finally {
      this.#listeners.delete(listen);
      signal?.removeEventListener('abort', onAbort);
    }
  }
}

/** Apart, because the type checker does not know that it changes while a reader waits. */
export function isAborted(signal: AbortSignal | undefined): boolean {
  return signal?.aborted === true;
}
