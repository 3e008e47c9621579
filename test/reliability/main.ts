/* oxlint-disable no-console -- it is a program */
/**
 * npm run reliability              gathers all evidence and writes the table of docs/reliability.md
 * npm run reliability -- WORD…     only the classes with one of these words in their names
 */
import { readFileSync, writeFileSync } from 'node:fs';

import { type Class, CLASSES, type Evidence } from './classes.ts';

const PAGE = 'docs/reliability.md';

const words = process.argv.slice(2);
const chosen = CLASSES.filter(
  ({ name }) => words.length === 0 || words.some((word) => name.includes(word)),
);
let failed = 0;
for (const each of chosen) {
  const evidence = await each.gather();
  failed += evidence.failed;
  console.log(`${evidence.failed === 0 ? '✓' : '✗'} ${each.name}: ${evidence.cases}`);
  writeRow(each, evidence);
}
console.log(`${chosen.length} classes, ${failed} failed`);
process.exitCode = failed > 0 ? 1 : 0;

/** Puts what was found into its row of the table; the other rows stay as they are. */
function writeRow({ name, fault, command }: Class, { cases, failed: wrong }: Evidence): void {
  const lines = readFileSync(PAGE, 'utf8').split('\n');
  const at = lines.findIndex((line) => new RegExp(`^\\| ${name} +\\|`).test(line));
  if (at < 0) throw new Error(`${PAGE} has no row for ${name}`);
  lines[at] = `| ${name} | ${fault} | ${cases} | ${wrong} | \`${command}\` |`;
  writeFileSync(PAGE, lines.join('\n'));
}
