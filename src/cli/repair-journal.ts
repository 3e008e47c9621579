import { openJournal } from '../../journal/journal-disk.ts';
import { machineClock } from '../../journal/machine-clock.ts';
import { type Repair, repairRoot, untoldRepair } from '../../journal/repair.ts';
import type { ChuteEvent } from '../core/events.ts';
import { UPCASTERS } from '../core/upcasters.ts';
import { keysOf } from '../library/root-journal.ts';
import { tellRepair } from '../library/tell-repair.ts';
import type { Context } from './context.ts';
import { EXIT } from './exit-code.ts';
import { print } from './output.ts';

/** Repairs the journal of the root and records in it what is lost. */
export async function repairJournal(context: Context, acceptLoss: boolean): Promise<number> {
  const { root, commandLine: command } = context;
  const clock = machineClock();
  const stamp = clock.now().replaceAll(/[:.]/g, '-');
  const repair = await repairRoot(root, { stamp, acceptLoss, genesis: madeFor });
  if (repair.changed || untoldRepair(root) !== null) {
    await using journal = await openJournal<ChuteEvent>({
      root,
      clock,
      command,
      upcasters: UPCASTERS,
      keysOf,
    });
    const cut = journal.opened.tailCut;
    if (cut) {
      const { bytes, file, offset } = cut;
      await journal.append([{ type: 'journal.tailCut', bytes, file, offset }]);
    }
    await tellRepair(root, journal);
  }
  await print(context, repair, () => repairText(context, repair));
  return EXIT.ok;
}

/** What the root was made for, by what was last observed of the host. Pure. */
function madeFor(records: Iterable<unknown>): Readonly<Record<string, string>> {
  let made = {};
  for (const record of records as Iterable<ChuteEvent>)
    if (record.type === 'host.observed') {
      const { runtime, host } = record.facts;
      made = { runtime, host };
    }
  return made;
}

function repairText({ terminal, rootFlag }: Context, repair: Repair): string {
  const { changed, head, lost, setAside, healed, quarantine, secrets } = repair;
  const { symbols, green, yellow } = terminal;
  if (!changed) return `${green(symbols.done)} nothing to repair, head @${head.seq}\n`;
  const lines = [`${green(symbols.done)} the journal is whole again up to @${head.seq}\n`];
  for (const { from, to } of lost) lines.push(`${yellow('!')} lost     @${from}..@${to}\n`);
  for (const { from, to, file } of setAside)
    lines.push(`${yellow('!')} set aside @${from}..@${to} in ${file}\n`);
  if (healed.length > 0) lines.push(`  healed   ${healed.length} records with one flipped bit\n`);
  for (const { file, healed: isRight } of secrets)
    lines.push(`  ${file} ${isRight ? 'put right' : `was damaged: ${file}.damaged`}\n`);
  if (quarantine !== null) lines.push(`  damaged files are in ${quarantine}\n`);
  lines.push(`ripcord status${rootFlag}\n`);
  return lines.join('');
}
