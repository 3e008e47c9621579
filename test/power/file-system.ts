/**
 * A file system that knows of every change whether it would survive the power going: the most forgetful
 * one that POSIX allows. Bytes are durable once their file was synced, names once their directory was;
 * what was not may be there or not, change by change, in any order.
 */
import { basename, dirname } from 'node:path';

import type { Entry } from './image.ts';
import type { Data, Op } from './trace.ts';

export type FileNode = {
  readonly kind: 'file';
  readonly id: number;
  durable: Buffer;
  durableMode: number;
  /** As the program sees it. */
  now: Buffer;
  mode: number;
};
export type DirectoryNode = {
  readonly kind: 'directory';
  readonly id: number;
  readonly durable: Map<string, Node>;
  readonly now: Map<string, Node>;
};
export type LinkNode = { readonly kind: 'link'; readonly id: number; readonly target: string };
export type Node = FileNode | DirectoryNode | LinkNode;

/** A change that is not durable yet. */
export type Pending = {
  readonly id: number;
  /** Whether the program knows that it was carried out: only then does a sync cover it. */
  done: boolean;
  readonly text: string;
} & Change;

type Change =
  | {
      readonly type: 'name';
      readonly directory: DirectoryNode;
      readonly name: string;
      /** Null: the name goes. */
      readonly node: Node | null;
      /** The name it had before. */
      readonly from: { readonly directory: DirectoryNode; readonly name: string } | null;
    }
  | { readonly type: 'bytes'; readonly file: FileNode; readonly at: number; readonly bytes: Buffer }
  | { readonly type: 'size'; readonly file: FileNode; readonly length: number }
  | { readonly type: 'mode'; readonly file: FileNode; readonly mode: number };

type Opened = { readonly node: Node; position: number; readonly append: boolean };

export class FileSystem {
  #nodes = 0;
  #pending: Pending[] = [];
  readonly #syncs = new Map<number, readonly Pending[]>();
  readonly top: DirectoryNode = this.#directory();
  readonly #open = new Map<number, Opened>();
  readonly #bytesOf: (data: Data) => Buffer;

  constructor(bytesOf: (data: Data) => Buffer) {
    this.#bytesOf = bytesOf;
  }

  /** What a power cut may take, oldest first. */
  get pending(): readonly Pending[] {
    return this.#pending;
  }

  /** A file as the program sees it. */
  fileAt(path: string): FileNode | null {
    const found = this.#find(path);
    return found?.kind === 'file' ? found : null;
  }

  /** Carries out an operation as far as the program sees it. `done`: it has returned. */
  begin(id: number, op: Op, done: boolean): void {
    if (op.op === 'sync') {
      this.#beginSync(id, op.handle);
      if (done) this.#endSync(id);
      return;
    }
    const change = this.#change(op);
    if (change === null) return;
    apply(change, 'now');
    this.#pending.push({ ...change, id, done, text: textOf(op) });
  }

  end(id: number): void {
    if (this.#syncs.has(id)) return this.#endSync(id);
    for (const change of this.#pending) if (change.id === id) change.done = true;
  }

  /** Puts something durable there: the disk as it was before anything was recorded. */
  put(path: string, entry: Entry): void {
    const node: Node =
      entry.kind === 'directory'
        ? this.#directory()
        : entry.kind === 'link'
          ? { kind: 'link', id: this.#nextNode(), target: entry.target }
          : this.#file(entry.bytes, entry.mode);
    const { directory, name } = this.#place(path);
    directory.now.set(name, node);
    directory.durable.set(name, node);
  }

  /** A sync covers what had returned when it was called, and counts when it returns itself. */
  #beginSync(id: number, handle: number): void {
    const node = this.#handle(handle).node;
    const covered = this.#pending.filter((change) => change.done && isOf(change, node));
    this.#syncs.set(id, covered);
  }

  #endSync(id: number): void {
    const covered = new Set(this.#syncs.get(id));
    this.#syncs.delete(id);
    for (const [at, change] of this.#pending.entries()) {
      if (!covered.has(change)) continue;
      apply(change, 'durable');
      for (const older of this.#pending.slice(0, at))
        if (isOvertaken(older, change)) covered.add(older);
    }
    this.#pending = this.#pending.filter((change) => !covered.has(change));
  }

  #change(op: Exclude<Op, { op: 'sync' }>): Change | null {
    switch (op.op) {
      case 'open':
        return this.#openFile(op);
      case 'write': {
        const opened = this.#handle(op.handle);
        const { node: file } = opened;
        if (file.kind !== 'file') throw new Error('cannot write: it is no file');
        const bytes = this.#bytesOf(op.data);
        const at = opened.append ? file.now.length : (op.at ?? opened.position);
        if (op.at === null) opened.position = at + bytes.length;
        return { type: 'bytes', file, at, bytes };
      }
      case 'truncate':
        return { type: 'size', file: fileOf(this.#handle(op.handle).node), length: op.length };
      case 'chmod': {
        const file = this.#find(op.path);
        return file?.kind === 'file' ? { type: 'mode', file, mode: op.mode } : null;
      }
      case 'rename': {
        const node = this.#find(op.from);
        if (node === null) throw new Error(`cannot rename ${op.from}: it is not there`);
        return { type: 'name', ...this.#place(op.to), node, from: this.#place(op.from) };
      }
      case 'unlink':
        return { type: 'name', ...this.#place(op.path), node: null, from: null };
      case 'mkdir':
        if (this.#find(op.path) !== null) return null;
        return { type: 'name', ...this.#place(op.path), node: this.#directory(), from: null };
      case 'symlink': {
        const node: LinkNode = { kind: 'link', id: this.#nextNode(), target: op.target };
        return { type: 'name', ...this.#place(op.path), node, from: null };
      }
    }
  }

  #openFile(op: Extract<Op, { op: 'open' }>): Change | null {
    const found = this.#find(op.path);
    const fresh: FileNode | null =
      found === null && op.create ? this.#file(Buffer.alloc(0), op.mode & ~0o022) : null;
    const node = found ?? fresh;
    if (node === null) throw new Error(`cannot open ${op.path}: it is not there`);
    this.#open.set(op.handle, { node, position: 0, append: op.append });
    if (fresh !== null) return { type: 'name', ...this.#place(op.path), node: fresh, from: null };
    if (op.cut && node.kind === 'file' && node.now.length > 0)
      return { type: 'size', file: node, length: 0 };
    return null;
  }

  #handle(handle: number): Opened {
    const opened = this.#open.get(handle);
    if (opened === undefined) throw new Error(`cannot use handle ${handle}: it was never opened`);
    return opened;
  }

  #place(path: string): { readonly directory: DirectoryNode; readonly name: string } {
    const directory = this.#find(dirname(path));
    if (directory?.kind !== 'directory') throw new Error(`there is no directory for ${path}`);
    return { directory, name: basename(path) };
  }

  #find(path: string): Node | null {
    if (path === '.') return this.top;
    const parent = this.#find(dirname(path));
    if (parent?.kind !== 'directory') return null;
    return parent.now.get(basename(path)) ?? null;
  }

  #file(bytes: Buffer, mode: number): FileNode {
    const id = this.#nextNode();
    return { kind: 'file', id, durable: bytes, durableMode: mode, now: bytes, mode };
  }

  #directory(): DirectoryNode {
    return { kind: 'directory', id: this.#nextNode(), durable: new Map(), now: new Map() };
  }

  #nextNode(): number {
    this.#nodes += 1;
    return this.#nodes;
  }
}

/** Bytes written into others; a gap is zeros, as in a file that grew. Pure. */
export function written(into: Buffer, bytes: Buffer, at: number): Buffer {
  const result = Buffer.alloc(Math.max(into.length, at + bytes.length));
  into.copy(result);
  bytes.copy(result, at);
  return result;
}

/** Bytes as long as `length`. Pure. */
export function resized(bytes: Buffer, length: number): Buffer {
  return length <= bytes.length
    ? bytes.subarray(0, length)
    : written(bytes, Buffer.alloc(0), length);
}

/** Changes the names of directories, whichever maps of theirs are meant. */
export function applyName(
  { directory, name, node, from }: Extract<Change, { type: 'name' }>,
  entriesOf: (directory: DirectoryNode) => Map<string, Node>,
): void {
  if (from !== null) {
    const entries = entriesOf(from.directory);
    if (entries.get(from.name) === node) entries.delete(from.name);
  }
  if (node === null) entriesOf(directory).delete(name);
  else entriesOf(directory).set(name, node);
}

function apply(change: Change, where: 'now' | 'durable'): void {
  switch (change.type) {
    case 'name':
      return applyName(change, (directory) => directory[where]);
    case 'bytes':
      change.file[where] = written(change.file[where], change.bytes, change.at);
      return;
    case 'size':
      change.file[where] = resized(change.file[where], change.length);
      return;
    case 'mode':
      change.file[where === 'now' ? 'mode' : 'durableMode'] = change.mode;
  }
}

/** Whether a sync of `node` makes a change durable. */
function isOf(change: Change, node: Node): boolean {
  return change.type === 'name' ? change.directory === node : change.file === node;
}

/** Whether an older change gives a name that a rename has taken away: it cannot come behind it any more. */
function isOvertaken(older: Pending, change: Pending): boolean {
  if (older.type !== 'name' || change.type !== 'name') return false;
  const { from } = change;
  if (from === null || older.node !== change.node) return false;
  return older.directory === from.directory && older.name === from.name;
}

function fileOf(node: Node | null): FileNode {
  if (node?.kind !== 'file') throw new Error('it is no file');
  return node;
}

function textOf(op: Op): string {
  switch (op.op) {
    case 'open':
      return `create or empty ${op.path}`;
    case 'write':
      return `write ${op.data.length} bytes at ${op.at ?? 'the end'}`;
    case 'rename':
      return `rename ${op.from} to ${op.to}`;
    case 'truncate':
      return `cut to ${op.length} bytes`;
    case 'sync':
      return 'sync';
    default:
      return `${op.op} ${op.path}`;
  }
}
