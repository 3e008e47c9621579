import { describe, test } from 'vitest';

import { openJournal } from '../../journal/journal-disk.ts';
import { machineClock } from '../../journal/machine-clock.ts';
import { memoryJournal } from '../../journal/memory.ts';
import { journalContract, keysOf } from '../../src/testing/journal-contract.ts';
import { scratch } from './scratch.ts';

const clock = machineClock();
const framework = { describe, test };

journalContract(framework, 'the journal on disk', (options) =>
  openJournal({ ...options, root: scratch(), create: true, clock, keysOf }),
);

journalContract(framework, 'the journal on disk with tiny segments', (options) =>
  openJournal({ ...options, root: scratch(), create: true, clock, keysOf, segmentBytes: 4096 }),
);

journalContract(framework, 'the journal in memory', async (options) =>
  memoryJournal({ ...options, clock, keysOf }),
);
