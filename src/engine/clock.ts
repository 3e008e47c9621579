/** Time as the engine uses it: injected, so that tests and simulations own it. */
export interface Clock {
  /** ISO 8601, UTC: for people. */
  now(): string;
  /** Milliseconds since boot: for deadlines and durations. */
  up(): number;
  /** Identifies the current boot. */
  readonly boot: string;
  /** Resolves after `ms`, or rejects with the signal's reason when it is aborted first. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}
