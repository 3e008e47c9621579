import type { Recorded } from '../../../journal/record.ts';
import type { Replay } from '../../../replay/replay.ts';
import { resolveRef } from '../../../replay/resolve-ref.ts';
import { listUpdates, type UpdateFilter } from '../../../replay/update-list.ts';
import type { UpdateSummary } from '../../../replay/update-summary.ts';
import type { ChuteEvent } from '../../core/events.ts';
import type { CommandModule } from '../command.ts';
import type { Context } from '../context.ts';
import { eventLine } from '../event-text.ts';
import { EXIT, usageError } from '../exit-code.ts';
import { summaryRow } from '../log-text.ts';
import { print } from '../output.ts';
import { lookBack } from '../reader.ts';
import { table } from '../terminal.ts';

type LogOptions = {
  readonly lines?: string;
  readonly follow?: true;
  readonly reverse?: true;
  readonly patch?: true;
  readonly oneline?: true;
  readonly steps?: true;
  readonly events?: true;
  readonly explain?: true;
  readonly chute?: string;
  readonly status?: string;
  readonly since?: string;
  readonly until?: string;
  readonly boot?: string | true;
  readonly grep?: string;
  readonly after?: string;
};

/** `ripcord log`. */
export const log: CommandModule = {
  configure(command) {
    command
      .option('-n, --lines <count>', 'the newest so many')
      .option('-f, --follow', 'go on with events as they are recorded')
      .option('-r, --reverse', 'oldest first')
      .option('-p, --patch', 'with what each update changed')
      .option('--oneline', 'one line an update (the default)')
      .option('--steps', 'with the steps of each update')
      .option('--events', 'events instead of updates')
      .option('-x, --explain', 'with causes and hints in full')
      .option('--chute <name>', 'only updates of this chute')
      .option('--status <word>', 'an outcome, stuck, unfinished or failed')
      .option('--since <ref>', 'only what came after')
      .option('--until <ref>', 'only what came before')
      .option('--boot [back]', 'only this boot, or the one so many back')
      .option('--grep <pattern>', 'only what matches')
      .option('--after <ref>', 'only what was recorded behind it');
  },
  async run(context, { options }) {
    const given = options as LogOptions;
    const replay = await lookBack(context);
    if (replay === null) {
      await print(context, [], () => `Nothing here yet: ${context.root} is no ripcord root.\n`);
      return EXIT.ok;
    }
    if (given.follow) {
      const { followEvents } = await import('../follow-events.ts');
      return await followEvents(context, replay, { limit: limitOf(given) ?? 10 });
    }
    if (given.events) await printEvents(context, replay, given);
    else await printUpdates(context, replay, given);
    return EXIT.ok;
  },
};

function limitOf({ lines }: LogOptions): number | undefined {
  if (lines === undefined) return undefined;
  if (/^\d+$/.test(lines)) return Number(lines);
  throw usageError(`cannot use -n: '${lines}' is no number`, 'ripcord log -n 20');
}

function bootOf(back: string | true): number {
  if (back === true) return 0;
  if (/^\d{1,6}$/.test(back)) return Number(back);
  throw usageError(`cannot use --boot: '${back}' is no number of boots`, 'ripcord log --boot 1');
}

async function filterOf(replay: Replay, options: LogOptions): Promise<UpdateFilter> {
  const { chute, status, since, until, grep, boot, after } = options;
  const limit = limitOf(options);
  return {
    ...(chute !== undefined && { chute }),
    ...(status !== undefined && { status }),
    ...(since !== undefined && { since }),
    ...(until !== undefined && { until }),
    ...(grep !== undefined && { grep }),
    ...(boot !== undefined && { boot: bootOf(boot) }),
    ...(after !== undefined && { after: (await resolveRef(replay, after)).seq }),
    ...(limit !== undefined && { limit }),
    oldestFirst: options.reverse ?? false,
  };
}

async function printUpdates(context: Context, replay: Replay, options: LogOptions): Promise<void> {
  const updates = await listUpdates(replay, await filterOf(replay, options));
  const details = await detailsOf(context, replay, updates, options);
  await print(context, updates, () => {
    if (updates.length === 0) return 'No updates.\n';
    const lines = table(updates.map((update) => summaryRow(context, update))).split('\n');
    return updates.map(({ id }, at) => `${lines[at] ?? ''}\n${details.get(id) ?? ''}`).join('');
  });
}

/** What stands under the line of each update, as far as it was asked for. */
async function detailsOf(
  context: Context,
  replay: Replay,
  updates: readonly UpdateSummary[],
  { patch, steps, explain }: LogOptions,
): Promise<ReadonlyMap<string, string>> {
  const details = new Map<string, string>();
  if (context.output !== 'text' || !(patch || steps || explain)) return details;
  const { storyOf } = await import('../../../replay/story.ts');
  const { explanationText, patchText, stepsText } = await import('../story-text.ts');
  for (const { id } of updates) {
    const story = await storyOf(replay, id);
    details.set(
      id,
      [
        explain ? explanationText(context, story) : '',
        patch ? patchText(context, story.patch ?? []) : '',
        steps ? stepsText(context, story) : '',
      ].join(''),
    );
  }
  return details;
}

async function printEvents(context: Context, replay: Replay, options: LogOptions): Promise<void> {
  const records = await eventsFor(replay, options);
  await print(context, records, () => records.map((record) => eventLine(context, record)).join(''));
}

async function eventsFor(
  replay: Replay,
  options: LogOptions,
): Promise<readonly Recorded<ChuteEvent>[]> {
  const { since, until, after, grep, chute, status, boot } = options;
  const from = Math.max(
    since === undefined ? 0 : (await resolveRef(replay, since)).seq,
    after === undefined ? 0 : (await resolveRef(replay, after)).seq,
  );
  const to = until === undefined ? replay.head.seq : (await resolveRef(replay, until)).seq;
  const pattern = grep === undefined ? null : new RegExp(grep, 'iu');
  const listed =
    chute === undefined && status === undefined && boot === undefined
      ? null
      : await listUpdates(replay, await filterOf(replay, withoutLines(options)));
  const ids = listed && new Set(listed.map(({ id }) => id));
  const records: Recorded<ChuteEvent>[] = [];
  for await (const record of replay.journal.read(from + 1, to)) {
    if (pattern && !pattern.test(JSON.stringify(record))) continue;
    if (ids && !('update' in record && ids.has(record.update))) continue;
    records.push(record);
  }
  const limit = limitOf(options);
  // Events are told in their order; only `-r` turns it round.
  const newest = limit === undefined ? records : records.slice(-Math.max(1, limit));
  return options.reverse ? newest.toReversed() : newest;
}

function withoutLines({ lines: _lines, ...rest }: LogOptions): LogOptions {
  return rest;
}
