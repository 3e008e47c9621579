import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { DriverOf, StepContext } from '../../core/driver.ts';
import { RipcordError } from '../../core/errors.ts';
import { secretsIn } from '../../core/render/tokens.ts';
import type { CheckedFile } from '../../core/step.ts';
import { exec } from '../exec.ts';
import { hidingValues } from '../hide-secrets.ts';
import { filled, shallHold } from './config-file.ts';

const TOOL_MS = 10_000;
const OUTPUT_BYTES_MAX = 8192;

/** How each tool is asked to look at a file and do nothing. */
const COMMANDS: Readonly<Record<CheckedFile['tool'], (file: string) => readonly string[]>> = {
  nft: (file) => ['nft', '-c', '-f', file],
  dnsmasq: (file) => ['dnsmasq', '--test', '-C', file],
};

/** Said by a tool that may not look, which says nothing about the file. */
const MAY_NOT = /operation not permitted|permission denied/i;

/**
 * Has the real tools look at the files of a plan before any of them is written, so that a bad one is
 * refused while the old configuration runs. A tool that is not installed says nothing, and that is
 * recorded. Throws RIPCORD_STEP_FAILED with the tool's own words.
 */
export const configCheck: DriverOf<'config.check@1'> = {
  effect: false,

  async run(context, args) {
    context.signal.throwIfAborted();
    const directory = await mkdtemp(join(tmpdir(), 'ripcord-check-'));
    try {
      const answers: Record<string, string> = {};
      for (const file of args.files) answers[file.path] = await check(context, directory, file);
      return { result: { answers } };
    } finally {
      await rm(directory, { recursive: true, force: true });
    }
  },
};

async function check(context: StepContext, directory: string, file: CheckedFile): Promise<string> {
  const path = join(directory, 'file');
  const text = shallHold(context, file) ?? '';
  await writeFile(path, await filled(context, text), { mode: 0o600 });
  const argv = COMMANDS[file.tool](path);
  const { code, how, output } = await exec({
    argv,
    directory,
    environment: { PATH: process.env['PATH'] ?? '', LANG: 'C' },
    signal: context.signal,
    timeoutMs: TOOL_MS,
    outputBytesMax: OUTPUT_BYTES_MAX,
  });
  if (code === 0) return `${file.tool} finds nothing wrong`;
  if (how === 'not found') return `not checked: ${file.tool} is not installed`;
  const secrets = secretsIn(text).map((name) => context.secret({ $secret: name }));
  const hide = hidingValues(await Promise.all(secrets));
  const said = hide(output.replaceAll(path, file.path).trim());
  if (MAY_NOT.test(said)) return `not checked: ${file.tool} may not be asked by this user`;
  const reason = said === '' ? how : said;
  throw new RipcordError(
    'RIPCORD_STEP_FAILED',
    `cannot use ${file.path}: ${file.tool} says ${reason}`,
  );
}
