import { updateNamed } from '../../replay/resolve-ref.ts';
import type { UpdateId } from '../core/events.ts';
import { openAccess } from './access.ts';
import type { Context } from './context.ts';
import { catchInterrupts, exitCodeOfSignal } from './interrupts.ts';
import { say } from './output.ts';
import { peek } from './reader.ts';

/** Finishes or undoes what was left unfinished, as far as that needs no person. */
export async function settle(context: Context, ids: readonly UpdateId[]): Promise<void> {
  const interrupts = catchInterrupts();
  try {
    const access = await openAccess(context);
    interrupts.onFirst((signal) => {
      void access.close(signal).then(() => process.exit(exitCodeOfSignal(signal)));
    });
    try {
      await access.settled;
    } finally {
      await access.close('settled');
    }
    if (access.kind === 'holder') await tellSettled(context, ids);
  } finally {
    interrupts.stop();
  }
}

async function tellSettled(context: Context, ids: readonly UpdateId[]): Promise<void> {
  const replay = await peek(context);
  if (replay === null) return;
  for (const id of ids) {
    const { outcome, phase, interruptions } = await updateNamed(replay, id);
    const why = interruptions > 0 ? 'was interrupted and went on' : 'went on';
    say(context, `! ${id} ${why}: ${outcome ?? phase ?? 'unfinished'}`);
  }
}
