import { randomInt } from 'node:crypto';

import type { Paint } from './terminal.ts';

/**
 * Colours that this process paints carry a number which nobody outside can know, until they are written:
 * so they can be told from those in texts of others, which would colour, move or clear what is on the
 * screen.
 */
const OWN = String(randomInt(1_000_000, 2 ** 31));
const PAINTED = new RegExp(String.raw`\u001B\[(\d+)m`, 'g');
const MARKED = new RegExp(String.raw`\u001B\[${OWN};(\d+)m`, 'g');

/** A colour that goes on behind one inside of it, and survives `shown`. Pure. */
export function ownPaint(paint: Paint): Paint {
  return (text) => paint(unmarked(escaped(text))).replaceAll(PAINTED, `\u001B[${OWN};$1m`);
}

/**
 * The text as it is written to a terminal or a file: only colours of our own, and other control
 * characters but for tabs and line ends as JSON writes them. Pure.
 */
export function shown(text: string): string {
  return unmarked(escaped(text));
}

/** The text without line ends, for one line or one cell of a table. Pure. */
export function oneLine(text: string): string {
  return text.replaceAll(/[\n\r\t]/g, (found) => JSON.stringify(found).slice(1, -1));
}

const unmarked = (text: string): string => text.replaceAll(MARKED, '\u001B[$1m');

/** Control characters of ASCII and of Latin-1, which some terminals obey as well, but for marked colours. */
const CONTROLS = new RegExp(
  String.raw`(\u001B\[${OWN};\d+m)|[\u0000-\u0008\u000B-\u001F\u007F-\u009F]`,
  'g',
);

function escaped(text: string): string {
  return text.replaceAll(CONTROLS, (found, own: string | undefined) =>
    own === undefined ? `\\u${found.charCodeAt(0).toString(16).padStart(4, '0')}` : own,
  );
}
