import type { Definition } from '../../../src/core/chute.ts';
import type { Complaint } from '../../../src/core/definition/complaint.ts';
import { complaintText } from '../../../src/core/definition/complaint.ts';
import type { ParseOptions, Parsed } from '../../../src/core/definition/parse.ts';
import { parseDefinition } from '../../../src/core/definition/parse.ts';
import type { RawDefinition } from '../../../src/core/definition/raw.ts';

/** Secrets that tests can look into: the mark holds the value. */
export const OPTIONS: ParseOptions = {
  file: 'chute.yaml',
  secret: (value) => ({ $secret: `mark of ${value}` }),
};

export function parse(text: string, options: Partial<ParseOptions> = {}): Parsed {
  return parseDefinition(text, { ...OPTIONS, ...options });
}

/** The meaning of a definition that must be accepted. */
export function accepted(text: string, options: Partial<ParseOptions> = {}): RawDefinition {
  const parsed = parse(text, options);
  if (parsed.ok) return parsed;
  throw new Error(`refused: ${parsed.complaints.map(complaintText).join('; ')}`);
}

export function definitionOf(text: string): Definition {
  return accepted(text).definition;
}

/** What is wrong with a definition that must be refused. */
export function complaintsOf(
  text: string,
  options: Partial<ParseOptions> = {},
): readonly Complaint[] {
  const parsed = parse(text, options);
  if (!parsed.ok) return parsed.complaints;
  throw new Error('accepted');
}

/** A definition with one service, `main`, whose fields are given. */
export function chute(fields: string): string {
  return `name: hello\nservices:\n  main: {command: x, ${fields}}\n`;
}

/** What the text has at the place of a complaint, as far as `length`. */
export function textAt(text: string, { line, col }: Complaint, length: number): string {
  const lines = text.split('\n').slice((line ?? 1) - 1);
  return lines.join('\n').slice((col ?? 1) - 1, (col ?? 1) - 1 + length);
}

/** `path: message (hint)`, without the place. */
export function words(complaint: Complaint): string {
  return complaintText({ ...complaint, file: '', line: null }).slice(1);
}

/** A test case: what is wrong, the text, what stands at the place, how the words begin. */
export type Case = readonly [title: string, text: string, at: string, beginning: string];
