// The command as one script, with its machine code beside it: `npm run build`, after `tsc` (ADR 0027).
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { build } from 'esbuild';

import { BUNDLE_FILE, bundleAt, CODE_FILE } from './dist/src/cli/bundle.js';

const target = fileURLToPath(new URL('dist/src/cli/', import.meta.url));
const file = join(target, BUNDLE_FILE);
const code = join(target, CODE_FILE);
const scratch = mkdtempSync(join(tmpdir(), 'ripcord-build-'));

try {
  // Code of another script must never be found beside a script.
  rmSync(code, { force: true });
  await build({
    entryPoints: [join(target, 'ripcord.js')],
    outfile: `${file}.new`,
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node20',
    // It brings a binary of its own.
    external: ['classic-level'],
    define: { 'import.meta.url': 'import_meta_url' },
    banner: { js: "const import_meta_url = require('node:url').pathToFileURL(__filename).href;" },
    logLevel: 'warning',
  });
  renameSync(`${file}.new`, file);
  const made = bundleAt(target);
  if (!made) throw new Error(`${file} is not taken`);
  try {
    await exercise(made.run());
  } catch (error) {
    // Where nothing can be run there is less code to keep, and nothing else.
    process.emitWarning(`the command will start more slowly: ${error.message}`);
  }
  writeFileSync(`${code}.new`, made.code());
  renameSync(`${code}.new`, code);
} finally {
  rmSync(scratch, { recursive: true, force: true });
}

/** Only what has run is kept as code: a service that is started and removed, and a look at what is left. */
async function exercise({ main }) {
  const definition = join(scratch, 'chute.yaml');
  writeFileSync(
    definition,
    'name: exercise\nversion: 1\nservices:\n  main: {type: light, command: [sleep, "60"]}\n',
  );
  const { argv, exitCode } = process;
  // What this shell wants of its own roots is not wanted of this one.
  for (const name of Object.keys(process.env))
    if (name.startsWith('RIPCORD_')) delete process.env[name];
  const write = process.stdout.write.bind(process.stdout);
  process.stdout.write = () => true;
  try {
    for (const words of [
      ['apply', definition, '--yes'],
      ['rm', 'exercise', '--yes'],
      ['status', '-o', 'json'],
      ['status'],
    ]) {
      process.argv = [...argv.slice(0, 2), '--quiet', '--root', join(scratch, 'root'), ...words];
      await main();
      if (process.exitCode)
        throw new Error(`ripcord ${words.join(' ')} exits with ${process.exitCode}`);
    }
  } finally {
    process.stdout.write = write;
    process.argv = argv;
    process.exitCode = exitCode;
  }
}
