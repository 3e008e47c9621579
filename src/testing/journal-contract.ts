import type { Journal, JournalFaults, OnFlush } from '../../journal/journal.ts';
import type { Recorded } from '../../journal/record.ts';
import { JOURNAL_CASES } from './journal-cases.ts';

/** The events the contract is tried with. */
export type Note = {
  readonly type: string;
  readonly n: number;
  readonly update?: string;
  readonly chutes?: readonly string[];
  readonly text?: string;
};

/** What the contract asks of a test framework: both of vitest, jest, mocha and node:test have it. */
export interface TestFramework {
  describe(title: string, body: () => void): void;
  test(title: string, body: () => Promise<void>): void;
}

type SubjectOptions = {
  readonly onFlush?: OnFlush<Note>;
  readonly faults?: JournalFaults;
};

/** Opens a new, empty journal. The contract closes it. */
export type OpenSubject = (options: SubjectOptions) => Promise<Journal<Note>>;

/** Tells how the index of the subject has to list a note. */
export function keysOf(note: Note): { update?: string; chutes?: readonly string[] } {
  const { update, chutes } = note;
  return { ...(update === undefined ? {} : { update }), ...(chutes ? { chutes } : {}) };
}

/** What every journal keeps, whatever it keeps it in. */
export function journalContract(framework: TestFramework, name: string, open: OpenSubject): void {
  framework.describe(`${name} keeps the journal contract`, () => {
    for (const [title, body] of JOURNAL_CASES) {
      framework.test(title, async () => {
        const flushes: Recorded<Note>[][] = [];
        const faults: { hooks: JournalFaults } = { hooks: {} };
        const journal = await open({
          onFlush: (records) => flushes.push([...records]),
          faults: {
            beforeFlush: () => faults.hooks.beforeFlush?.(),
            beforeSync: () => faults.hooks.beforeSync?.(),
            afterFlush: () => faults.hooks.afterFlush?.(),
          },
        });
        try {
          await body(journal, { flushes, faults });
        } finally {
          await journal.close();
        }
      });
    }
  });
}
