import type { Mutant } from './mutant.ts';

const TORN_OR_ROTTEN = ['test/journal/torn-or-rotten.test.ts'];
const REFUSING = ['test/journal/refusing-disk.test.ts'];
const BOOK = ['test/engine/book.test.ts'];
const CHANGE = 'what nothing noticed once';

/** Single changes that nothing noticed once: each is about a promise that had no test of its own. */
export const PROMISE_MUTANTS: readonly Mutant[] = [
  {
    change: CHANGE,
    at: 'a flipped bit is taken for a torn end',
    file: 'journal/segment.ts',
    find: "return good === null || hasHole(bytes, offset, good) ? 'torn' : 'rotten';",
    put: "return good === null || hasHole(bytes, offset, good) || true ? 'torn' : 'rotten';",
    tests: TORN_OR_ROTTEN,
  },
  {
    change: CHANGE,
    at: 'the very next record is not asked what it knows to be on disk',
    file: 'journal/segment.ts',
    find: 'if (claim && claim.synced >= seq)',
    put: 'if (claim && claim.synced > seq)',
    tests: TORN_OR_ROTTEN,
  },
  {
    change: CHANGE,
    at: 'HEAD of another last record is good enough',
    file: 'journal/log-check.ts',
    find: 'if (witness.seq === head.seq && witness.hash === head.hash) return null;',
    put: 'if (witness.seq === head.seq) return null;',
    tests: TORN_OR_ROTTEN,
  },
  {
    change: CHANGE,
    at: 'a failed sync is asked for again',
    file: 'journal/log-sink.ts',
    find: "return full && stage === 'write' ?",
    put: 'return full || stage !== null ?',
    tests: REFUSING,
  },
  {
    change: CHANGE,
    at: 'the fence does not last',
    file: 'journal/append.ts',
    find: '    this.#failure = error;\n    for (const',
    put: '    for (const',
    tests: REFUSING,
  },
  {
    change: CHANGE,
    at: 'a repair puts HEAD in place before what it cost is noted',
    file: 'journal/repair.ts',
    find: '  await makeLogUsable(disk, root, survey);\n',
    put: '  replaceHead(disk, root, survey.head);\n  await makeLogUsable(disk, root, survey);\n',
    tests: ['test/journal/repair.test.ts'],
  },
  {
    change: CHANGE,
    at: 'the start of an engine is forgotten with a refused batch',
    file: 'src/engine/book.ts',
    find: '      this.#first = [...first, ...this.#first];\n',
    put: '',
    tests: BOOK,
  },
  {
    change: CHANGE,
    at: 'an update that rests is not witnessed',
    file: 'src/engine/book.ts',
    find: '      if (events.some(isResting)) await this.journal.sealHead();\n',
    put: '      void isResting;\n',
    tests: BOOK,
  },
  {
    change: CHANGE,
    at: 'a cut end is not recorded',
    file: 'src/engine/book.ts',
    find: "tailCut ? [{ type: 'journal.tailCut', ...tailCut }] : [];",
    put: '[];',
    tests: BOOK,
  },
  {
    change: CHANGE,
    at: 'a commit does not look at other chutes',
    file: 'src/engine/lane.ts',
    find: '    if (worse) {\n',
    put: "    if (worse && this.id === '') {\n",
    tests: ['test/engine/no-worse.test.ts'],
  },
  {
    change: CHANGE,
    at: 'undoing a fetch drops a release that was there before',
    file: 'src/drivers/files/release-fetch.ts',
    find: 'if (!undo.existed) await removeTree',
    put: 'if (!undo.existed || true) await removeTree',
    tests: ['test/drivers/files/release-fetch.test.ts'],
  },
  {
    change: CHANGE,
    at: 'secrets are not looked at by verify',
    file: 'journal/verify.ts',
    find: 'of checkSecrets(disk, root)) {',
    put: 'of checkSecrets(disk, root).slice(1e9)) {',
    tests: ['test/journal/secrets-check.test.ts'],
  },
  {
    change: CHANGE,
    at: 'a bit of ripcord.json is not looked for',
    file: 'journal/root.ts',
    find: 'return sum === undefined || sum === sumOf(bare);',
    put: 'return sum === undefined || sumOf(bare) !== null;',
    tests: ['test/journal/root-facts.test.ts'],
  },
  {
    change: CHANGE,
    at: 'crashes are counted on although a step was through',
    file: 'src/core/fold-steps.ts',
    find: '    if (isProgress(event)) update.interruptions = null;\n',
    put: '    void isProgress;\n',
    tests: ['test/core/fold-steps.test.ts'],
  },
];
