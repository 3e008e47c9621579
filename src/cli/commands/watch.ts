import type { Replay } from '../../../replay/replay.ts';
import { resolveRef, updateNamed } from '../../../replay/resolve-ref.ts';
import { unfinishedOf } from '../../engine/lanes.ts';
import { UNCHANGED } from '../../engine/outcome.ts';
import { type CommandModule, textOf } from '../command.ts';
import { EXIT } from '../exit-code.ts';
import { outcomeLine } from '../outcome-text.ts';
import { peek } from '../reader.ts';
import { runUpdate, tellEnded } from '../run-update.ts';
import { updateIdOf } from '../update-id.ts';

/** `ripcord watch [uN]`: follows an update to its end, and tells how it ended when it has. */
export const watch: CommandModule = {
  configure(command) {
    command
      .argument('[update]', 'default: the oldest that is on its way, else the newest')
      .option('--from <ref>', 'begin behind this record');
  },
  async run(context, { args: [ref], options }) {
    const replay = await peek(context);
    const named = textOf(ref);
    const id = named === null ? replay && (await defaultId(replay)) : updateIdOf(named);
    if (replay === null || id === null) {
      context.terminal.out(context.output === 'text' ? 'No updates.\n' : outcomeLine(UNCHANGED));
      return EXIT.ok;
    }
    const { from } = options as { readonly from?: string };
    const after = from === undefined ? 0 : (await resolveRef(replay, from)).seq;
    await updateNamed(replay, id);
    const goesOn = unfinishedOf(id, replay.state).some(({ phase }) => phase !== 'stuck');
    if (!goesOn) return await tellEnded(context, replay, { id, after });
    return await runUpdate(context, {
      chutes: [],
      after,
      joins: true,
      looksOn: true,
      begin: async () => ({ update: id }),
    });
  },
};

async function defaultId(replay: Replay): Promise<string | null> {
  const [oldest] = Object.values(replay.state.updates).toSorted((a, b) => a.seq - b.seq);
  if (oldest) return oldest.id;
  return (await replay.chronicle()).updates.at(-1)?.id ?? null;
}
