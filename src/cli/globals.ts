import type { Context, OutputFormat, ProgressStyle } from './context.ts';
import { usageError } from './exit-code.ts';
import { chooseRoot } from './root.ts';
import {
  type ColorChoice,
  durationMs,
  openTerminal,
  streaming,
  type Terminal,
} from './terminal.ts';

/** The options that every command has, as commander reads them. */
export type GlobalOptions = {
  readonly root?: string;
  readonly output?: OutputFormat;
  readonly json?: true;
  readonly quiet?: true;
  readonly verbose?: true;
  readonly yes?: true;
  readonly input?: boolean;
  readonly color?: ColorChoice;
  readonly progress?: ProgressStyle | 'auto';
  readonly timeout?: string;
  readonly api?: string;
};

type Env = Readonly<Record<string, string | undefined>>;

const FORMATS: ReadonlySet<string> = new Set(['text', 'json', 'yaml', 'ndjson']);
const STYLES: ReadonlySet<string> = new Set(['auto', 'tty', 'plain', 'json', 'none']);

/** The format of the result: `-o`, `--json`, then RIPCORD_OUTPUT. Throws RIPCORD_USAGE_INVALID. */
export function formatOf(options: GlobalOptions, env: Env): OutputFormat {
  if (options.output) return options.output;
  if (options.json) return 'json';
  const named = env['RIPCORD_OUTPUT'] || 'text';
  if (FORMATS.has(named)) return named as OutputFormat;
  throw usageError(
    `cannot use RIPCORD_OUTPUT: '${named}' is no format`,
    'formats are text, json, yaml and ndjson',
  );
}

/** How progress is shown: `--progress`, RIPCORD_PROGRESS, then what the terminal can do. */
export function progressOf(
  options: GlobalOptions,
  env: Env,
  how: { readonly output: OutputFormat; readonly isTty: boolean },
): ProgressStyle {
  const named = options.progress ?? (env['RIPCORD_PROGRESS'] || 'auto');
  if (!STYLES.has(named))
    throw usageError(
      `cannot use RIPCORD_PROGRESS: '${named}' is no style`,
      'styles are auto, tty, plain, json and none',
    );
  if (named !== 'auto') return named as ProgressStyle;
  if (options.quiet || how.output !== 'text') return 'none';
  return how.isTty && env['TERM'] !== 'dumb' && (env['CI'] ?? '') === '' ? 'tty' : 'plain';
}

/** What the commands are told of how they were called. Throws RIPCORD_USAGE_INVALID. */
export function contextOf(
  options: GlobalOptions,
  process: Pick<NodeJS.Process, 'env' | 'stdout' | 'stderr' | 'stdin'>,
  commandLine: string,
): Context {
  const { env } = process;
  const output = formatOf(options, env);
  if (options.api !== undefined)
    throw usageError('cannot use --api: daemons come later', 'leave it out, or name a --root');
  const timeoutMs = options.timeout === undefined ? null : durationMs(options.timeout);
  if (options.timeout !== undefined && timeoutMs === null)
    throw usageError(
      `cannot use --timeout: '${options.timeout}' is no duration`,
      'durations look like 500ms, 30s, 5m or 1h',
    );
  const noInput = options.input === false || (env['RIPCORD_NO_INPUT'] ?? '') !== '';
  return {
    root: chooseRoot(options.root, env),
    output,
    progress: progressOf(options, env, { output, isTty: process.stderr.isTTY }),
    quiet: options.quiet ?? false,
    verbose: options.verbose ?? false,
    yes: options.yes ?? false,
    interactive: process.stdin.isTTY && !noInput,
    timeoutMs,
    terminal:
      output === 'ndjson' ? streaming(terminalOf(options, process)) : terminalOf(options, process),
    rootFlag: options.root === undefined ? '' : ` --root ${quoted(options.root)}`,
    commandLine,
    env,
  };
}

const quoted = (text: string): string =>
  /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`;

/** The terminal alone, for errors that come up before there is a context. */
export function terminalOf(
  options: GlobalOptions,
  process: Pick<NodeJS.Process, 'env' | 'stdout' | 'stderr'>,
): Terminal {
  const { env, stdout, stderr } = process;
  return openTerminal({ color: options.color ?? 'auto', env, stdout, stderr });
}
