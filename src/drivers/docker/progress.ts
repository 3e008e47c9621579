import { EngineError } from './engine-error.ts';

/** One line of what the engine tells while it builds, pulls or loads. */
export type Progress = {
  readonly stream?: string;
  readonly status?: string;
  readonly aux?: { readonly ID?: string };
};

type Line = Progress & {
  readonly error?: string;
  readonly errorDetail?: { readonly message?: string };
};

const LINE_BYTES_MAX = 1024 * 1024;

/**
 * What a long call tells, line by line, to its end. The engine answers 200 before it begins, so a
 * failure is one of the lines.
 *
 * Throws EngineError `refused` with what went wrong when a line says so.
 */
export async function* progressOf(
  bytes: AsyncIterable<Buffer>,
): AsyncGenerator<Progress, void, undefined> {
  for await (const text of linesOf(bytes)) {
    const line = parse(text);
    const error = line.errorDetail?.message ?? line.error;
    if (error !== undefined) throw new EngineError('refused', error.trim(), { status: 200 });
    yield line;
  }
}

function parse(text: string): Line {
  try {
    return JSON.parse(text) as Line;
  } catch (error) {
    throw new EngineError('unknown', `it said what is no JSON: ${text.slice(0, 200)}`, {
      cause: error,
    });
  }
}

async function* linesOf(bytes: AsyncIterable<Buffer>): AsyncGenerator<string, void, undefined> {
  let left = Buffer.alloc(0);
  for await (const chunk of bytes) {
    left = Buffer.concat([left, chunk]);
    for (let end = left.indexOf(10); end !== -1; end = left.indexOf(10)) {
      const line = left.subarray(0, end).toString('utf8').trim();
      left = left.subarray(end + 1);
      if (line !== '') yield line;
    }
    if (left.length > LINE_BYTES_MAX) throw new EngineError('unknown', 'it said a line too long');
  }
  const last = left.toString('utf8').trim();
  if (last !== '') yield last;
}
