import { createInterface } from 'node:readline/promises';

import type { Context } from './context.ts';
import { usageError } from './exit-code.ts';

/**
 * Asks whether to go on; `--yes` answers for the user. Throws RIPCORD_USAGE_INVALID naming the flag
 * where nobody is there to answer.
 */
export async function confirm(
  { yes, interactive, terminal, rootFlag }: Context,
  question: string,
  command: string,
): Promise<boolean> {
  if (yes) return true;
  if (!interactive)
    throw usageError(
      `cannot ask '${question}': standard input is no terminal`,
      `ripcord ${command}${rootFlag} --yes`,
    );
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const answer = await lines.question(`${terminal.bold(question)} [y/N] `);
    return /^y(?:es)?$/i.test(answer.trim());
  } finally {
    lines.close();
  }
}

/** Asks for a word to be typed, for what cannot be taken back. */
export async function confirmWord(
  context: Context,
  question: string,
  word: string,
): Promise<boolean> {
  if (context.yes) return true;
  if (!context.interactive)
    throw usageError(`cannot ask '${question}': standard input is no terminal`, 'add --yes');
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const answer = await lines.question(`${question} Type ${context.terminal.bold(word)}: `);
    return answer.trim() === word;
  } finally {
    lines.close();
  }
}
