/** A change that breaks one promise, and the tests of which at least one has to notice. */
export type Mutant = {
  readonly name: string;
  readonly file: string;
  readonly find: string;
  readonly put: string;
  /**
   * Test files; `sim` stands for the first 400 stories of the simulation, `power NAME` for cuts of the
   * power at every operation of that recording.
   */
  readonly tests: readonly string[];
};

export const MUTANTS: readonly Mutant[] = [
  {
    name: 'fdatasync of a flush removed',
    file: 'journal/segment-writer.ts',
    find: '    this.#options.disk.fdatasyncSync(this.#open());\n',
    put: '',
    tests: ['test/journal/power-cut.test.ts'],
  },
  {
    name: 'intent written after the effect',
    file: 'src/engine/lane.ts',
    find: `    if (intents.events.length > 0) await this.#write(intents.events);
    this.#attempts.start(intents.attempts);
`,
    put: `    this.#attempts.start(intents.attempts);
    if (intents.events.length > 0) await this.#write(intents.events);
`,
    tests: ['test/engine/crash.test.ts', 'sim'],
  },
  {
    name: 'undo data taken after the effect',
    file: 'src/engine/attempts.ts',
    find: '      const answer = await runStep(this.#shop, attempt);\n',
    put: `      const answer = await runStep(this.#shop, attempt);
      const late = await prepareStep(this.#shop, attempt);
      if (late.is === 'done') await this.#undoData.store(attempt.step.n, late.value);
`,
    tests: ['test/engine/update.test.ts', 'test/engine/recovery.test.ts', 'sim'],
  },
  {
    name: 'directory sync at the segment roll removed',
    file: 'journal/segment-writer.ts',
    find: `    if (ready) this.#next = 'absent';
    disk.syncDirSync(log);
`,
    put: `    if (ready) this.#next = 'absent';
`,
    tests: ['test/journal/power-cut.test.ts', 'sim'],
  },
  {
    name: 'directory sync of a file put in place removed',
    file: 'journal/durable-file.ts',
    find: `    disk.renameSync(draft, path);
    disk.syncDirSync(dirname(path));
`,
    put: `    disk.renameSync(draft, path);
`,
    tests: ['test/journal/power-cut.test.ts', 'test/journal/snapshots.test.ts', 'sim'],
  },
  {
    name: 'the failing step is not undone',
    file: 'src/core/next.ts',
    find: "new Set(['d', 'f', '?',",
    put: "new Set(['d', '?',",
    tests: ['test/engine/crash.test.ts', 'test/engine/properties.test.ts'],
  },
  {
    name: "the probe's answer is ignored",
    file: 'src/engine/attempts.ts',
    find: "    if (found.state === 'done') return",
    put: "    if (found.state === 'done' && step.n < 0) return",
    tests: ['test/engine/crash.test.ts', 'test/engine/recovery.test.ts', 'sim'],
  },
  {
    name: 'the debt of a reload is not recorded',
    file: 'src/engine/reload-events.ts',
    find: '    ...owes.map(',
    put: '    ...owes.slice(owes.length).map(',
    tests: ['test/engine/reload-debt.test.ts'],
  },
  {
    name: 'undo in the order in which steps ran',
    file: 'src/core/next.ts',
    find: `  return entriesOf(update.ran)
    .toReversed()
`,
    put: `  return entriesOf(update.ran)
`,
    tests: ['test/engine/properties.test.ts'],
  },
  {
    name: 'HEAD is not checked',
    file: 'journal/log-check.ts',
    find: 'found.damage ?? contradiction(witness, found)',
    put: 'found.damage ?? (witness?.seq === -1 ? contradiction(witness, found) : null)',
    tests: ['test/journal/damage.test.ts'],
  },
  {
    name: 'a torn tail takes the last good batch with it',
    file: 'journal/segment.ts',
    find: 'lines: lines.slice(0, whole), used, dirty, tail, breach',
    put: "lines: lines.slice(0, tail === 'torn' ? Math.max(0, whole - 1) : whole), used: tail === 'torn' ? (lines[Math.max(0, whole - 1)]?.offset ?? used) : used, dirty, tail, breach",
    tests: ['test/journal/power-cut.test.ts', 'sim'],
  },
  {
    name: 'state and snapshots know records before they are on disk',
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
    tests: ['test/journal/power-cut.test.ts', 'test/journal/flush.test.ts', 'sim'],
  },
  {
    name: 'the start after a crash is not counted on disk',
    file: 'src/engine/book.ts',
    find: '    if (interrupted.length > 0 || hasUnderWay(state)) await opened.append([]);\n',
    put: '    void hasUnderWay;\n',
    tests: ['test/engine/recovery.test.ts', 'test/engine/crash.test.ts', 'sim'],
  },
];
