import { type CommandModule, textsOf } from '../command.ts';
import type { Context } from '../context.ts';
import { AREAS } from '../doctor/finding.ts';
import { EXIT } from '../exit-code.ts';
import { peek } from '../reader.ts';
import { WORDS } from '../words.ts';

/** Words that take the name of a chute, an update, or a point in time. */
const CHUTES = new Set(['start', 'stop', 'restart', 'rm', 'logs', 'status', 'rollback', 'why']);
const UPDATES = new Set(['watch', 'show', 'at', 'diff', 'why', 'retry', 'rollback']);
const UNFINISHED = new Set(['cancel']);

const GLOBAL_OPTIONS = ['--root', '--output', '--json', '--quiet', '--verbose', '--yes', '--help'];

/** What the completion scripts ask: words that may come next, one a line. Never writes. */
export const complete: CommandModule = {
  configure(command) {
    command.argument('[words...]');
  },
  async run(context, { args: [words] }) {
    const typed = textsOf(words);
    const current = typed.at(-1) ?? '';
    const found = (await candidates(context, typed.slice(0, -1), current)).filter((word) =>
      word.startsWith(current),
    );
    context.terminal.out(found.map((word) => `${word}\n`).join(''));
    return EXIT.ok;
  },
};

async function candidates(
  context: Context,
  before: readonly string[],
  current: string,
): Promise<readonly string[]> {
  const word = before.find((each) => Object.hasOwn(WORDS, each));
  if (word === undefined) return current.startsWith('-') ? GLOBAL_OPTIONS : Object.keys(WORDS);
  if (current.startsWith('-')) return [...(await optionsOf(word)), ...GLOBAL_OPTIONS];
  if (word === 'completion') return ['bash', 'zsh', 'fish'];
  if (word === 'doctor') return AREAS;
  if (word === 'journal') return ['cat', 'tail', 'verify', 'repair'];
  return await liveValues(rootIn(context, before), word);
}

async function optionsOf(word: string): Promise<readonly string[]> {
  const { Command } = await import('commander');
  const command = new Command(word);
  (await WORDS[word]?.load())?.configure(command);
  return command.options.flatMap(({ long }) => long ?? []);
}

/** The completed command names its own root: ours is the default. */
function rootIn(context: Context, words: readonly string[]): Context {
  const named = words[words.indexOf('--root') + 1];
  return words.includes('--root') && named !== undefined ? { ...context, root: named } : context;
}

async function liveValues(context: Context, word: string): Promise<readonly string[]> {
  const replay = await peek(context).catch(() => null);
  if (replay === null) return [];
  const { state } = replay;
  const updates = Array.from({ length: state.nextUpdate - 1 }, (_, at) => `u${at + 1}`);
  return [
    ...(CHUTES.has(word) ? Object.keys(state.applied.chutes) : []),
    ...(UPDATES.has(word) ? updates.toReversed() : []),
    ...(UNFINISHED.has(word) ? Object.keys(state.updates) : []),
    ...(word === 'resolve'
      ? Object.values(state.updates).flatMap(({ id, stuck }) => stuck.map(({ n }) => `${id}.s${n}`))
      : []),
    ...(word === 'at' || word === 'diff' ? ['HEAD', 'HEAD~1', 'boot'] : []),
  ];
}
