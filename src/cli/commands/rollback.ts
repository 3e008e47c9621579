import type { Replay } from '../../../replay/replay.ts';
import {
  type RollbackTarget,
  rollbackChute,
  rollbackUpdate,
} from '../../../replay/rollback-target.ts';
import type { ChuteRequest } from '../../core/events.ts';
import { type CommandModule, textOf } from '../command.ts';
import { confirm } from '../confirm.ts';
import type { Context } from '../context.ts';
import { EXIT, usageError } from '../exit-code.ts';
import { print } from '../output.ts';
import { planRequest } from '../plan-request.ts';
import { planText, planValue } from '../plan-text.ts';
import { needReplay } from '../reader.ts';
import { addRequestOptions, askedFor, type RequestOptions } from '../request.ts';
import { findTaken, runUpdate, withOutcome } from '../run-update.ts';

type RollbackOptions = RequestOptions & {
  readonly to?: string;
  readonly preview?: true;
  readonly detach?: true;
};

/** `ripcord rollback [CHUTE|uN]`. */
export const rollback: CommandModule = {
  configure(command) {
    command.argument('[what]', 'a chute, or an update to take back; default: the newest one');
    addRequestOptions(command);
    command
      .option('--to <ref>', 'back to how a chute was then')
      .option('--preview', 'show the plan, change nothing')
      .option('--detach', 'return as soon as the update is taken');
  },
  async run(context, { args: [what], options }) {
    const asked = options as RollbackOptions;
    return await withOutcome(context, async () => {
      const replay = await needReplay(context);
      return await rollBack(context, replay, { what: textOf(what), options: asked });
    });
  },
};

async function rollBack(
  context: Context,
  replay: Replay,
  { what, options }: { readonly what: string | null; readonly options: RollbackOptions },
): Promise<number> {
  const targets = await targetsOf(replay, what, options.to);
  const back = options.to ?? `${targets[0]?.takesBack ?? ''}^`;
  const asked = askedFor(
    targets.map(requestOf),
    { ...options, allowDowngrade: true },
    {
      rollbackTo: back,
    },
  );
  const planned = planRequest(context.root, replay.state, asked);
  if (options.preview) {
    await print(context, planValue(planned), () => planText(context, planned, 'normal') + LASTING);
    return 'refusals' in planned ? EXIT.refused : EXIT.ok;
  }
  if ('plan' in planned) {
    if (!context.quiet) context.terminal.err(planText(context, planned, 'normal') + LASTING);
    const words = what === null ? 'rollback' : `rollback ${what}`;
    if (!(await confirm(context, `Go back to ${back}?`, words))) return EXIT.usage;
  }
  return await runUpdate(context, {
    chutes: targets.map(({ chute }) => chute),
    detach: options.detach ?? false,
    begin: async (access) => access.ask(asked),
    recover: async () => findTaken(context, asked, replay.head.seq),
  });
}

const LASTING = 'Cannot be undone: what chutes wrote to their volumes, and migrations.\n';

function requestOf({ chute, operation, definition, sources }: RollbackTarget): ChuteRequest {
  return { chute, operation, definition, sources };
}

async function targetsOf(
  replay: Replay,
  what: string | null,
  to: string | undefined,
): Promise<readonly RollbackTarget[]> {
  if (what !== null && /^u[1-9]\d*$/.test(what)) {
    if (to === undefined) return await rollbackUpdate(replay, what);
    throw usageError(
      'cannot use --to with an update: it names its point in time itself',
      'name a chute',
    );
  }
  if (what !== null) return [await rollbackChute(replay, what, to === undefined ? {} : { to })];
  const newest = (await replay.chronicle()).updates.findLast(
    ({ outcome }) => outcome === 'committed',
  );
  if (!newest || to !== undefined)
    throw usageError('cannot roll back: name a chute or an update', 'ripcord log');
  return await rollbackUpdate(replay, newest.id);
}
