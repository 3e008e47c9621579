/**
 * What a recorded program did to the disk, and what it told, in the order in which it did it. One JSON
 * line each; bytes lie in a file of their own beside it.
 */
import { readFileSync } from 'node:fs';

/** Bytes that were written: a place in the file beside the trace, or one byte many times. */
export type Data =
  | { readonly from: number; readonly length: number }
  | { readonly fill: number; readonly length: number };

/** One change of the disk, or one sync. Paths are relative to the recorded directory. */
export type Op =
  | {
      readonly op: 'open';
      readonly path: string;
      readonly handle: number;
      readonly create: boolean;
      readonly cut: boolean;
      readonly append: boolean;
      readonly mode: number;
    }
  | {
      readonly op: 'write';
      readonly handle: number;
      readonly at: number | null;
      readonly data: Data;
    }
  | { readonly op: 'truncate'; readonly handle: number; readonly length: number }
  | { readonly op: 'chmod'; readonly path: string; readonly mode: number }
  | { readonly op: 'sync'; readonly handle: number }
  | { readonly op: 'rename'; readonly from: string; readonly to: string }
  | { readonly op: 'unlink'; readonly path: string }
  | { readonly op: 'mkdir'; readonly path: string; readonly mode: number }
  | { readonly op: 'symlink'; readonly path: string; readonly target: string };

/**
 * `begin` and `end`: an operation in the thread pool, which may be on disk from the one on and is known
 * to have been carried out only from the other on. `done`: both at once.
 */
export type Line =
  | { readonly k: 'run'; readonly args: readonly string[] }
  | { readonly k: 'done' | 'begin'; readonly id: number; readonly op: Op }
  | { readonly k: 'end'; readonly id: number; readonly ok: boolean }
  | { readonly k: 'told'; readonly text: string };

export type Trace = {
  readonly lines: readonly Line[];
  /** The bytes that an operation wrote. */
  bytesOf(data: Data): Buffer;
};

/** Where the bytes of a trace are kept. */
export function dataPath(trace: string): string {
  return `${trace}.data`;
}

/** Reads a trace; operations that failed are left out. */
export function readTrace(path: string): Trace {
  const all = readFileSync(path, 'utf8')
    .split('\n')
    .filter((text) => text !== '')
    .map((text) => JSON.parse(text) as Line);
  const failed = new Set(all.flatMap((line) => (line.k === 'end' && !line.ok ? [line.id] : [])));
  const data = readFileSync(dataPath(path));
  return {
    lines: all.filter((line) => !('id' in line) || !failed.has(line.id)),
    bytesOf: (at) =>
      'fill' in at ? Buffer.alloc(at.length, at.fill) : data.subarray(at.from, at.from + at.length),
  };
}
