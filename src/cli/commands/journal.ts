import { openReadOnly } from '../../../journal/read-only.ts';
import { resolveRef } from '../../../replay/resolve-ref.ts';
import type { ChuteEvent } from '../../core/events.ts';
import { UPCASTERS } from '../../core/upcasters.ts';
import { refuseUnusable } from '../../library/root-place.ts';
import type { CommandModule } from '../command.ts';
import type { Context } from '../context.ts';
import { EXIT, usageError } from '../exit-code.ts';
import { followEvents } from '../follow-events.ts';
import { peek } from '../reader.ts';
import { verifyJournal } from './verify.ts';

/** `ripcord journal cat|tail|verify|repair`. */
export const journal: CommandModule = {
  configure(command) {
    command
      .command('cat')
      .description('print the records, one a line, as far as they are sound')
      .option('--from <ref>', 'begin behind this record')
      .option('--to <ref>', 'end with this record');
    command
      .command('tail')
      .description('print the newest records, and with -f those that follow')
      .option('-f, --follow', 'go on as records are written')
      .option('-n, --lines <count>', 'the newest so many', '10');
    command
      .command('verify')
      .description('the same as ripcord verify')
      .option('--deep', 'also parse every record and read every blob');
    command
      .command('repair')
      .description('make a damaged journal whole on a copy; damaged files go to quarantine/')
      .option('--accept-loss', 'go on even if no record can be kept');
  },
  async run(context, { verb, options }) {
    refuseUnusable(context.root);
    switch (verb) {
      case 'tail':
        return await tail(context, options);
      case 'verify':
        return await verifyJournal(context, options['deep'] === true);
      case 'repair':
        return await (
          await import('../repair-journal.ts')
        ).repairJournal(context, options['acceptLoss'] === true);
      default:
        return await cat(context, options);
    }
  },
};

async function cat(
  context: Context,
  { from, to }: { readonly from?: string; readonly to?: string },
): Promise<number> {
  const reader = openReadOnly<ChuteEvent>(context.root, { upcasters: UPCASTERS });
  const replay = from === undefined && to === undefined ? null : await peek(context);
  const first = replay && from !== undefined ? (await resolveRef(replay, from)).seq + 1 : 1;
  const last = replay && to !== undefined ? (await resolveRef(replay, to)).seq : reader.head.seq;
  for await (const record of reader.read(first, last))
    context.terminal.out(`${JSON.stringify(record)}\n`);
  if (reader.damage === null) return EXIT.ok;
  await peek(context);
  return EXIT.damaged;
}

async function tail(context: Context, options: Readonly<Record<string, unknown>>): Promise<number> {
  const limit = Number(options['lines']);
  if (!Number.isSafeInteger(limit) || limit < 0)
    throw usageError('cannot use -n: it is no number', 'ripcord journal tail -n 20');
  const json: Context = { ...context, output: context.output === 'text' ? 'json' : context.output };
  const reader = openReadOnly<ChuteEvent>(context.root, { upcasters: UPCASTERS });
  if (options['follow'] === true) return await followEvents(json, reader, { limit });
  for await (const record of reader.read(Math.max(1, reader.head.seq - limit + 1)))
    context.terminal.out(`${JSON.stringify(record)}\n`);
  return EXIT.ok;
}
