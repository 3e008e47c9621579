/* oxlint-disable no-console -- it is a program */
/**
 * npm run soak [-- MINUTES]     stories, power cuts and pairs of kills that nobody has seen yet; 60 minutes
 *
 * Goes on with the next round until the time is up, and ends at the first failure, which it names.
 */
import { spawn } from 'node:child_process';
import { parseArgs } from 'node:util';

const SEEDS_A_ROUND = 5000;

const { positionals } = parseArgs({ allowPositionals: true });
const minutes = Number(positionals[0] ?? 60);
const deadline = performance.now() + minutes * 60_000;
const base = Math.floor(Date.now() / 1000);

async function run(
  words: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<boolean> {
  const child = spawn('npx', [...words], { stdio: 'inherit', env: { ...process.env, ...env } });
  const code = await new Promise((resolve) => child.once('exit', resolve));
  return code === 0;
}

let rounds = 0;
let sound = true;
while (sound && performance.now() < deadline) {
  const seed = base + rounds * SEEDS_A_ROUND;
  console.log(`round ${rounds + 1}: from ${seed}`);
  const stories = [
    'tsx',
    'test/sim/main.ts',
    '--from',
    String(seed),
    '--seeds',
    String(SEEDS_A_ROUND),
  ];
  const power = ['tsx', 'test/power/main.ts'];
  const kills = ['vitest', 'run', '--project', 'e2e', 'test/e2e/kill.test.ts'];
  sound =
    (await run(stories, {})) &&
    (await run(power, { RIPCORD_POWER_SEED: String(seed % 1_000_000) })) &&
    (await run(kills, { RIPCORD_ALL_PAIRS: '1' }));
  rounds += 1;
}
console.log(`${sound ? rounds : rounds - 1} passed, ${sound ? 0 : 1} failed`);
process.exitCode = sound ? 0 : 1;
