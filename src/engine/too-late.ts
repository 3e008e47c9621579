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

/** Why nothing came of turning an update around: the engine let go of it. Pure. */
export function engineClosed(id: UpdateId): RipcordError {
  return new RipcordError('RIPCORD_ENGINE_CLOSED', `cannot cancel ${id}: the engine closed`, {
    hint: 'cancel it again: the next command goes on with it',
  });
}
