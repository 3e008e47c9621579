import type { Answer } from './health.ts';

/** A service as the gate sees it, by whichever runtime it runs. */
export type Watched = {
  /** Null while it runs, else how it ended. */
  readonly ended: () => Promise<string | null>;
  /** Asks it once how it is. Never throws for what it answers. */
  readonly ask: () => Promise<Answer>;
  /** What it printed last, as it may be journaled. */
  readonly log: () => Promise<readonly string[]>;
};
