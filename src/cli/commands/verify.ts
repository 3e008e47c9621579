import { type Verification, verifyRoot } from '../../../journal/verify.ts';
import { refuseUnusable } from '../../library/root-place.ts';
import type { CommandModule } from '../command.ts';
import type { Context } from '../context.ts';
import { EXIT } from '../exit-code.ts';
import { print } from '../output.ts';

/** `ripcord verify`. Never writes. */
export const verify: CommandModule = {
  configure(command) {
    command.option('--deep', 'also parse every record and read every blob');
  },
  async run(context, { options }) {
    return await verifyJournal(context, options['deep'] === true);
  },
};

/** Checks the journal and prints what was found; exit 9 when it is damaged. */
export async function verifyJournal(context: Context, deep: boolean): Promise<number> {
  refuseUnusable(context.root);
  const found = await verifyRoot(context.root, { deep });
  const { ok, events, head, problems } = found;
  await print(context, { ok, events, head, problems }, () => verifyText(context, found));
  return ok ? EXIT.ok : EXIT.damaged;
}

function verifyText({ terminal, rootFlag }: Context, found: Verification): string {
  const { ok, events, head, problems, torn } = found;
  const { symbols, green, red } = terminal;
  const cut = torn
    ? `  ${torn.bytes} bytes of an unfinished write at the end; the next writer cuts them\n`
    : '';
  if (ok)
    return `${green(symbols.done)} ${events} events, chain ok, head @${head.seq} ${head.hash.slice(0, 12)}\n${cut}`;
  const lines = problems.map(({ seq, file, offset, code, message }) => {
    const place = `${file}${offset === null ? '' : ` offset ${offset}`}`;
    return `  ${seq === null ? place : `@${seq} ${place}`}: ${message} (${code})\n`;
  });
  return [
    `${red(symbols.failed)} the journal is damaged; sound up to @${head.seq}\n`,
    ...lines,
    cut,
    `ripcord journal repair${rootFlag}\n`,
  ].join('');
}
