import { readFile } from 'node:fs/promises';
import { text as textOf } from 'node:stream/consumers';

import { codeOf, RipcordError } from '../core/errors.ts';
import type { HostFacts } from '../core/facts.ts';

/**
 * The facts of another host, for planning on paper: YAML or JSON in the form of `host.observed`, as
 * `doctor -o json` prints them; `-` is standard input. What it leaves out is as on a host without
 * anything.
 *
 * Throws RIPCORD_USAGE_INVALID with file, line and column of everything that is wrong.
 */
export async function readFacts(argument: string): Promise<HostFacts> {
  const file = argument === '-' ? 'stdin' : argument;
  const text = argument === '-' ? await textOf(process.stdin) : await textIn(file);
  const { complaintText, pointer } = await import('../core/definition/complaint.ts');
  const { readYaml } = await import('../core/definition/read-yaml.ts');
  const { parseFacts } = await import('../core/facts-schema.ts');
  const { located, report } = readYaml(text, file);
  if (report.complaints.length > 0) throw wrong(file, report.complaints.map(complaintText));
  const read = parseFacts(located.value);
  if ('facts' in read) return read.facts;
  const complaints = read.wrong.map(({ path, spot, message }) => ({
    ...({ code: 'value-invalid', message, path: pointer(...path), file, hint: null } as const),
    ...(located.placeOf(pointer(...path), spot) ?? { line: null, col: null }),
  }));
  throw wrong(file, complaints.map(complaintText));
}

async function textIn(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    const reason = REASONS[codeOf(error) ?? ''] ?? 'it cannot be read';
    throw wrong(file, [reason]);
  }
}

const REASONS: Readonly<Record<string, string>> = {
  EACCES: 'permission denied',
  EISDIR: 'it is a directory',
  ENOENT: 'no such file',
};

function wrong(file: string, reasons: readonly string[]): RipcordError {
  const [first, ...more] = reasons;
  const rest = more.length === 0 ? '' : `; and ${more.join('; ')}`;
  return new RipcordError('RIPCORD_USAGE_INVALID', `cannot use facts of ${file}: ${first}${rest}`, {
    hint: 'ripcord doctor -o json prints the facts of this host; docs/examples/facts has others',
  });
}
