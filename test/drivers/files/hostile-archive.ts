import { gzipSync } from 'node:zlib';

import { Header, type HeaderData } from 'tar';

/** One entry of an archive that no well-meaning program would write. */
export type Entry = HeaderData & { readonly path: string; readonly content?: string };

const BLOCK = 512;

/** A tar archive with exactly these entries, whatever they are. */
export function archiveOf(entries: readonly Entry[]): Buffer {
  const blocks = entries.flatMap(({ content = '', ...data }) => {
    const body = Buffer.from(content);
    const header = new Header({ type: 'File', mode: 0o644, size: body.length, ...data });
    const block = Buffer.alloc(BLOCK);
    header.encode(block);
    const padding = Buffer.alloc((BLOCK - (body.length % BLOCK)) % BLOCK);
    return [block, body, padding];
  });
  return Buffer.concat([...blocks, Buffer.alloc(2 * BLOCK)]);
}

/** The same, compressed. */
export function gzipped(entries: readonly Entry[]): Buffer {
  return gzipSync(archiveOf(entries));
}
