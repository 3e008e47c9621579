/** Signals that ask a command to end, and their exit codes. */
const CODES = { SIGINT: 130, SIGTERM: 143 } as const;

export type Interrupt = keyof typeof CODES;

/** The exit code for having been ended by a signal. Pure. */
export function exitCodeOfSignal(signal: Interrupt): number {
  return CODES[signal];
}

/** Listens for signals while an engine is at work. */
export interface Interrupts {
  /** The first signal that came, if one did. */
  readonly first: Interrupt | null;
  /** Called with the first signal; the second ends the process at once: the journal resumes later. */
  onFirst(handle: (signal: Interrupt) => void): void;
  /** Leaves signals to their defaults again. */
  stop(): void;
}

/** Takes SIGINT and SIGTERM over until stopped. */
export function catchInterrupts(): Interrupts {
  let first: Interrupt | null = null;
  let handle: ((signal: Interrupt) => void) | null = null;
  const listen = (signal: Interrupt): void => {
    if (first !== null) process.exit(CODES[signal]);
    first = signal;
    handle?.(signal);
  };
  process.on('SIGINT', listen);
  process.on('SIGTERM', listen);
  return {
    get first() {
      return first;
    },
    onFirst: (given) => {
      handle = given;
      if (first !== null) given(first);
    },
    stop: () => {
      process.off('SIGINT', listen);
      process.off('SIGTERM', listen);
    },
  };
}
