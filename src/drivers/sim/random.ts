/** Numbers that look like chance and are the same for the same seed; its state is one number. */
export type Random = {
  /** The next number, at least 0 and below 1. */
  readonly next: () => number;
  /** What to begin with to go on from here. */
  readonly state: () => number;
};

/** Mulberry32: small, fast, and good enough to choose faults with. */
export function randomFrom(seed: number): Random {
  let state = seed | 0;
  return {
    next: () => {
      state = (state + 0x6d_2b_79_f5) | 0;
      let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
      mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
      return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
    },
    state: () => state,
  };
}
