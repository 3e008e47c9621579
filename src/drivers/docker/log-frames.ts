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

/** The same as it comes, line by line. */
export async function* linesOfFrames(
  bytes: AsyncIterable<Buffer>,
): AsyncGenerator<string, void, undefined> {
  let framed = Buffer.alloc(0);
  let text = '';
  for await (const chunk of bytes) {
    framed = Buffer.concat([framed, chunk]);
    const whole = wholeBytes(framed);
    const lines = (text + textOfFrames(framed.subarray(0, whole))).split('\n');
    framed = framed.subarray(whole);
    text = lines.pop() ?? '';
    yield* lines;
  }
}

/** How many of these bytes are whole pieces. */
function wholeBytes(bytes: Buffer): number {
  let at = 0;
  while (at + HEAD_BYTES <= bytes.length) {
    const end = at + HEAD_BYTES + bytes.readUInt32BE(at + 4);
    if (end > bytes.length) break;
    at = end;
  }
  return at;
}
