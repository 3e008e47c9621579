import type { Terminal } from './terminal.ts';

export type OutputFormat = 'text' | 'json' | 'yaml' | 'ndjson';
export type ProgressStyle = 'tty' | 'plain' | 'json' | 'none';

/** What every command knows of how it was called. */
export interface Context {
  /** Where journal and state live; need not exist. */
  readonly root: string;
  readonly output: OutputFormat;
  readonly progress: ProgressStyle;
  readonly quiet: boolean;
  readonly verbose: boolean;
  /** Nothing is asked: the answer is yes. */
  readonly yes: boolean;
  /** Whether somebody is there to answer. */
  readonly interactive: boolean;
  /** How long to wait for an update; null: for as long as it takes. */
  readonly timeoutMs: number | null;
  readonly terminal: Terminal;
  /** What a suggested command needs to mean the same root: empty, or ` --root DIR`. */
  readonly rootFlag: string;
  /** The command as it was typed, for `holder.json` and `engine.started`. */
  readonly commandLine: string;
  readonly env: Readonly<Record<string, string | undefined>>;
}
