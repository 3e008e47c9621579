import { sha256 } from '../../../journal/chain.ts';
import { desiredHostOf, desiredOf } from '../../../replay/desired.ts';
import { withoutSecrets } from '../../../replay/diff-text.ts';
import { stateAt } from '../../../replay/timeline.ts';
import {
  type DeviceView,
  partAt,
  readableView,
  stateView,
  viewOfPlanned,
  viewOfState,
} from '../../../replay/view.ts';
import { RipcordError } from '../../core/errors.ts';
import { HOST, storedOf } from '../../core/host-config/document.ts';
import type { Json } from '../../core/json.ts';
import type { State } from '../../core/state.ts';
import { type CommandModule, textOf } from '../command.ts';
import { EXIT } from '../exit-code.ts';
import { print } from '../output.ts';
import { needReplay } from '../reader.ts';

type AtOptions = { readonly desired?: true; readonly applied?: true; readonly both?: true };

/** `ripcord at REF [PATH]`. */
export const at: CommandModule = {
  configure(command) {
    command
      .argument('<ref>', 'a point in time: u43, u43^, @1287, hello@r41, HEAD~2, -2h, a date')
      .argument('[path]', 'a part: hello.services.web.ports')
      .option('--applied', 'what was applied (the default)')
      .option('--desired', 'what was asked for')
      .option('--both', 'both');
  },
  async run(context, { args: [ref, path], options }) {
    const replay = await needReplay(context);
    const text = textOf(ref) ?? '';
    const state = await stateAt(replay, text);
    const wanted = textOf(path) ?? '';
    const asked = options as AtOptions;
    const whole = wanted === '' && Object.keys(asked).length === 0;
    const part = partOf(state, wanted, asked);
    if (part === undefined)
      throw new RipcordError('RIPCORD_REF_UNKNOWN', `cannot find ${wanted} at ${text}`, {
        hint: `ripcord at ${text}`,
      });
    const value = whole ? stateView(state, sha256) : part;
    const { stringify } = await import('yaml');
    await print(context, value, () =>
      part !== null && typeof part === 'object' && Object.keys(part).length === 0
        ? 'Nothing.\n'
        : stringify(withoutSecrets(part)),
    );
    return EXIT.ok;
  },
};

function partOf(state: State, path: string, { desired, both }: AtOptions): Json | undefined {
  const applied = (): Json | undefined => partOfView(viewOfState(state), path);
  const wanted = (): Json | undefined =>
    partOfView(viewOfPlanned(state, desiredOf(state), desiredHostOf(state)), path);
  if (both) return { applied: applied() ?? null, desired: wanted() ?? null };
  return desired ? wanted() : applied();
}

/** How the device is configured that nobody configured is told to those who ask for it only. */
function partOfView(view: DeviceView, path: string): Json | undefined {
  const { [HOST]: host = {}, ...rest } = readableView(view);
  const isSaid = path === HOST || path.startsWith(`${HOST}.`);
  const document = isSaid || storedOf(view.host) !== undefined ? { ...rest, [HOST]: host } : rest;
  return partAt(document, path);
}
