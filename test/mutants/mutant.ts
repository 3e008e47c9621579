/** Ways to break a promise, each of which has to be noticed wherever it is broken. */
export const CHANGES = [
  'fdatasync removed',
  'intent written after the effect',
  'undo data taken after the effect',
  'directory sync removed',
  'the failing step not undone',
  "the probe's answer ignored",
  'reload debt not recorded',
  'undo order reversed',
  'HEAD not checked',
  'tail cut that also cuts valid records',
  'snapshot written before its events',
  'the crash counter not persisted',
  'what another process left is believed',
  'what nothing noticed once',
] as const;

/** A change of one file that breaks a promise, and the tests of which one has to notice. */
export type Mutant = {
  readonly change: (typeof CHANGES)[number];
  /** Where, or in which way. */
  readonly at: string;
  readonly file: string;
  readonly find: string;
  readonly put: string;
  /**
   * Test files, or tests of one as `FILE > NAME`, the one that notices first; `sim` stands for the first
   * 400 stories of the simulation, `power NAME` for cuts of the power at every operation of that play.
   */
  readonly tests: readonly string[];
};

/** What a mutant is called. Pure. */
export function nameOf({ change, at }: Pick<Mutant, 'change' | 'at'>): string {
  return `${change}: ${at}`;
}
