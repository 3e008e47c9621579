/**
 * `HEAD`: a witness of where the log had got to, kept apart from it, because a chain alone cannot show
 * that its end is missing. Two slots are overwritten in turn: a torn write costs one of them.
 *
 * It is written after the flush it speaks of. So a HEAD behind the log is normal, and one ahead of it
 * means that records are lost.
 */
import { dirname } from 'node:path';

import { NEWLINE, sha256 } from './chain.ts';
import { writeAll } from './disk-node.ts';
import type { Disk } from './disk.ts';
import { readIfThere } from './durable-file.ts';
import { type Head, NO_HASH } from './record.ts';

const SLOT_BYTES = 512;
const SLOTS = 2;
/** What slots look like, by the digits of their seq; digits and letters of hashes as `shapeOf` has them. */
const SHAPES = Array.from({ length: 16 }, (_, digits) =>
  shapeOf(`{"seq":${'0'.repeat(digits + 1)},"hash":"${NO_HASH}","sum":"${NO_HASH}"}`),
);

/** Makes an empty witness. The caller syncs the directory. */
export function createHeadFile(disk: Disk, path: string): void {
  const fd = disk.openSync(path, 'w');
  try {
    writeAll(disk, fd, Buffer.alloc(SLOT_BYTES * SLOTS, NEWLINE), 0);
    disk.fsyncSync(fd);
  } finally {
    disk.closeSync(fd);
  }
}

/** The furthest point that was witnessed, or null where there is no readable witness. */
export function readHead(disk: Disk, path: string): Head | null {
  const slots = readSlots(disk, path).filter((slot) => slot !== null);
  return slots.toSorted((one, other) => other.seq - one.seq)[0] ?? null;
}

/**
 * Whether a HEAD without a readable witness is as it was made, or as a power cut in its very first write
 * leaves it: one slot begun, the other free. Anything else was written and has changed since.
 */
export function isUnwitnessed(disk: Disk, path: string): boolean {
  const bytes = readIfThere(disk, path);
  if (bytes?.length !== SLOT_BYTES * SLOTS) return false;
  const texts = halvesOf(bytes).map((half) => half.toString('latin1').replace(/\n+$/, ''));
  return texts.includes('') && texts.every(isBeginning);
}

/** Witnesses `head` in the slot that is behind. On disk on return. Safe to repeat. */
export function writeHead(disk: Disk, path: string, head: Head): void {
  const slots = readSlots(disk, path);
  const [first, second] = slots;
  if (slots.some((slot) => slot?.seq === head.seq && slot.hash === head.hash)) return;
  if (slots.length < SLOTS) {
    createHeadFile(disk, path);
    disk.syncDirSync(dirname(path));
  }
  const behind = (first?.seq ?? -1) <= (second?.seq ?? -1) ? 0 : 1;
  const fd = disk.openSync(path, 'r+');
  try {
    writeAll(disk, fd, encodeSlot(head), behind * SLOT_BYTES);
    disk.fdatasyncSync(fd);
  } finally {
    disk.closeSync(fd);
  }
}

function readSlots(disk: Disk, path: string): (Head | null)[] {
  const bytes = readIfThere(disk, path);
  if (bytes === null || bytes.length !== SLOT_BYTES * SLOTS) return [];
  return halvesOf(bytes).map((half) => decodeSlot(half.toString('latin1')));
}

function halvesOf(bytes: Buffer): Buffer[] {
  return [bytes.subarray(0, SLOT_BYTES), bytes.subarray(SLOT_BYTES)];
}

/** Whether a slot may go on from here: it was cut off while it was written. */
function isBeginning(text: string): boolean {
  const shape = shapeOf(text);
  return SHAPES.some((whole) => shape.length < whole.length && whole.startsWith(shape));
}

function shapeOf(text: string): string {
  return text.replaceAll(/[0-9a-f]/g, '0');
}

function encodeSlot(head: Head): Buffer {
  const body = `{"seq":${head.seq},"hash":"${head.hash}"`;
  const slot = Buffer.alloc(SLOT_BYTES, NEWLINE);
  slot.write(`${body},"sum":"${sha256(body)}"}`);
  return slot;
}

function decodeSlot(text: string): Head | null {
  const match = /^(\{"seq":(\d{1,16}),"hash":"([0-9a-f]{64})"),"sum":"([0-9a-f]{64})"\}\n+$/.exec(
    text,
  );
  const [, body, seq, hash, sum] = match ?? [];
  if (body === undefined || hash === undefined || sha256(body) !== sum) return null;
  return { seq: Number(seq), hash };
}
