import type { Context } from './context.ts';

/**
 * Prints a command's result: `text()` for people, otherwise the value in the format that was asked
 * for. Arrays are one value a line with `-o ndjson`.
 */
export async function print(context: Context, value: unknown, text: () => string): Promise<void> {
  const { output, terminal } = context;
  switch (output) {
    case 'text':
      return terminal.out(text());
    case 'json':
      return terminal.out(`${JSON.stringify(value)}\n`);
    case 'yaml': {
      const { stringify } = await import('yaml');
      // In YAML only quotes have escapes, and what needs them has them.
      return terminal.raw(stringify(value));
    }
    case 'ndjson':
      // An empty list still says what it is one of.
      terminal.out('');
      for (const each of Array.isArray(value) ? (value as unknown[]) : [value])
        terminal.out(`${JSON.stringify(each)}\n`);
  }
}

/** A message for people on standard error; nothing with `--quiet`. */
export function say(context: Context, text: string): void {
  if (!context.quiet) context.terminal.err(`${text}\n`);
}
