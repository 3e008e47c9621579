#!/usr/bin/env node
import type { Context } from './context.ts';
import { contextOf, formatOf, type GlobalOptions, terminalOf } from './globals.ts';
import { runProgram } from './program.ts';
import { showError } from './show-error.ts';

/** Whoever reads our output may leave; an update under way must not notice. */
for (const stream of [process.stdout, process.stderr])
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE' && error.code !== 'ERR_STREAM_DESTROYED') throw error;
  });

const args = process.argv.slice(2);
let options: GlobalOptions = {};
const begun: { context?: Context } = {};
try {
  process.exitCode = await runProgram(args, (given) => {
    options = given;
    begun.context = contextOf(given, process, ['ripcord', ...args].join(' '));
    return begun.context;
  });
} catch (error) {
  process.exitCode = showError(error, {
    output: outputFor(args, options),
    verbose: options.verbose ?? false,
    // What was begun as a stream goes on as one.
    terminal: begun.context?.terminal ?? terminalOf(options, process),
  });
}

/** The format for an error, which may have come up before the options were read. */
function outputFor(words: readonly string[], given: GlobalOptions): 'text' | 'json' {
  const asked = words.some(
    (word, at) =>
      word === '--json' ||
      /^(?:-o|--output=)(?:json|ndjson)$/.test(word) ||
      ((word === '-o' || word === '--output') && /^(?:json|ndjson)$/.test(words[at + 1] ?? '')),
  );
  if (asked) return 'json';
  try {
    return formatOf(given, process.env) === 'text' ? 'text' : 'json';
  } catch {
    return 'text';
  }
}
