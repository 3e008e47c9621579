import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** What takes longest begins first: at the end, nothing runs alone. */
const LONGEST = [
  'test/e2e/kill.test.ts',
  'test/power/power.test.ts',
  'test/docs/shown.test.ts',
  'test/e2e/reads.test.ts',
  'test/e2e/derived.test.ts',
  'test/core/histories-planned.test.ts',
  'test/library/supervision.test.ts',
  'test/core/histories-applied.test.ts',
];

export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    // oxlint-disable-next-line unicorn/no-array-sort -- it is no array's
    const sorted = await super.sort(files);
    return sorted.toSorted((a, b) => rank(a) - rank(b));
  }
}

function rank({ moduleId }: TestSpecification): number {
  const at = LONGEST.findIndex((path) => moduleId.endsWith(path));
  return at < 0 ? LONGEST.length : at;
}
