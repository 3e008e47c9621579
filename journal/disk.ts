/**
 * The few file operations that durability depends on, as one narrow port: the real one is `node:fs`,
 * tests put a disk behind it that fails on the Nth call or forgets what was not synced.
 *
 * Everything the journal writes goes through it. Synchronous calls are used by the flush on the event
 * loop, asynchronous ones where a slow device must not block it.
 */
export interface Disk {
  openSync(path: string, flags: string, mode?: number): number;
  closeSync(fd: number): void;
  writeSync(fd: number, bytes: Uint8Array, position: number): number;
  readSync(fd: number, bytes: Uint8Array, position: number): number;
  fdatasyncSync(fd: number): void;
  fsyncSync(fd: number): void;
  ftruncateSync(fd: number, length: number): void;
  sizeSync(path: string): number | null;
  /** Write then fdatasync in the thread pool. */
  writeAndSync(fd: number, bytes: Uint8Array, position: number): Promise<void>;
  renameSync(from: string, to: string): void;
  unlinkSync(path: string): void;
  mkdirSync(path: string, mode?: number): void;
  readdirSync(path: string): readonly string[];
  /** fsync of a directory: makes creations, renames and removals in it durable. */
  syncDirSync(path: string): void;
}
