import type { Context } from './context.ts';
import { contextOf, formatOf, type GlobalOptions, terminalOf } from './globals.ts';
import { runProgram, wordOf } from './program.ts';
import { showError } from './show-error.ts';
import { streaming } from './terminal.ts';

/** Runs the command line of this process; its exit code says how it ended. */
export async function main(): Promise<void> {
  outliveReaders();
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
    const output = outputFor(args, options);
    const terminal = terminalOf(options, process);
    process.exitCode = showError(error, {
      word: wordOf(args),
      output,
      verbose: options.verbose ?? false,
      // What was begun as a stream goes on as one, and what is asked for as one is one.
      terminal: begun.context?.terminal ?? (output === 'ndjson' ? streaming(terminal) : terminal),
    });
  }
}

/** Whoever reads our output may leave; an update under way must not notice. */
function outliveReaders(): void {
  for (const stream of [process.stdout, process.stderr])
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE' && error.code !== 'ERR_STREAM_DESTROYED') throw error;
    });
}

/** The format for an error, which may have come up before the options were read. */
function outputFor(words: readonly string[], given: GlobalOptions): 'text' | 'json' | 'ndjson' {
  const line = ` ${words.join(' ')} `;
  const [, asked = ''] = / (?:-o|--output[= ])\s*(json|ndjson) /.exec(line) ?? [];
  if (asked === 'json' || asked === 'ndjson') return asked;
  if (words.includes('--json')) return 'json';
  try {
    const output = formatOf(given, process.env);
    return output === 'yaml' ? 'json' : output;
  } catch {
    return 'text';
  }
}
