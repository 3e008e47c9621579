import type { Command } from 'commander';

import type { Context } from './context.ts';

/** What a command gets: its arguments in order, and its own options by their camel-case names. */
export type Given = {
  readonly args: readonly (string | readonly string[] | undefined)[];
  readonly options: Readonly<Record<string, unknown>>;
  /** The subcommand that was chosen, for commands that have some. */
  readonly verb: string | null;
};

/** One command: how it is called, and what it does. */
export interface CommandModule {
  /** Adds arguments, options and help to the command. */
  configure(command: Command): void;
  /** Does it. Resolves with the exit code; throws what the user has to be told. */
  run(context: Context, given: Given): Promise<number>;
}

/** The texts of a variadic argument; none when it was left out. Pure. */
export function textsOf(value: Given['args'][number]): readonly string[] {
  if (value === undefined) return [];
  return typeof value === 'string' ? [value] : value;
}

/** A single argument; null when it was left out. Pure. */
export function textOf(value: Given['args'][number]): string | null {
  return typeof value === 'string' ? value : null;
}
