/**
 * npm run sim                            20,000 seeds, from 1
 * npm run sim -- --seeds N [--from N]    as many as asked
 * npm run sim -- --seed N                one, with a line for everything that happens
 */
import { parseArgs } from 'node:util';

import { simulate } from './simulate.ts';

const { values } = parseArgs({
  options: {
    seed: { type: 'string' },
    seeds: { type: 'string', default: '20000' },
    from: { type: 'string', default: '1' },
  },
});

if (values.seed !== undefined) {
  const { breaches, counts } = await simulate(Number(values.seed), (line) => console.log(line));
  console.log(JSON.stringify(counts));
  for (const breach of breaches) console.log(`✗ ${breach}`);
  process.exitCode = breaches.length > 0 ? 1 : 0;
} else {
  const from = Number(values.from);
  const until = from + Number(values.seeds);
  let failed = 0;
  const total: Record<string, number> = {};
  for (let seed = from; seed < until; seed += 1) {
    const { breaches, counts } = await simulate(seed);
    for (const [name, count] of Object.entries(counts)) total[name] = (total[name] ?? 0) + count;
    if (breaches.length === 0) continue;
    failed += 1;
    console.log(`seed ${seed}: ${breaches.slice(0, 3).join('; ').slice(0, 600)}`);
    if (failed >= 25) break;
  }
  console.log(JSON.stringify(total));
  console.log(`${Number(values.seeds) - failed} passed, ${failed} failed`);
  process.exitCode = failed > 0 ? 1 : 0;
}
process.exit();
