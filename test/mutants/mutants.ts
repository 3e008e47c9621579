import { ASIDE_SYNC_MUTANTS } from './aside-sync-mutants.ts';
import { DRIVER_SYNC_MUTANTS } from './driver-sync-mutants.ts';
import { ENGINE_MUTANTS } from './engine-mutants.ts';
import { JOURNAL_MUTANTS } from './journal-mutants.ts';
import { LOG_SYNC_MUTANTS } from './log-sync-mutants.ts';
import type { Mutant } from './mutant.ts';
import { PROMISE_MUTANTS } from './promise-mutants.ts';

export const MUTANTS: readonly Mutant[] = [
  ...LOG_SYNC_MUTANTS,
  ...ASIDE_SYNC_MUTANTS,
  ...DRIVER_SYNC_MUTANTS,
  ...ENGINE_MUTANTS,
  ...JOURNAL_MUTANTS,
  ...PROMISE_MUTANTS,
];
