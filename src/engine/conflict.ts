import type { ChuteEvent, UpdateId, UpdateRequest } from '../core/events.ts';
import type { UpdateState } from '../core/state.ts';
import { subjectsOf } from '../core/subjects.ts';

type Blocker = Pick<UpdateState, 'id' | 'phase'> & {
  readonly request: Pick<UpdateRequest, 'chutes' | 'host'>;
};

/** The refusal of an update because of another one that is stuck, or on its way. Pure. */
export function conflictEvent(update: UpdateId, { id, phase, request }: Blocker): ChuteEvent {
  const isStuck = phase === 'stuck';
  const subjects = subjectsOf(request).map(({ chute }) => chute);
  return {
    type: 'update.rejected',
    update,
    code: 'RIPCORD_UPDATE_CONFLICT',
    message: `cannot change ${subjects.join(', ')}: ${id} is ${isStuck ? 'stuck' : 'on its way'}`,
    hint: isStuck
      ? `ripcord show ${id} names what is stuck, ripcord resolve settles it`
      : `ripcord watch ${id}, or ask again with --mode queue`,
    refusals: [],
  };
}
