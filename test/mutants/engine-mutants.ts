import type { Mutant } from './mutant.ts';

const UPDATE = 'test/engine/update.test.ts';
const CRASH = 'test/engine/crash.test.ts';
const RECOVERY = 'test/engine/recovery.test.ts';
const DEBT = 'test/engine/reload-debt.test.ts';
const REQUESTS = 'test/engine/requests.test.ts';

/** What the engine and the core promise, broken. */
export const ENGINE_MUTANTS: readonly Mutant[] = [
  {
    change: 'intent written after the effect',
    at: 'of a step',
    file: 'src/engine/lane.ts',
    find: `    if (intents.events.length > 0) await this.#write(intents.events);
    this.#attempts.start(intents.attempts);
`,
    put: `    this.#attempts.start(intents.attempts);
    if (intents.events.length > 0) await this.#write(intents.events);
`,
    tests: [`${UPDATE} > has each intent on disk before the effect`],
  },
  {
    change: 'intent written after the effect',
    at: 'of an undo',
    file: 'src/engine/lane.ts',
    find: `      await this.#write([undo.intent]);
      this.#carry.push(...(await undo.carryOut()));
`,
    put: `      const outcome = await undo.carryOut();
      await this.#write([undo.intent]);
      this.#carry.push(...outcome);
`,
    tests: [`${UPDATE} > has each intent on disk before the effect`],
  },
  {
    change: 'undo data taken after the effect',
    at: 'of a step',
    file: 'src/engine/attempts.ts',
    find: '      const answer = await runStep(this.#shop, attempt);\n',
    put: `      const answer = await runStep(this.#shop, attempt);
      const late = await prepareStep(this.#shop, attempt);
      if (late.is === 'done') await this.#undoData.store(attempt.step.n, late.value);
`,
    tests: [`${UPDATE} > undoes the failing step too`],
  },
  {
    change: 'undo data taken after the effect',
    at: 'of the attempt before',
    file: 'src/engine/attempts.ts',
    find: '    const known = isIntended ? await this.#undoData.of(update, step.n) : null;\n',
    put: '    const known = step.n < 0 ? await this.#undoData.of(update, step.n) : null;\n',
    tests: [`${CRASH} > ends well wherever the process dies, fail-after`],
  },
  {
    change: 'the failing step not undone',
    at: 'once it failed for good',
    file: 'src/core/next.ts',
    find: "new Set(['d', 'f', '?',",
    put: "new Set(['d', '?',",
    tests: [`${UPDATE} > undoes the failing step too`],
  },
  {
    change: 'the failing step not undone',
    at: 'that has no outcome on record',
    file: 'src/core/next.ts',
    find: "new Set(['d', 'f', '?',",
    put: "new Set(['d', 'f',",
    tests: [`${CRASH} > rolls back wherever the process dies`],
  },
  {
    change: 'the failing step not undone',
    at: 'as it is taken for one that was never tried',
    file: 'src/core/mark.ts',
    find: "before?.intended && event.type === 'step.failed' ? 'f' : 'n'",
    put: "'n'",
    tests: [`${UPDATE} > undoes the failing step too`],
  },
  {
    change: "the probe's answer ignored",
    at: 'where it is done',
    file: 'src/engine/attempts.ts',
    find: "    if (found.state === 'done') return",
    put: "    if (found.state === 'done' && step.n < 0) return",
    tests: [`${CRASH} > ends well wherever the process dies, undisturbed`],
  },
  {
    change: "the probe's answer ignored",
    at: 'where it is half done and must not be repeated',
    file: 'src/engine/attempts.ts',
    find: "    const repeats = found.state === 'not-done' || driver.idempotent === true;\n",
    put: '    const repeats = true;\n',
    tests: [`${RECOVERY} > is undone where doing it again could do harm`],
  },
  {
    change: "the probe's answer ignored",
    at: 'as nobody asks',
    file: 'src/engine/carry-out.ts',
    find: '    const found = await asked.probe?.(context, attempt.step.args, attempt.undo);\n',
    put: '    const found = step.n < 0 ? await asked.probe?.(context, step.args, attempt.undo) : null;\n',
    tests: [`${CRASH} > ends well wherever the process dies, undisturbed`],
  },
  {
    change: "the probe's answer ignored",
    at: 'where a person says that it is undone',
    file: 'src/engine/resolve.ts',
    find: "    if (probe.state === 'done') throw",
    put: "    if (probe.state === 'done' && step.n < 0) throw",
    tests: [`${REQUESTS} > cannot be called undone while the world shows the effect`],
  },
  {
    change: 'reload debt not recorded',
    at: 'of a step',
    file: 'src/engine/reload-events.ts',
    find: '    ...owes.map(',
    put: '    ...owes.slice(owes.length).map(',
    tests: [`${DEBT} > what is owed is on record until it is paid`],
  },
  {
    change: 'reload debt not recorded',
    at: 'in the state',
    file: 'src/core/fold.ts',
    find: '      draft.reloads[key] = {',
    put: '      if (event.seq < 0) draft.reloads[key] = {',
    tests: [`${DEBT} > what is owed is on record until it is paid`],
  },
  {
    change: 'reload debt not recorded',
    at: 'of an undo',
    file: 'src/engine/undoing.ts',
    find: '        ...reloadEvents(this.#update, step, answer.value),\n',
    put: '        ...reloadEvents(this.#update, step, {}),\n',
    tests: [`${DEBT} > what an undo leaves to be reloaded is on record too`],
  },
  {
    change: 'undo order reversed',
    at: 'of steps',
    file: 'src/core/next.ts',
    find: `  return entriesOf(update.ran)
    .toReversed()
`,
    put: `  return entriesOf(update.ran)
`,
    tests: [`${UPDATE} > undoes the failing step too`],
  },
  {
    change: 'undo order reversed',
    at: 'behind a crash',
    file: 'src/core/next.ts',
    find: `  return entriesOf(update.ran)
    .toReversed()
`,
    put: `  const entries = entriesOf(update.ran);
  return (update.interruptions === null ? entries.toReversed() : entries)
`,
    tests: [`${CRASH} > rolls back wherever the process dies`],
  },
  {
    change: 'undo order reversed',
    at: 'of the parts of one undo',
    file: 'src/engine/undo-list.ts',
    find: '  for (const part of undoList) {',
    put: '  for (const part of undoList.toReversed()) {',
    tests: ['test/engine/skips.test.ts > what was skipped is not undone'],
  },
  {
    change: 'the crash counter not persisted',
    at: 'before anything is done',
    file: 'src/engine/book.ts',
    find: '    if (interrupted.length > 0 || hasUnderWay(state)) await opened.append([]);\n',
    put: '    void hasUnderWay;\n',
    tests: [`${RECOVERY} > is counted on disk before anything else is done`],
  },
  {
    change: 'the crash counter not persisted',
    at: 'as the start does not say what it found interrupted',
    file: 'src/engine/book.ts',
    find: 'version, pid, command, interrupted };',
    put: 'version, pid, command, interrupted: [] };',
    tests: [`${RECOVERY} > is counted on disk before anything else is done`],
  },
  {
    change: 'the crash counter not persisted',
    at: 'but begun anew at each start',
    file: 'src/core/fold.ts',
    find: 'count: before.count + 1 }',
    put: 'count: 1 }',
    tests: [`${RECOVERY} > is quarantined and turned around in one batch`],
  },
  {
    change: 'the crash counter not persisted',
    at: 'but counted in memory alone',
    file: 'src/engine/book.ts',
    find: '    if (interrupted.length > 0 || hasUnderWay(state)) await opened.append([]);\n',
    put: `    if (interrupted.length > 0 || hasUnderWay(state))
      opened.#state = fold(state, [
        { ...started, seq: state.seq, v: 1, at: '', boot: state.boot, up: 0 } as never,
      ]);
`,
    tests: [`${RECOVERY} > is counted on disk before anything else is done`],
  },
];
