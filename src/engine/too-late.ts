import { RipcordError } from '../core/errors.ts';
import type { UpdateId } from '../core/events.ts';

/** Why an update cannot be turned around any more, and what to do instead. Pure. */
export function tooLate(id: UpdateId, phase?: string): RipcordError {
  const hints: Readonly<Record<string, string>> = {
    committed: `ripcord rollback ${id} takes it back as a new update`,
    stuck: `ripcord show ${id} names what is stuck, ripcord resolve settles it`,
  };
  const what = phase === 'aborting' ? 'it is being undone already' : `it is ${phase ?? 'finished'}`;
  return new RipcordError('RIPCORD_UPDATE_FINISHED', `cannot cancel ${id}: ${what}`, {
    hint: hints[phase ?? 'committed'] ?? `ripcord watch ${id} shows how it ends`,
  });
}
