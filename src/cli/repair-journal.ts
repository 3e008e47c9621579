import { openJournal } from '../../journal/journal-disk.ts';
import { machineClock } from '../../journal/machine-clock.ts';
import type { Seq } from '../../journal/record.ts';
import { type Repair, repairRoot } from '../../journal/repair.ts';
import type { ChuteEvent } from '../core/events.ts';
import type { Json } from '../core/json.ts';
import { UPCASTERS } from '../core/upcasters.ts';
import { keysOf } from '../library/root-journal.ts';
import type { Context } from './context.ts';
import { EXIT } from './exit-code.ts';
import { print } from './output.ts';

/** Repairs the journal of the root and records in it what is lost. */
export async function repairJournal(context: Context, acceptLoss: boolean): Promise<number> {
  const { root, commandLine: command } = context;
  const clock = machineClock();
  const stamp = clock.now().replaceAll(/[:.]/g, '-');
  const repair = await repairRoot(root, { stamp, acceptLoss });
  if (repair.changed) {
    const { lost, setAside, healed, quarantine } = repair;
    await using journal = await openJournal<ChuteEvent>({
      root,
      clock,
      command,
      upcasters: UPCASTERS,
      keysOf,
    });
    const told = { lost, setAside, healed } as unknown as Json;
    const cut = journal.opened.tailCut;
    await journal.append([
      ...(cut
        ? [
            {
              type: 'journal.tailCut',
              bytes: cut.bytes,
              file: cut.file,
              offset: cut.offset,
            } as const,
          ]
        : []),
      {
        type: 'journal.repaired',
        lost: told,
        quarantine: quarantine ?? '',
        passed: updatesAmong([...lost, ...setAside]),
      },
    ]);
  }
  await print(context, repair, () => repairText(context, repair));
  return EXIT.ok;
}

/** How many updates records can have held at most: each has a request and an end. */
function updatesAmong(gone: readonly { readonly from: Seq; readonly to: Seq }[]): number {
  return Math.ceil(gone.reduce((records, { from, to }) => records + to - from + 1, 0) / 2);
}

function repairText({ terminal, rootFlag }: Context, repair: Repair): string {
  const { changed, head, lost, setAside, healed, quarantine } = repair;
  const { symbols, green, yellow } = terminal;
  if (!changed) return `${green(symbols.done)} nothing to repair, head @${head.seq}\n`;
  const lines = [`${green(symbols.done)} the journal is whole again up to @${head.seq}\n`];
  for (const { from, to } of lost) lines.push(`${yellow('!')} lost     @${from}..@${to}\n`);
  for (const { from, to, file } of setAside)
    lines.push(`${yellow('!')} set aside @${from}..@${to} in ${file}\n`);
  if (healed.length > 0) lines.push(`  healed   ${healed.length} records with one flipped bit\n`);
  if (quarantine !== null) lines.push(`  damaged files are in ${quarantine}\n`);
  lines.push(`ripcord status${rootFlag}\n`);
  return lines.join('');
}
