import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

import { expect, onTestFinished, test } from 'vitest';

import { openJournal } from '../../journal/journal-disk.ts';
import { machineClock } from '../../journal/machine-clock.ts';
import { openReadOnly } from '../../journal/read-only.ts';
import { scratch } from './scratch.ts';

const WRITER = fileURLToPath(new URL('writer-child.ts', import.meta.url));
const ROUNDS = 6;

/** Lets a child write until it has said `lines` times that a record is on disk, then kills it. */
async function writeAndKill(root: string, lines: number): Promise<Map<number, string>> {
  const child = spawn(process.execPath, ['--import', 'tsx', WRITER, root], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  const acknowledged = new Map<number, string>();
  const closed = once(child, 'close');
  for await (const line of createInterface({ input: child.stdout })) {
    const [seq = '', hash = ''] = line.split(' ');
    // The last line may be cut in the pipe.
    if (hash.length === 64) acknowledged.set(Number(seq), hash);
    if (acknowledged.size >= lines) child.kill('SIGKILL');
  }
  await closed;
  return acknowledged;
}

test('a writer killed again and again has lost nothing that it acknowledged', async () => {
  const root = scratch();
  const acknowledged = new Map<number, string>();
  for (let round = 1; round <= ROUNDS; round += 1) {
    // oxlint-disable-next-line no-await-in-loop -- one life after the other
    for (const [seq, hash] of await writeAndKill(root, 40 * round)) acknowledged.set(seq, hash);
    const journal = openReadOnly<{ type: string }>(root);
    expect(journal.damage).toBeNull();
    const found = new Map([...journal.readFrom(1)].map(({ seq, hash }) => [seq, hash]));
    expect(found.size).toBe(journal.head.seq);
    const lost = [...acknowledged].filter(([seq, hash]) => found.get(seq) !== hash);
    expect(lost).toEqual([]);
  }
  expect(acknowledged.size).toBeGreaterThan(40 * ROUNDS);
  const journal = await openJournal<{ type: string }>({ root, clock: machineClock() });
  const all = await journal.find({ type: 'note.made' });
  expect(all.length).toBe(journal.head.seq);
  await journal.close();
}, 60_000);
