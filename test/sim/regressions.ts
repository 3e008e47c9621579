/** Seeds that once found something; what it was. They run first. */
export const REGRESSIONS: readonly number[] = [
  // A check that timed out right before a crash kept every later engine from opening.
  34,
  // Rollbacks of updates side by side were not recognised as complete.
  73, 84,
  // A reload whose answer was lost was skipped on its next try and stayed owed.
  165,
  // The limits of a chute were divided anew by others while its update was stuck.
  1_003_449,
];
