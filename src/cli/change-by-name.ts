import type { Command } from 'commander';

import type { ChuteRequest } from '../core/events.ts';
import type { Context } from './context.ts';
import { needReplay } from './reader.ts';
import { addRequestOptions, askedFor, type RequestOptions } from './request.ts';
import { findTaken, runUpdate, withOutcome } from './run-update.ts';

export type ByNameOptions = RequestOptions & { readonly detach?: true };

/** Adds what commands have that take the names of chutes and change them. */
export function addByName(command: Command): void {
  command.argument('<chute...>', 'names of chutes');
  addRequestOptions(command);
  command.option('--detach', 'return as soon as the update is taken');
}

/** One update for chutes that are installed: start, stop, restart or remove them. */
export async function changeByName(
  context: Context,
  chutes: readonly ChuteRequest[],
  options: ByNameOptions,
): Promise<number> {
  return await withOutcome(context, async () => {
    const since = (await needReplay(context)).head.seq;
    const asked = askedFor({ chutes }, options);
    return await runUpdate(context, {
      chutes: chutes.map(({ chute }) => chute),
      detach: options.detach ?? false,
      begin: async (access) => access.ask(asked),
      recover: async () => findTaken(context, asked, since),
    });
  });
}
