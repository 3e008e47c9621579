import type { Replay } from '../../../replay/replay.ts';
import {
  type RollbackTarget,
  rollbackChute,
  rollbackHost,
  rollbackUpdate,
} from '../../../replay/rollback-target.ts';
import type { UpdateSummary } from '../../../replay/update-summary.ts';
import type { ChuteRequest, HostRequest } from '../../core/events.ts';
import { HOST } from '../../core/host-config/document.ts';
import { subjectsOf } from '../../core/subjects.ts';
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
  const { targets, host, takesBack } = await targetsOf(replay, what, options.to);
  const back = options.to ?? `${takesBack}^`;
  const asked = askedFor(
    { chutes: targets.map(requestOf), ...(host && { host }) },
    { ...options, allowDowngrade: true },
    {
      rollbackTo: back,
    },
  );
  const planned = await planRequest(context.root, replay.state, asked);
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
    chutes: subjectsOf(asked).map(({ chute }) => chute),
    detach: options.detach ?? false,
    begin: async (access) => access.ask(asked),
    recover: async () => findTaken(context, asked, replay.head.seq),
  });
}

const LASTING = 'Cannot be undone: what chutes wrote to their volumes, and migrations.\n';

function requestOf({ chute, operation, definition, sources }: RollbackTarget): ChuteRequest {
  return { chute, operation, definition, sources };
}

/** What goes back, and the update that is taken back by it. */
type Targets = {
  readonly targets: readonly RollbackTarget[];
  readonly host: HostRequest | null;
  readonly takesBack: string;
};

async function targetsOf(
  replay: Replay,
  what: string | null,
  to: string | undefined,
): Promise<Targets> {
  if (what !== null && /^u[1-9]\d*$/.test(what)) {
    if (to === undefined) return await targetsOfUpdate(replay, what);
    throw usageError(
      'cannot use --to with an update: it names its point in time itself',
      'name a chute',
    );
  }
  if (what === HOST) return await targetsOfHost(replay, to);
  if (what !== null) {
    const target = await rollbackChute(replay, what, to === undefined ? {} : { to });
    return { targets: [target], host: null, takesBack: target.takesBack ?? '' };
  }
  const newest = await newestCommitted(replay, () => true);
  if (!newest || to !== undefined)
    throw usageError('cannot roll back: name a chute or an update', 'ripcord log');
  return await targetsOfUpdate(replay, newest);
}

async function targetsOfUpdate(replay: Replay, update: string): Promise<Targets> {
  const targets = await rollbackUpdate(replay, update);
  return { targets, host: await rollbackHost(replay, { update }), takesBack: update };
}

async function targetsOfHost(replay: Replay, to: string | undefined): Promise<Targets> {
  if (to !== undefined)
    return { targets: [], host: await rollbackHost(replay, { ref: to }), takesBack: '' };
  const update = await newestCommitted(replay, ({ chutes }) => chutes.includes(HOST));
  if (update === null)
    throw usageError(
      'cannot roll back the host configuration: no committed update has changed it',
      'ripcord log --chute @host',
    );
  return { targets: [], host: await rollbackHost(replay, { update }), takesBack: update };
}

async function newestCommitted(
  replay: Replay,
  isMeant: (update: UpdateSummary) => boolean,
): Promise<string | null> {
  const { updates } = await replay.chronicle();
  const found = updates.findLast((each) => each.outcome === 'committed' && isMeant(each));
  return found?.id ?? null;
}
