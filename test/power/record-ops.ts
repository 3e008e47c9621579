/**
 * What each call of `node:fs` does to the disk below the recorded directory, if it succeeds.
 */
import fs from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

import { type Data, dataPath, type Op } from './trace.ts';

/** What a call will do to the disk if it succeeds, in order. */
export type Plan = (args: readonly unknown[], self: unknown) => readonly Op[];

export const TRACE: string = process.env['RIPCORD_POWER_TRACE'] ?? '';
export const BASE: string = process.env['RIPCORD_POWER_BASE'] ?? '';
const ROOT = join(BASE, 'root');
const { constants } = fs;

/** The calls as they were before they were recorded. */
export const original: typeof fs = { ...fs };

const store = TRACE === '' ? -1 : original.openSync(dataPath(TRACE), 'a');
let stored = TRACE === '' ? 0 : original.fstatSync(store).size;
/** Numbers of all processes of a trace are different. */
let ids = process.pid * 1_000_000;
/** What files that are open are called in the trace: by descriptor, and by handle. */
export const handles: Map<number, number> = new Map();
export const fileHandles: WeakMap<object, number> = new WeakMap();

export function nextId(): number {
  ids += 1;
  return ids;
}

/** The path below the recorded directory; null for what is not recorded. */
export function inRoot(path: unknown): string | null {
  const text =
    path instanceof URL
      ? fileURLToPath(path)
      : Buffer.isBuffer(path)
        ? path.toString()
        : typeof path === 'string'
          ? path
          : null;
  if (text === null) return null;
  const full = resolve(text);
  if (full === BASE) return '.';
  if (full !== ROOT && !full.startsWith(`${ROOT}/`)) return null;
  const below = relative(BASE, full);
  return /^root\/(index(\/|$)|ripcord\.sock$)/.test(below) ? null : below;
}

function keep(bytes: Uint8Array): Data {
  const { length } = bytes;
  const [first = 0] = bytes;
  if (length > 64 && bytes.every((byte) => byte === first)) return { fill: first, length };
  const from = stored;
  for (let done = 0; done < length;) done += original.writeSync(store, bytes, done);
  stored += length;
  return { from, length };
}

export function bytesOf(data: unknown): Buffer {
  if (typeof data === 'string') return Buffer.from(data);
  const view = data as Uint8Array;
  return Buffer.from(view.buffer, view.byteOffset, view.byteLength);
}

function openOp(path: unknown, flags: unknown, mode: unknown): Op[] {
  const below = inRoot(path);
  if (below === null) return [];
  const number = typeof flags === 'number' ? flags : 0;
  const word = typeof flags === 'string' ? flags : flags === undefined ? 'r' : '';
  const has = (bit: number): boolean => (number & bit) !== 0;
  return [
    {
      op: 'open',
      path: below,
      handle: nextId(),
      create: /[wa]/.test(word) || has(constants.O_CREAT),
      cut: word.startsWith('w') || has(constants.O_TRUNC),
      append: word.startsWith('a') || has(constants.O_APPEND),
      mode: typeof mode === 'number' ? mode : 0o666,
    },
  ];
}

export const handleOf = (target: unknown): number | undefined =>
  typeof target === 'number' ? handles.get(target) : fileHandles.get(target as object);

/** `write(fd, buffer, offset, length, position)` in all its forms. */
function writeOp(target: unknown, args: readonly unknown[]): Op[] {
  const handle = handleOf(target);
  if (handle === undefined) return [];
  const [data, second, third, fourth] = args;
  if (typeof data === 'string')
    return [{ op: 'write', handle, at: numberOr(second), data: keep(Buffer.from(data)) }];
  const bytes = bytesOf(data);
  const named = second as { offset?: number; length?: number; position?: number } | undefined;
  const { offset, length, position } =
    typeof named === 'object' && named !== null
      ? named
      : { offset: second, length: third, position: fourth };
  const start = numberOr(offset) ?? 0;
  const end = start + (numberOr(length) ?? bytes.length - start);
  return [{ op: 'write', handle, at: numberOr(position), data: keep(bytes.subarray(start, end)) }];
}

function numberOr(value: unknown): number | null {
  return typeof value === 'number' ? value : null;
}

function syncOp(target: unknown): Op[] {
  const handle = handleOf(target);
  return handle === undefined ? [] : [{ op: 'sync', handle }];
}

function truncateOp(target: unknown, length: unknown): Op[] {
  const handle = handleOf(target);
  return handle === undefined ? [] : [{ op: 'truncate', handle, length: numberOr(length) ?? 0 }];
}

/** `writeFile` of a path: opened, written, and synced where it was asked for. */
function putOps(path: unknown, data: unknown, options: unknown, flag: string): Op[] {
  const handle = handleOf(path);
  if (handle !== undefined) return [{ op: 'write', handle, at: null, data: keep(bytesOf(data)) }];
  const asked: { flag?: string; mode?: number; flush?: boolean } | null =
    typeof options === 'object' ? options : null;
  const ops = openOp(path, asked?.flag ?? flag, asked?.mode);
  const [open] = ops;
  if (open?.op !== 'open') return [];
  const bytes = bytesOf(data);
  if (bytes.length > 0) ops.push({ op: 'write', handle: open.handle, at: null, data: keep(bytes) });
  if (asked?.flush === true) ops.push({ op: 'sync', handle: open.handle });
  return ops;
}

function mkdirOps(path: unknown, options: unknown): Op[] {
  const asked = typeof options === 'object' && options !== null ? options : { mode: options };
  const { recursive, mode } = asked as { recursive?: boolean; mode?: unknown };
  const ops: Op[] = [];
  let at = typeof path === 'string' ? resolve(path) : '';
  const make = (): void => {
    const below = inRoot(at);
    if (below !== null) ops.unshift({ op: 'mkdir', path: below, mode: numberOr(mode) ?? 0o777 });
  };
  if (recursive !== true) make();
  else for (; at !== dirname(at) && !original.existsSync(at); at = dirname(at)) make();
  return ops;
}

function unlinkOps(path: unknown): Op[] {
  const below = inRoot(path);
  return below === null ? [] : [{ op: 'unlink', path: below }];
}

/** Everything below, the deepest first. */
function removeOps(path: unknown): Op[] {
  if (inRoot(path) === null) return [];
  const full = resolve(path as string);
  const found = original.lstatSync(full, { throwIfNoEntry: false });
  if (found === undefined) return [];
  const names = found.isDirectory() ? original.readdirSync(full) : [];
  return [...names.flatMap((name) => removeOps(join(full, name))), ...unlinkOps(full)];
}

function renameOps(from: unknown, to: unknown): Op[] {
  const [one, other] = [inRoot(from), inRoot(to)];
  return one === null || other === null ? [] : [{ op: 'rename', from: one, to: other }];
}

function symlinkOps(target: unknown, path: unknown): Op[] {
  const below = inRoot(path);
  return below === null ? [] : [{ op: 'symlink', path: below, target: String(target) }];
}

function chmodOps(path: unknown, mode: unknown): Op[] {
  const below = inRoot(path);
  return below === null ? [] : [{ op: 'chmod', path: below, mode: numberOr(mode) ?? 0o666 }];
}

function copyOps(from: unknown, to: unknown): Op[] {
  if (inRoot(to) === null) return [];
  const { mode } = original.statSync(from as string);
  return putOps(to, original.readFileSync(from as string), { mode: mode & 0o777 }, 'w');
}

export const PLANS: Readonly<Record<string, Plan>> = {
  open: ([path, flags, mode]) => openOp(path, flags, mode),
  write: ([fd, ...rest]) => writeOp(fd, rest),
  writev: ([fd, buffers, at]) =>
    writeOp(fd, [Buffer.concat(buffers as Uint8Array[]), 0, undefined, at]),
  fsync: ([fd]) => syncOp(fd),
  fdatasync: ([fd]) => syncOp(fd),
  ftruncate: ([fd, length]) => truncateOp(fd, length),
  writeFile: ([path, data, options]) => putOps(path, data, options, 'w'),
  appendFile: ([path, data, options]) => putOps(path, data, options, 'a'),
  copyFile: ([from, to]) => copyOps(from, to),
  mkdir: ([path, options]) => mkdirOps(path, options),
  rename: ([from, to]) => renameOps(from, to),
  unlink: ([path]) => unlinkOps(path),
  rmdir: ([path]) => unlinkOps(path),
  rm: ([path]) => removeOps(path),
  symlink: ([target, path]) => symlinkOps(target, path),
  chmod: ([path, mode]) => chmodOps(path, mode),
};

/** Calls of the program that change the disk and are not known here: they must not go unseen. */
export const UNKNOWN: readonly string[] = [
  'link',
  'truncate',
  'cp',
  'mkdtemp',
  'lutimes',
  'fchmod',
  'createWriteStream',
];

export const OF_HANDLES: Readonly<Record<string, Plan>> = {
  write: (args, self) => writeOp(self, args),
  writev: ([buffers, at], self) =>
    writeOp(self, [Buffer.concat(buffers as Uint8Array[]), 0, undefined, at]),
  writeFile: ([data], self) => putOps(self, data, null, 'w'),
  appendFile: ([data], self) => putOps(self, data, null, 'a'),
  sync: (_args, self) => syncOp(self),
  datasync: (_args, self) => syncOp(self),
  truncate: ([length], self) => truncateOp(self, length),
};
