const HEAD_BYTES = 8;

/**
 * What a container printed, both its streams in the order they came: the engine puts eight bytes before
 * every piece, the last four of them its length. Pure. A piece that was cut off is left out.
 */
export function textOfFrames(bytes: Buffer): string {
  const pieces: Buffer[] = [];
  let at = 0;
  while (at + HEAD_BYTES <= bytes.length) {
    const end = at + HEAD_BYTES + bytes.readUInt32BE(at + 4);
    if (end > bytes.length) break;
    pieces.push(bytes.subarray(at + HEAD_BYTES, end));
    at = end;
  }
  return Buffer.concat(pieces).toString('utf8');
}
