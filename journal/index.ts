/** `ripcord/journal`: the persistent journal, generic over the events it holds. */
export { nodeDisk } from './disk-node.ts';
export type { Disk } from './disk.ts';
export { JournalError } from './errors.ts';
export type { JournalErrorCode } from './errors.ts';
export { openJournal } from './journal-disk.ts';
export type { DiskJournal, Opened } from './journal-disk.ts';
export type {
  AnyEvent,
  AppendOptions,
  Damage,
  Journal,
  JournalClock,
  JournalFaults,
  JournalOptions,
  JournalReader,
  OnFlush,
  Query,
  Upcaster,
} from './journal.ts';
export { isLocked, readHolder } from './lock.ts';
export type { Holder } from './lock.ts';
export type { TornTail } from './log-check.ts';
export { machineClock } from './machine-clock.ts';
export { memoryJournal } from './memory.ts';
export type { MemoryJournalOptions } from './memory.ts';
export { openReadOnly } from './read-only.ts';
export type { ReadOnlyJournal, ReadOnlyOptions } from './read-only.ts';
export { NO_HASH } from './record.ts';
export type { Envelope, Head, Recorded, Seq } from './record.ts';
export type { SeqRange } from './repair-survey.ts';
export { forgetRepair, repairRoot, untoldRepair } from './repair.ts';
export type { Repair, RepairOptions } from './repair.ts';
export type { RootFacts } from './root.ts';
export { openSecrets } from './secrets-store.ts';
export type { SecretRef, Secrets } from './secrets-store.ts';
export { verifyRoot } from './verify.ts';
export type { Problem, Verification, VerifyOptions } from './verify.ts';
