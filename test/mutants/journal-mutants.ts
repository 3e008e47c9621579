import type { Mutant } from './mutant.ts';

const POWER_CUT = 'test/journal/power-cut.test.ts';
const DAMAGE = 'test/journal/damage.test.ts';
const FLUSH = 'test/journal/flush.test.ts';
const SNAPSHOTS = 'test/journal/snapshots.test.ts';

/** What the journal promises beside its syncs, broken. */
export const JOURNAL_MUTANTS: readonly Mutant[] = [
  {
    change: 'HEAD not checked',
    at: 'on open',
    file: 'journal/log-check.ts',
    find: 'found.damage ?? contradiction(witness, found)',
    put: 'found.damage ?? (witness?.seq === -1 ? contradiction(witness, found) : null)',
    tests: [`${DAMAGE} > records cut off that HEAD has seen`],
  },
  {
    change: 'HEAD not checked',
    at: 'for the hash it has seen',
    file: 'journal/log-check.ts',
    find: '  if (witness.seq === head.seq && witness.hash === head.hash) return null;\n',
    put: '  if (witness.seq === head.seq) return null;\n',
    tests: [`${DAMAGE} > of the last record, which is another one than HEAD has seen`],
  },
  {
    change: 'HEAD not checked',
    at: 'as it is never written',
    file: 'journal/journal-disk.ts',
    find: '    if (this.head.seq === 0) return;\n    try {',
    put: '    if (this.head.seq >= 0) return;\n    try {',
    tests: [`${DAMAGE} > records cut off that HEAD has seen`],
  },
  {
    change: 'tail cut that also cuts valid records',
    at: 'the last good batch, with what is torn',
    file: 'journal/segment.ts',
    find: 'lines: lines.slice(0, whole), used, dirty, tail, breach',
    put: "lines: lines.slice(0, tail === 'torn' ? Math.max(0, whole - 1) : whole), used: tail === 'torn' ? (lines[Math.max(0, whole - 1)]?.offset ?? used) : used, dirty, tail, breach",
    tests: [`${POWER_CUT} > loses nothing that was acknowledged`],
  },
  {
    change: 'tail cut that also cuts valid records',
    at: 'all that follows on a record that is broken',
    file: 'journal/segment.ts',
    find: "    if (claim && claim.synced >= seq) return 'rotten';\n",
    put: '',
    tests: [`${DAMAGE} > of a durable record that became free space`],
  },
  {
    change: 'tail cut that also cuts valid records',
    at: 'as free space is written over them',
    file: 'journal/segment-writer.ts',
    find: '    const bytes = Buffer.concat([own, freeSpace(this.#dirty - this.#used)]);\n',
    put: `    const cut = this.#dirty > this.#used ? Math.floor(own.length / 2) : own.length;
    const bytes = Buffer.concat([own.subarray(0, cut), freeSpace(this.#dirty - unproven - cut)]);
`,
    tests: [`${POWER_CUT} > loses nothing that was acknowledged`],
  },
  {
    change: 'tail cut that also cuts valid records',
    at: 'as what no sync has reached is cut off as well',
    file: 'journal/segment-writer.ts',
    find: '  const start = { segments: [...segments], size, used, dirty: used + (torn?.bytes ?? 0) };\n',
    put: '  const start = { segments: [...segments], size, used: unproven, dirty: used + (torn?.bytes ?? 0) };\n',
    tests: [`${POWER_CUT} > loses nothing that was acknowledged`],
  },
  {
    change: 'snapshot written before its events',
    at: 'as the state knows them before they are on disk',
    file: 'journal/append.ts',
    find: `      sink.write(bytes);
      stage = 'sync';
      faults.beforeSync?.();
      sink.sync();
    } catch (cause) {
      this.#recover({ stage, cause }, batches, bytes);
      return;
    }
    this.#notePace(started);
    this.#acknowledge(batches, bytes);
`,
    put: `      sink.write(bytes);
      stage = 'sync';
      this.#acknowledge(batches, bytes);
      faults.beforeSync?.();
      sink.sync();
    } catch (cause) {
      this.#recover({ stage, cause }, batches, bytes);
      return;
    }
    this.#notePace(started);
`,
    tests: [`${FLUSH} > is told of, to who keeps the state`],
  },
  {
    change: 'snapshot written before its events',
    at: 'as the state knows them before they are written',
    file: 'journal/append.ts',
    find: "      stage = 'write';\n      faults.beforeFlush?.();\n",
    put: `      this.#options.onFlush(batches.flatMap(({ records }) => records));
      stage = 'write';
      faults.beforeFlush?.();
`,
    tests: [`${FLUSH} > is told of, to who keeps the state`],
  },
  {
    change: 'snapshot written before its events',
    at: 'as one of records to come is kept',
    file: 'journal/journal-disk.ts',
    find: `    if (hash === null)
      throw new RangeError(\`cannot keep a snapshot at record \${seq}: there is none\`);
    const { disk, uuid } = this.#parts;
    await saveSnapshot(disk, this.#options.root, uuid, { head: { seq, hash }, state });
`,
    put: `    const { disk, uuid } = this.#parts;
    const head = { seq, hash: hash ?? this.head.hash };
    await saveSnapshot(disk, this.#options.root, uuid, { head, state });
`,
    tests: [`${SNAPSHOTS} > are never of records that are not on disk`],
  },
  {
    change: 'snapshot written before its events',
    at: 'as one of records that are gone is believed',
    file: 'journal/snapshots.ts',
    find: '    if ((await lookup.hashAt(seq)) === found.hash) return',
    put: '    if (seq > 0) return',
    tests: [`${SNAPSHOTS} > of a log that was cut since are passed over`],
  },
];
