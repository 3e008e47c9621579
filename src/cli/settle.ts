import { openAccess } from './access.ts';
import type { Context } from './context.ts';
import { catchInterrupts, exitCodeOfSignal } from './interrupts.ts';
import { say } from './output.ts';

/** Finishes or undoes what was left unfinished, as far as that needs no person. */
export async function settle(context: Context): Promise<void> {
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
    if (access.kind === 'holder') say(context, 'went on with what was interrupted: ripcord log');
  } finally {
    interrupts.stop();
  }
}
