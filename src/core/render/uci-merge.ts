import { FILE_MARKER } from './rendered.ts';
import { parseUci, type UciSpan } from './uci-text.ts';

/** The line above our sections, where the text before them ends with a line as it should. */
const MARKER = `# ${FILE_MARKER}\n`;

/** The same where it does not, so that taking our sections out gives back that very text. */
const MARKER_JOINED = `# ${FILE_MARKER} (the line above had no end)\n`;

/** The same where nothing was above, and the file there all the same: it is to be left behind. */
const MARKER_EMPTY = `# ${FILE_MARKER} (the file was empty)\n`;

/**
 * A file with our sections in place of those of ours that it has: named `<owner>__…`. Sections,
 * comments and blanks of others stay byte for byte. Both texts are as they go to disk, tokens
 * filled; null is a file that is not there. Pure.
 *
 * A file that says the same already comes back as it is, so that nothing is written; without any
 * sections of ours what was there before them comes back. Throws RIPCORD_PLAN_INVALID for a present
 * file that cannot be read: better no change than a lost line.
 */
export function mergeUci(there: string | null, ours: string, owner: string): string | null {
  const existing = there ?? '';
  const isOwn = ({ name }: UciSpan): boolean => name?.startsWith(`${owner}__`) ?? false;
  const present = parseUci(existing).filter(isOwn);
  const wanted = parseUci(ours).filter(isOwn);
  if (same(present, wanted) && (present.length > 0 || !existing.includes(FILE_MARKER)))
    return there;
  const wasEmpty = there === '' || existing.includes(MARKER_EMPTY);
  const foreign = without(existing, present);
  if (wanted.length === 0) return foreign === '' && !wasEmpty ? null : foreign;
  const body = wanted.map(({ start, end }) => `\n${ours.slice(start, end)}`).join('');
  if (foreign === '') return `${wasEmpty ? MARKER_EMPTY : MARKER}${body}`;
  return foreign.endsWith('\n')
    ? `${foreign}\n${MARKER}${body}`
    : `${foreign}\n${MARKER_JOINED}${body}`;
}

/** Whether sections say the same, however they are quoted and indented. */
function same(left: readonly UciSpan[], right: readonly UciSpan[]): boolean {
  return said(left) === said(right);
}

function said(spans: readonly UciSpan[]): string {
  return JSON.stringify(spans.map(({ type, name, lines }) => [type, name, lines]));
}

/** What is left without our sections, the empty line before each, and the line above them. */
function without(text: string, own: readonly UciSpan[]): string {
  let kept = '';
  let from = 0;
  for (const { start, end } of own) {
    kept += withoutBlank(text.slice(from, start));
    from = end;
  }
  kept += text.slice(from);
  const joined = kept.indexOf(`\n${MARKER_JOINED}`);
  if (joined !== -1) {
    return `${kept.slice(0, joined)}${kept.slice(joined + 1 + MARKER_JOINED.length)}`;
  }
  const marker = kept.includes(MARKER_EMPTY) ? MARKER_EMPTY : MARKER;
  const marked = kept.startsWith(marker) ? 0 : kept.indexOf(`\n${marker}`) + 1;
  if (marked === 0 && !kept.startsWith(marker)) return kept;
  return `${withoutBlank(kept.slice(0, marked))}${kept.slice(marked + marker.length)}`;
}

/** The text without the empty line at its end. */
function withoutBlank(text: string): string {
  return text === '\n' || text.endsWith('\n\n') ? text.slice(0, -1) : text;
}
