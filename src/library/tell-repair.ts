import type { Journal } from '../../journal/journal.ts';
import type { Seq } from '../../journal/record.ts';
import { forgetRepair, type Repair, untoldRepair } from '../../journal/repair.ts';
import type { ChuteEvent } from '../core/events.ts';
import type { Json } from '../core/json.ts';

/** Records a repair of the root that nobody has recorded yet. On disk on return. Safe to repeat. */
export async function tellRepair(root: string, journal: Journal<ChuteEvent>): Promise<void> {
  const repair = untoldRepair(root);
  if (repair === null) return;
  if (!(await isTold(journal, repair))) await journal.append([repairedBy(repair)]);
  forgetRepair(root);
}

async function isTold(
  journal: Journal<ChuteEvent>,
  { head, quarantine }: Repair,
): Promise<boolean> {
  for await (const record of journal.read(head.seq + 1))
    if (record.type === 'journal.repaired' && record.quarantine === quarantine) return true;
  return false;
}

function repairedBy({ lost, setAside, healed, quarantine, files, secrets }: Repair): ChuteEvent {
  return {
    type: 'journal.repaired',
    lost: { lost, setAside, healed, files, secrets } as unknown as Json,
    quarantine: quarantine ?? '',
    passed: updatesAmong([...lost, ...setAside]),
  };
}

/** How many updates records can have held at most: each has a request and an end. */
function updatesAmong(gone: readonly { readonly from: Seq; readonly to: Seq }[]): number {
  return Math.ceil(gone.reduce((records, { from, to }) => records + to - from + 1, 0) / 2);
}
