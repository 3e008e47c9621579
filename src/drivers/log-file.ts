import { closeSync, fstatSync, mkdirSync, openSync, readSync, renameSync, statSync } from 'node:fs';
import { dirname } from 'node:path';

const LOG_BYTES_MAX = 5 * 1024 * 1024;
const TAIL_BYTES_MAX = 64 * 1024;

/**
 * Opens a service's log for appending, and puts a long `S.log` aside as `S.1.log` before. Only at a start: a
 * process that writes keeps its file. The caller closes the descriptor.
 */
export function openLog(path: string): number {
  mkdirSync(dirname(path), { recursive: true });
  const before = statSync(path, { throwIfNoEntry: false });
  if (before !== undefined && before.size > LOG_BYTES_MAX) {
    renameSync(path, path.replace(/(\.log)?$/, '.1.log'));
  }
  return openSync(path, 'a', 0o640);
}

/** The last lines of a log file behind its first `from` bytes; none when there is no such file. */
export function tailLog(path: string, linesMax: number, from = 0): readonly string[] {
  let file: number;
  try {
    file = openSync(path, 'r');
  } catch {
    return [];
  }
  try {
    const { size } = fstatSync(file);
    const bytes = Buffer.alloc(Math.min(Math.max(0, size - from), TAIL_BYTES_MAX));
    const read = readSync(file, bytes, 0, bytes.length, size - bytes.length);
    const lines = bytes.subarray(0, read).toString('utf8').split('\n');
    // The first line may be cut, the last one is what follows the final newline.
    return lines
      .slice(size - from > TAIL_BYTES_MAX ? 1 : 0)
      .filter((line, index, all) => index < all.length - 1 || line !== '')
      .slice(-linesMax);
  } finally {
    closeSync(file);
  }
}
