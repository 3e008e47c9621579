import { Option } from 'commander';

import { sha256 } from '../../../journal/chain.ts';
import { resolveRef } from '../../../replay/resolve-ref.ts';
import { stateHash } from '../../core/applied.ts';
import { HOST } from '../../core/host-config/document.ts';
import { NEW_STATE } from '../../core/state.ts';
import type { AccessOptions } from '../access.ts';
import { type CommandModule, textsOf } from '../command.ts';
import { confirm } from '../confirm.ts';
import type { Context } from '../context.ts';
import { EXIT, usageError } from '../exit-code.ts';
import { lanePlansText, planLanes } from '../plan-lanes.ts';
import { planRequest } from '../plan-request.ts';
import { planText } from '../plan-text.ts';
import { lookBack, needReplay, peek } from '../reader.ts';
import {
  addRequestOptions,
  askedFor,
  type ReadFile,
  readDefinitions,
  refuseMovedBase,
  type RequestOptions,
  requestsFor,
  withRequestId,
} from '../request.ts';
import { findTaken, runUpdate, withOutcome } from '../run-update.ts';

type ApplyOptions = RequestOptions &
  Pick<AccessOptions, 'runtime' | 'host'> & {
    readonly atomic?: true;
    readonly perChute?: true;
    readonly detach?: true;
    readonly dryRun?: true;
    readonly ifBase?: string;
  };

/** `ripcord apply [FILE…|DIR|-]`. */
export const apply: CommandModule = {
  configure(command) {
    command.argument('[file...]', 'definitions, directories with one, or - for standard input');
    addRequestOptions(command);
    command
      .option('--strict', 'unknown fields and changed content without a new version are errors')
      .option('--allow-downgrade', 'take a lower version than the installed one')
      .option('--if-base <ref>', 'refuse (8) unless the device is as it was then')
      .option('--atomic', 'all chutes get through, or none (the default)')
      .option('--per-chute', 'each chute gets through, or is rolled back, on its own')
      .option('--detach', 'return as soon as the update is taken')
      .option('--dry-run', 'the same as ripcord plan')
      .addOption(
        new Option('--runtime <name>', 'how services run; for a new root').choices([
          'process',
          'docker',
        ]),
      )
      .addOption(
        new Option('--host <name>', 'how the host is configured; for a new root').choices([
          'render',
          'linux',
          'uci',
        ]),
      );
  },
  async run(context, { args: [files], options }) {
    const given = textsOf(files).length > 0 ? textsOf(files) : ['.'];
    const asked = options as ApplyOptions;
    if (asked.atomic && asked.perChute)
      throw usageError(
        'cannot apply with --atomic and --per-chute: they contradict each other',
        'leave one of them out',
      );
    if (asked.dryRun) {
      const { plan } = await import('./plan.ts');
      return await plan.run(context, { args: [given], options, verb: null });
    }
    return await withOutcome(context, async () => await applyFiles(context, given, asked));
  },
};

async function applyFiles(
  context: Context,
  files: readonly string[],
  given: ApplyOptions,
): Promise<number> {
  const read = await readDefinitions(context, files, given.strict ?? false);
  const options = withRequestId(given, read);
  if (!context.yes && !(await agreed(context, read, options, files))) return EXIT.usage;
  const base = options.ifBase === undefined ? null : await baseOf(context, options.ifBase);
  const since = (await peek(context))?.head.seq ?? 0;
  const asking = async () => ({
    ...askedFor(await requestsFor(context, read, { store: true }), options),
    ...(options.perChute && { perChute: true }),
  });
  return await runUpdate(context, {
    create: true,
    ...(options.runtime && { runtime: options.runtime }),
    ...(options.host && { host: options.host }),
    detach: options.detach ?? false,
    chutes: read.map((each) => ('host' in each ? HOST : each.definition.name)),
    begin: async (access) => {
      if (base !== null) {
        const replay = await needReplay(context);
        refuseMovedBase(replay.state, base, options.ifBase ?? '');
      }
      return await access.ask(await asking(), base ?? undefined);
    },
    recover: async () => findTaken(context, await asking(), since),
  });
}

async function baseOf(context: Context, ref: string): Promise<string> {
  const replay = await needReplay(context);
  const { seq } = await resolveRef(replay, ref);
  return stateHash((await replay.stateAt(seq)).applied, sha256);
}

/** Shows the plan and asks; there is nothing to ask when nothing changes. */
async function agreed(
  context: Context,
  read: readonly ReadFile[],
  options: ApplyOptions,
  files: readonly string[],
): Promise<boolean> {
  const command = `apply ${files.join(' ')}`;
  const replay = await lookBack(context);
  // Before there is a root everything changes: that needs no plan to be refused.
  if (replay === null && !context.interactive)
    return await confirm(context, 'Apply this plan?', command);
  const wanted = await requestsFor(context, read, { store: false });
  const asked = askedFor(wanted, options);
  const state = replay?.state ?? NEW_STATE;
  if (options.perChute && read.length > 1) {
    const lanes = await planLanes(context.root, state, { asked });
    // One that is refused stops no other.
    if (!lanes.some(({ planned }) => 'plan' in planned)) return true;
    if (context.interactive) context.terminal.err(lanePlansText(context, lanes, 'normal'));
    return await confirm(context, 'Apply these plans?', `${command} --per-chute`);
  }
  const planned = await planRequest(context.root, state, asked);
  if ('refusals' in planned || 'unchanged' in planned) return true;
  if (context.interactive && 'plan' in planned)
    context.terminal.err(planText(context, planned, 'normal'));
  return await confirm(context, 'Apply this plan?', command);
}
