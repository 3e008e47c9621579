import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

import type * as Reader from '../../replay/reader.ts';
import type { Context } from '../../src/cli/context.ts';
import type * as Program from '../../src/cli/program.ts';

const DIST = pathToFileURL(resolve('dist')).href;

/** The commands that only look back. */
const READERS: ReadonlySet<string> = new Set(['status', 'log', 'show', 'at', 'diff', 'verify']);

/**
 * What a reading command of the compiled program prints, without a process for it: starting one takes
 * ten times as long as reading does. Null when it has to be a process all the same: it does more than
 * read, it would go on with what an engine left unfinished, or it fails.
 */
export async function readAtHand(
  root: string,
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): Promise<string | null> {
  const [word = ''] = args;
  if (!READERS.has(word) || args.includes('--root')) return null;
  try {
    if (word !== 'verify' && !(await isSettled(root))) return null;
    return await outputOf(root, args, env);
  } catch {
    // A process tells what is wrong.
    return null;
  }
}

/** Whether a reading command finds nothing to go on with. */
async function isSettled(root: string): Promise<boolean> {
  const { openReplay } = (await import(`${DIST}/replay/reader.js`)) as typeof Reader;
  const { state } = await openReplay(root);
  return Object.values(state.updates).every(({ phase }) => phase === 'stuck');
}

async function outputOf(
  root: string,
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): Promise<string | null> {
  const { runProgram } = (await import(`${DIST}/src/cli/program.js`)) as typeof Program;
  let printed = '';
  const code = await runProgram([...args], () => contextOf(root, env, (text) => (printed += text)));
  return code === 0 ? printed : null;
}

const plain = (text: string): string => text;

function contextOf(root: string, env: Context['env'], out: (text: string) => void): Context {
  return {
    root,
    output: 'json',
    progress: 'none',
    quiet: true,
    verbose: false,
    yes: false,
    interactive: false,
    timeoutMs: null,
    terminal: {
      symbols: { done: '', failed: '', undone: '', running: '', waiting: '', arrow: '' },
      bold: plain,
      dim: plain,
      red: plain,
      green: plain,
      yellow: plain,
      columns: 80,
      out,
      err: () => undefined,
      raw: out,
      erase: () => undefined,
    },
    rootFlag: '',
    commandLine: 'a test that reads',
    env,
  };
}
