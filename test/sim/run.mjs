// Puts the simulation into one script first: a seventh of its time would go into loading it module by module.
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

import { build } from 'esbuild';

const at = (path) => fileURLToPath(new URL(path, import.meta.url));
// As deep below the project as its source: what is beside that is found from there as well.
const outfile = at('../../dist/sim/main.mjs');

await build({
  entryPoints: [at('main.ts')],
  outfile,
  bundle: true,
  platform: 'node',
  format: 'esm',
  target: 'node20',
  external: ['classic-level'],
  banner: {
    js: "import { createRequire as create } from 'node:module'; const require = create(import.meta.url);",
  },
  logLevel: 'warning',
});
const child = spawn(process.execPath, [outfile, ...process.argv.slice(2)], { stdio: 'inherit' });
child.once('exit', (code, signal) => {
  process.exitCode = code ?? 1;
  if (signal !== null) process.stderr.write(`the simulation was ended by ${signal}\n`);
});
