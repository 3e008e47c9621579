import { readFileSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { Script } from 'node:vm';
import { crc32 } from 'node:zlib';

import type * as Entry from './ripcord.ts';

/** The whole command line program in one script, as `npm run build` makes it. */
export type Bundle = {
  /** Evaluates the script. */
  run(): typeof Entry;
  /** What the engine of the language made of all that has run so far, for `CODE_FILE`. */
  code(): Uint8Array;
};

export const BUNDLE_FILE = 'ripcord.cjs';
/** Taken by a Node of the version that wrote it only; any other compiles the script as usual. */
export const CODE_FILE = 'ripcord.code';

/** Of the script and of the code, four bytes each: that they belong together, and are whole. */
const SUMS_BYTES = 8;

/**
 * The bundle in a directory, or null when there is none, or one that is older than what was compiled
 * beside it. Half the time of a command would go into finding and compiling some six hundred modules
 * (ADR 0027).
 */
export function bundleAt(directory: string): Bundle | null {
  const file = join(directory, BUNDLE_FILE);
  const made = statSync(file, { throwIfNoEntry: false });
  if (!made) return null;
  // A published package has the bundle alone.
  const compiled = statSync(join(directory, 'ripcord.js'), { throwIfNoEntry: false });
  if (compiled && compiled.mtimeMs > made.mtimeMs) return null;
  const text = readFileSync(file);
  const cachedData = codeOf(text, join(directory, CODE_FILE));
  const script = new Script(wrapped(text.toString()), {
    filename: file,
    ...(cachedData === null ? {} : { cachedData }),
  });
  return {
    run: () => {
      const module = { exports: {} as typeof Entry };
      const call = script.runInThisContext() as (...given: readonly unknown[]) => void;
      call(module.exports, createRequire(file), module, file, dirname(file));
      return module.exports;
    },
    code: () => {
      const code = script.createCachedData();
      return Buffer.concat([sums(text, code), code]);
    },
  };
}

/** As Node wraps a CommonJS module. */
function wrapped(text: string): string {
  return `(function (exports, require, module, __filename, __dirname) {${text}\n})`;
}

/** V8 looks at the length of a script and at nothing of its code: rotten code would end the process. */
function codeOf(text: Uint8Array, file: string): Buffer | null {
  try {
    const kept = readFileSync(file);
    const code = kept.subarray(SUMS_BYTES);
    return sums(text, code).equals(kept.subarray(0, SUMS_BYTES)) ? code : null;
  } catch {
    return null;
  }
}

function sums(text: Uint8Array, code: Uint8Array): Buffer {
  const bytes = Buffer.alloc(SUMS_BYTES);
  bytes.writeUInt32LE(crc32(text), 0);
  bytes.writeUInt32LE(crc32(code), 4);
  return bytes;
}
