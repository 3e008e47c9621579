import { Command, CommanderError, Option } from 'commander';

import { RipcordError } from '../core/errors.ts';
import { VERSION } from '../library/version.ts';
import type { CommandModule } from './command.ts';
import type { Context } from './context.ts';
import { EXIT, usageError } from './exit-code.ts';
import type { GlobalOptions } from './globals.ts';
import { COMPLETE, LATER, LATER_OPTIONS, WORDS } from './words.ts';

/** Options before the command word that take a value: needed to find the word. */
const WITH_VALUE = new Set([
  '--root',
  '--api',
  '--timeout',
  '--color',
  '--progress',
  '-o',
  '--output',
]);

/** The command word among arguments, or null when there is none. Pure. */
export function wordOf(args: readonly string[]): string | null {
  for (let at = 0; at < args.length; at++) {
    const arg = args[at] ?? '';
    if (arg === '--') return args[at + 1] ?? null;
    if (!arg.startsWith('-') || arg === '-') return arg;
    if (WITH_VALUE.has(arg)) at += 1;
  }
  return null;
}

/**
 * Runs one command line. Resolves with its exit code; throws what the user has to be told.
 *
 * Only the file of the command that was called is loaded.
 */
export async function runProgram(
  args: readonly string[],
  wire: (options: GlobalOptions) => Context,
): Promise<number> {
  const word = wordOf(args);
  refuseUnknown(word);
  const program = makeProgram();
  let exitCode: number = EXIT.ok;
  for (const [name, { group, summary, load }] of Object.entries(WORDS)) {
    const command = program.command(name).summary(summary).description(summary).helpGroup(group);
    if (name === word) {
      const module = await load();
      module.configure(command);
      refuseLater(command);
      addActions(command, module, async (run) => {
        exitCode = await run(wire(program.opts<GlobalOptions>()));
      });
    }
  }
  if (word === COMPLETE) {
    const { complete } = await import('./commands/complete.ts');
    const command = program.command(COMPLETE, { hidden: true });
    complete.configure(command);
    addActions(command, complete, async (run) => {
      exitCode = await run(wire(program.opts<GlobalOptions>()));
    });
  }
  try {
    await program.parseAsync(args.map(withMinus), { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    // Commander has printed help or version; anything else is a mistake in the call.
    if (error.exitCode === 0) return EXIT.ok;
    if (error.code === 'commander.help') return EXIT.usage;
    throw usageError(plain(error.message), `ripcord ${word ?? ''} --help`.replace('  ', ' '));
  }
  return exitCode;
}

/** Times ago (`-2h`) are no options: with a minus sign instead of a hyphen they are taken for what they are. */
function withMinus(arg: string): string {
  return arg.replace(/^-(?=\d+(?:\.\d+)?(?:ms|[smhdw])$)/, '\u2212');
}

type Run = (context: Context) => Promise<number>;

function addActions(
  command: Command,
  module: CommandModule,
  go: (run: Run) => Promise<void>,
): void {
  const verbs = command.commands;
  for (const each of verbs.length > 0 ? verbs : [command]) {
    const verb = verbs.length > 0 ? each.name() : null;
    each.action(async () => {
      const args = each.processedArgs as (string | readonly string[] | undefined)[];
      await go((context) => module.run(context, { args, options: each.opts(), verb }));
    });
  }
}

function makeProgram(): Command {
  const program = new Command('ripcord')
    .description('Crash-safe updates for gateways: apply a chute, pull the plug, it ends well.')
    .version(`ripcord ${VERSION}`, '-V, --version', 'print the version')
    .option('--root <dir>', 'where journal and state live (RIPCORD_ROOT)')
    .addOption(
      new Option('-o, --output <format>', 'format of the result (RIPCORD_OUTPUT)').choices([
        'text',
        'json',
        'yaml',
        'ndjson',
      ]),
    )
    .option('--json', 'the same as -o json')
    .option('-q, --quiet', 'print results and errors only')
    .option('-v, --verbose', 'print more, also about errors')
    .option('-y, --yes', 'ask nothing')
    .option('--no-input', 'never ask, refuse instead (RIPCORD_NO_INPUT)')
    .addOption(
      new Option('--color <when>', 'colours').choices(['auto', 'always', 'never']).default('auto'),
    )
    .addOption(
      new Option('--progress <style>', 'how progress is shown (RIPCORD_PROGRESS)').choices([
        'auto',
        'tty',
        'plain',
        'json',
        'none',
      ]),
    )
    .option('--timeout <duration>', 'wait no longer than this (30s, 5m); exit 10, the work goes on')
    .option('--no-pager', 'print at once, never page')
    .option('--api <url>', 'talk to a daemon (comes later)')
    .showHelpAfterError(false)
    .configureHelp({ showGlobalOptions: true })
    .helpCommand('help [command]', 'show help for a command')
    .exitOverride()
    .configureOutput({ outputError: () => undefined });
  program.addHelpText(
    'after',
    `
Exit codes:
  0 ok or nothing to do      4 failed, rolled back     8 refused
  1 unexpected error         5 rollback incomplete     9 journal damaged
  2 usage or definition      6 busy                   10 timeout while waiting
  3 differences              7 unreachable       130/143 interrupted`,
  );
  return program;
}

/** Commander's own messages begin with `error: ` and end with a suggestion on a line of its own. */
function plain(message: string): string {
  return message.replace(/^error: /, '').replaceAll(/\n\s*/g, ' ');
}

function refuseUnknown(word: string | null): void {
  if (word === null || Object.hasOwn(WORDS, word) || word === COMPLETE || word === 'help') return;
  if (LATER.includes(word)) throw later(`run '${word}'`, 'ripcord --help');
  const near = nearestWord(word);
  const message = `cannot run '${word}': no such command`;
  throw usageError(
    near === null ? message : `${message}. Did you mean ${near}?`,
    near === null ? 'ripcord --help' : `ripcord ${near} --help`,
  );
}

/** Has a command refuse the options that come later, rather than call them unknown. */
function refuseLater(command: Command): void {
  const word = command.name();
  for (const flag of LATER_OPTIONS[word] ?? []) {
    // Whatever value it will take one day: it gets no further than its name.
    command.addOption(new Option(`${flag} [value]`).hideHelp());
    command.on(`option:${flag.slice(2)}`, () => {
      throw later(`${word} with ${flag}`, `ripcord ${word} --help`);
    });
  }
}

function later(what: string, help: string): RipcordError {
  return new RipcordError(
    'RIPCORD_COMMAND_LATER',
    `cannot ${what}: this version does not have it yet, a later one will`,
    { hint: `${help} lists what is there` },
  );
}

/** The command that a mistyped word is nearest to; null when none is near. Pure. */
export function nearestWord(word: string): string | null {
  const ranked = Object.keys(WORDS)
    .map((name) => ({ name, far: distance(word, name) }))
    .toSorted((a, b) => a.far - b.far);
  const [first] = ranked;
  return first && first.far <= Math.max(1, Math.floor(word.length / 3)) ? first.name : null;
}

/** Edits between two words, a swap of neighbours being one. */
function distance(left: string, right: string): number {
  const rows: number[][] = [Array.from({ length: right.length + 1 }, (_, at) => at)];
  for (let i = 1; i <= left.length; i++) {
    const row = [i];
    for (let j = 1; j <= right.length; j++) {
      const cost = left[i - 1] === right[j - 1] ? 0 : 1;
      const best = Math.min(
        (rows[i - 1]?.[j] ?? 0) + 1,
        (row[j - 1] ?? 0) + 1,
        (rows[i - 1]?.[j - 1] ?? 0) + cost,
      );
      const swapped = left[i - 1] === right[j - 2] && left[i - 2] === right[j - 1];
      row[j] = swapped ? Math.min(best, (rows[i - 2]?.[j - 2] ?? 0) + 1) : best;
    }
    rows.push(row);
  }
  return rows[left.length]?.[right.length] ?? 0;
}
