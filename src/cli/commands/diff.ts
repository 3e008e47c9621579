import { diffLines, statLine } from '../../../replay/diff-text.ts';
import { type Diff, diff as diffOf } from '../../../replay/diff.ts';
import { splitRange } from '../../../replay/ref.ts';
import { parseRef } from '../../../replay/ref.ts';
import { type CommandModule, textOf } from '../command.ts';
import type { Context } from '../context.ts';
import { EXIT } from '../exit-code.ts';
import { print } from '../output.ts';
import { needReplay } from '../reader.ts';
import { viewOf } from '../status-view.ts';
import { patchText } from '../story-text.ts';

type DiffOptions = {
  readonly stat?: true;
  readonly exitCode?: true;
  readonly patch?: true;
  readonly live?: true;
};

/** `ripcord diff [A [B]] [PATH]`. */
export const diff: CommandModule = {
  configure(command) {
    command
      .argument('[a]', 'a ref or a range A..B; without: what is applied')
      .argument('[b]', 'a ref; without: what is applied now, or desired')
      .argument('[path]', 'a part: hello.services.web')
      .option('--stat', 'only how much differs, and by which updates')
      .option('--exit-code', 'exit 3 when something differs')
      .option('--patch', 'as JSON Patch operations')
      .option('--live', 'what is applied against what runs');
  },
  async run(context, { args, options }) {
    const asked = options as DiffOptions;
    const replay = await needReplay(context);
    if (asked.live) return await printLive(context, replay, asked);
    const found = await diffOf(replay, pointsOf(args.map((arg) => textOf(arg))));
    await print(context, asked.patch ? found.patch : found, () => diffText(context, found, asked));
    return asked.exitCode && found.differences.length > 0 ? EXIT.differs : EXIT.ok;
  },
};

/** Refs come first; the first word that is none is a path. */
function pointsOf(words: readonly (string | null)[]): Parameters<typeof diffOf>[1] & {} {
  const given = words.filter((word) => word !== null);
  const [first] = given;
  const range = first === undefined ? null : splitRange(first);
  if (range) {
    const path = given[1];
    return {
      from: range.from ?? '@0',
      to: range.to ?? 'HEAD',
      ...(path !== undefined && { path }),
    };
  }
  const refs: string[] = [];
  for (const word of given) {
    if (refs.length === 2 || !isRef(word)) break;
    refs.push(word);
  }
  const path = given[refs.length];
  const [from, to] = refs;
  return {
    ...(from !== undefined && { from }),
    ...(to !== undefined && { to }),
    ...(path !== undefined && { path }),
  };
}

function isRef(word: string): boolean {
  try {
    parseRef(word);
    return true;
  } catch {
    return false;
  }
}

function diffText(context: Context, found: Diff, { stat, patch }: DiffOptions): string {
  if (patch) return patchText(context, found.patch);
  const lines = diffLines(found, { ascii: context.terminal.symbols.arrow === '->' });
  const body = stat ? '' : lines.map((line) => `${line}\n`).join('');
  return `${body}${statLine(found)}\n`;
}

async function printLive(
  context: Context,
  { state, head }: Parameters<typeof printable>[0],
  { exitCode }: DiffOptions,
): Promise<number> {
  const drift = await printable({ state, head }, context.root);
  await print(context, drift, () =>
    drift.length === 0
      ? 'What runs is what is applied.\n'
      : drift.map(({ message }) => `~ ${message}\n`).join(''),
  );
  return exitCode && drift.length > 0 ? EXIT.differs : EXIT.ok;
}

async function printable(
  { state, head }: Pick<Awaited<ReturnType<typeof needReplay>>, 'state' | 'head'>,
  root: string,
) {
  const { chutes } = await viewOf(state, head, root);
  return Object.entries(chutes).flatMap(([chute, each]) =>
    each.drift.map((found) => ({ chute, ...found })),
  );
}
