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
