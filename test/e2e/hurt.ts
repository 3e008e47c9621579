import { hash } from 'node:crypto';
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** A record in the log of a root, and where it lies. */
export type Line = {
  readonly seq: number;
  readonly type: string;
  /** Relative to the root. */
  readonly file: string;
  readonly offset: number;
  readonly length: number;
};

/** The segments of a root, oldest first, by their paths in it. */
export function segmentsOf(root: string): readonly string[] {
  return readdirSync(join(root, 'log'))
    .filter((name) => name.endsWith('.ndjson'))
    .toSorted()
    .map((name) => join('log', name));
}

/** Every record in the log of a root. */
export function linesOf(root: string): readonly Line[] {
  return segmentsOf(root).flatMap((file) => {
    const lines: Line[] = [];
    let offset = 0;
    for (const text of readFileSync(join(root, file), 'latin1').split('\n')) {
      if (text !== '') {
        const { seq, type } = JSON.parse(text) as Pick<Line, 'seq' | 'type'>;
        lines.push({ seq, type, file, offset, length: text.length });
      }
      offset += text.length + 1;
    }
    return lines;
  });
}

/** Writes the only segment of a root anew with other records, each hashed as a writer would. */
export function rechain(
  root: string,
  change: (record: Readonly<Record<string, unknown>>) => Readonly<Record<string, unknown>>,
): void {
  const [file = ''] = segmentsOf(root);
  let prev = '0'.repeat(64);
  alter(join(root, file), (bytes) => {
    const lines = bytes
      .toString('utf8')
      .split('\n')
      .filter((line) => line !== '');
    const fresh = lines.map((line) => {
      const { hash: _hash, ...record } = JSON.parse(line) as Record<string, unknown>;
      const open = JSON.stringify({ ...change(record), prev }).slice(0, -1);
      prev = hash('sha256', open);
      return `${open},"hash":"${prev}"}`;
    });
    return Buffer.from(fresh.join('\n').padEnd(bytes.length, '\n'));
  });
  rmSync(join(root, 'HEAD'));
}

/** Changes bytes of a file in place, as rot does: size and place stay. */
export function alter(path: string, change: (bytes: Buffer) => Uint8Array | void): void {
  const bytes = readFileSync(path);
  writeFileSync(path, change(bytes) ?? bytes);
}

/** Flips one bit. */
export function flip(path: string, offset: number, bit = 0): void {
  alter(path, (bytes) => {
    bytes[offset] = (bytes[offset] ?? 0) ^ (1 << bit);
  });
}
