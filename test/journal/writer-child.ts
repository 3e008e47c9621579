import { openJournal } from '../../journal/journal-disk.ts';
import { machineClock } from '../../journal/machine-clock.ts';

/** Appends in four lanes until it is killed, and says what was acknowledged: `seq hash`, a line each. */
const [root = ''] = process.argv.slice(2);
const journal = await openJournal<{ type: string; text: string }>({
  root,
  clock: machineClock(),
  create: true,
  segmentBytes: 16 * 1024,
});

async function lane(name: number): Promise<never> {
  for (let n = 0; ; n += 1) {
    const events = Array.from({ length: 1 + (n % 3) }, (_, index) => ({
      type: 'note.made',
      text: `${name} ${n} ${index} ${'x'.repeat((n * 37) % 500)}`,
    }));
    // oxlint-disable-next-line no-await-in-loop -- a lane is one after the other
    const records = await journal.append(events);
    for (const { seq, hash } of records) process.stdout.write(`${seq} ${hash}\n`);
  }
}

await Promise.all([1, 2, 3, 4].map(lane));
