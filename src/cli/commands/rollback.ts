import type { Replay } from '../../../replay/replay.ts';
import { updateNamed } from '../../../replay/resolve-ref.ts';
import {
  type RollbackTarget,
  rollbackChute,
  rollbackHost,
  rollbackUpdate,
} from '../../../replay/rollback-target.ts';
import { storyOf } from '../../../replay/story.ts';
import type { UpdateSummary } from '../../../replay/update-summary.ts';
import type { ChuteRequest, HostRequest, RequestLane } from '../../core/events.ts';
import { HOST } from '../../core/host-config/document.ts';
import { subjectsOf } from '../../core/subjects.ts';
import type { Said } from '../../engine/asked.ts';
import { idsOf } from '../../engine/lanes.ts';
import { type CommandModule, textOf } from '../command.ts';
import { confirm } from '../confirm.ts';
import type { Context } from '../context.ts';
import { EXIT, usageError } from '../exit-code.ts';
import { print } from '../output.ts';
import { lanePlansExit, lanePlansText, lanePlansValue, planLanes } from '../plan-lanes.ts';
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
  const { targets, host, takesBack, perChute = false } = await targetsOf(replay, what, options.to);
  const back = options.to ?? `${takesBack}^`;
  const whole = askedFor(
    { chutes: targets.map(requestOf), ...(host && { host }) },
    { ...options, allowDowngrade: true },
    {
      rollbackTo: back,
    },
  );
  // What got through chute by chute goes back chute by chute.
  const asked = { ...whole, ...(perChute && { perChute }) };
  const shown = await shownPlan(context, replay, asked);
  if (options.preview) {
    await print(context, shown.value, () => shown.text + LASTING);
    return shown.exit;
  }
  if (shown.changes) {
    if (!context.quiet) context.terminal.err(shown.text + LASTING);
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

/** The plan of what goes back, or one for each chute. */
async function shownPlan(
  context: Context,
  { state }: Replay,
  asked: Said,
): Promise<{
  readonly value: object;
  readonly text: string;
  readonly exit: number;
  readonly changes: boolean;
}> {
  if (asked.perChute) {
    const lanes = await planLanes(context.root, state, { asked });
    const changes = lanes.some(({ planned }) => 'plan' in planned);
    const text = lanePlansText(context, lanes, 'normal');
    return { value: lanePlansValue(lanes), text, exit: lanePlansExit(lanes, false), changes };
  }
  const planned = await planRequest(context.root, state, asked);
  const exit = 'refusals' in planned ? EXIT.refused : EXIT.ok;
  const text = planText(context, planned, 'normal');
  return { value: planValue(planned), text, exit, changes: 'plan' in planned };
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
  readonly perChute?: boolean;
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
  return await targetsOfUpdate(replay, (await laneOf(replay, newest))?.first ?? newest);
}

const laneOf = async (replay: Replay, update: string): Promise<RequestLane | undefined> =>
  (await storyOf(replay, update)).request.lane;

/** An update that is taken back: the first of several lanes stands for all that got through. */
async function targetsOfUpdate(replay: Replay, update: string): Promise<Targets> {
  const ids = idsOf(update, await laneOf(replay, update));
  if (ids.length === 1) return await targetsOfOne(replay, update);
  const lanes = await Promise.all(ids.map(async (id) => await updateNamed(replay, id)));
  const open = lanes.find(({ outcome }) => outcome === null || outcome === 'stuck');
  const through = lanes.filter(({ outcome }) => outcome === 'committed');
  // The first one says why nothing can be taken back, or not yet.
  if (open || through.length === 0) return await targetsOfOne(replay, open?.id ?? update);
  const asked = await Promise.allSettled(
    through.map(async ({ id }) => await targetsOfOne(replay, id)),
  );
  // One that was taken back already has nothing to go back to.
  const each = asked.flatMap((lane) => (lane.status === 'fulfilled' ? [lane.value] : []));
  if (each.length === 0) return await targetsOfOne(replay, through[0]?.id ?? update);
  return {
    targets: each.flatMap(({ targets }) => targets),
    host: each.find(({ host }) => host)?.host ?? null,
    takesBack: update,
    perChute: each.length > 1,
  };
}

async function targetsOfOne(replay: Replay, update: string): Promise<Targets> {
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
