import { openReadOnly } from '../../journal/read-only.ts';
import type { Replay } from '../../replay/replay.ts';
import type { ChuteEvent } from '../core/events.ts';
import { UPCASTERS } from '../core/upcasters.ts';
import type { Context } from './context.ts';
import { eventLine } from './event-text.ts';
import { EXIT } from './exit-code.ts';

/** Prints the newest events, then further ones as they are recorded, until interrupted. */
export async function followEvents(
  context: Context,
  { head }: Pick<Replay, 'head'>,
  { limit }: { readonly limit: number },
): Promise<number> {
  const { terminal, output, root } = context;
  const journal = openReadOnly<ChuteEvent>(root, { upcasters: UPCASTERS });
  const stop = new AbortController();
  process.stdout.once('close', () => stop.abort());
  process.stdout.once('error', () => stop.abort());
  terminal.out('');
  for await (const record of journal.follow(Math.max(1, head.seq - limit + 1), stop.signal))
    terminal.out(output === 'text' ? eventLine(context, record) : `${JSON.stringify(record)}\n`);
  return EXIT.ok;
}
