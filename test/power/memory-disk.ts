import { dirname, relative } from 'node:path';

import type { Disk } from '../../journal/disk.ts';
import { resized, written } from './file-system.ts';
import type { Entry, Image } from './image.ts';

/** Where an image is mounted for what reads it through a `Disk`, and its root. */
const MOUNT = '/power-cut';
export const ROOT: string = `${MOUNT}/root`;

/** An image as a disk to go on with; the image itself stays as it is. */
export class MemoryDisk implements Disk {
  readonly #entries: Map<string, Entry>;
  readonly #open = new Map<number, string>();
  #descriptors = 100;

  constructor(image: Image) {
    this.#entries = new Map(image);
  }

  get image(): Image {
    return this.#entries;
  }

  openSync(path: string, flags: string): number {
    const at = keyOf(path);
    const found = this.#entries.get(at);
    if (found?.kind === 'directory') throw errno('EISDIR', path);
    if (found === undefined && !flags.startsWith('w')) throw errno('ENOENT', path);
    if (found === undefined || flags.startsWith('w')) {
      if (!this.#isDirectory(dirname(at))) throw errno('ENOENT', path);
      this.#entries.set(at, { kind: 'file', bytes: Buffer.alloc(0), mode: 0o644 });
    }
    this.#descriptors += 1;
    this.#open.set(this.#descriptors, at);
    return this.#descriptors;
  }

  closeSync(descriptor: number): void {
    this.#open.delete(descriptor);
  }

  writeSync(descriptor: number, bytes: Uint8Array, position: number): number {
    this.#change(descriptor, (before) => written(before, Buffer.from(bytes), position));
    return bytes.length;
  }

  readSync(descriptor: number, bytes: Uint8Array, position: number): number {
    const { bytes: all } = this.#file(this.#open.get(descriptor) ?? '');
    const found = all.subarray(position, position + bytes.length);
    bytes.set(found);
    return found.length;
  }

  fdatasyncSync(): void {}
  fsyncSync(): void {}
  syncDirSync(path: string): void {
    if (!this.#isDirectory(keyOf(path))) throw errno('ENOENT', path);
  }

  ftruncateSync(descriptor: number, length: number): void {
    this.#change(descriptor, (before) => resized(before, length));
  }

  sizeSync(path: string): number | null {
    const found = this.#entries.get(keyOf(path));
    if (found === undefined) return null;
    return found.kind === 'file' ? found.bytes.length : 0;
  }

  async writeAndSync(descriptor: number, bytes: Uint8Array, position: number): Promise<void> {
    this.writeSync(descriptor, bytes, position);
  }

  renameSync(from: string, to: string): void {
    const found = this.#entries.get(keyOf(from));
    if (found === undefined) throw errno('ENOENT', from);
    this.#entries.delete(keyOf(from));
    this.#entries.set(keyOf(to), found);
  }

  unlinkSync(path: string): void {
    if (!this.#entries.delete(keyOf(path))) throw errno('ENOENT', path);
  }

  mkdirSync(path: string): void {
    if (this.#entries.has(keyOf(path))) throw errno('EEXIST', path);
    this.#entries.set(keyOf(path), { kind: 'directory' });
  }

  readdirSync(path: string): readonly string[] {
    const at = keyOf(path);
    if (!this.#isDirectory(at)) throw errno('ENOENT', path);
    return [...this.#entries.keys()]
      .filter((each) => dirname(each) === at)
      .map((each) => each.slice(at.length + 1));
  }

  #isDirectory(path: string): boolean {
    return path === '.' || this.#entries.get(path)?.kind === 'directory';
  }

  #change(descriptor: number, change: (before: Buffer) => Buffer): void {
    const path = this.#open.get(descriptor) ?? '';
    const file = this.#file(path);
    this.#entries.set(path, { ...file, bytes: change(file.bytes) });
  }

  #file(path: string): Extract<Entry, { kind: 'file' }> {
    const found = this.#entries.get(path);
    if (found?.kind !== 'file') throw errno('EBADF', path);
    return found;
  }
}

function keyOf(path: string): string {
  return relative(MOUNT, path) || '.';
}

function errno(code: string, path: string): Error {
  return Object.assign(new Error(`${code}: ${path}`), { code });
}
