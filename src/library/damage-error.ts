import { JournalError } from '../../journal/errors.ts';
import type { Damage } from '../../journal/journal.ts';

/** The error for a journal that may only be read: where it is damaged, and how. Pure. */
export function damageError(root: string, damage: Damage): JournalError {
  const { seq, file, offset, message } = damage;
  const place = [
    seq === null ? null : `record ${seq}`,
    file,
    offset === null ? null : `offset ${offset}`,
  ].filter((part) => part !== null && !message.includes(part));
  const where = place.length > 0 ? ` (${place.join(', ')})` : '';
  return new JournalError(
    'RIPCORD_JOURNAL_DAMAGED',
    `cannot use the journal in ${root}: ${message.replace(/^cannot trust the journal: /, '')}${where}`,
    { details: { seq, file, offset } },
  );
}
