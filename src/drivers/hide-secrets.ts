import type { SecretRef } from '../core/chute.ts';
import type { ProcessSpec, TokenRef } from '../core/step.ts';

/** A text as it may be journaled. Pure. */
export type Hide = (text: string) => string;

/** Shorter ones are in every text, and could be guessed from where they were taken out. */
const LENGTH_MIN = 4;
const HIDDEN = '(secret)';
/** What is kept of a text in which nobody can tell the secrets. */
export const LEFT_OUT = '(left out: a secret of this service cannot be read)';

/**
 * Takes the values of a service's secrets out of what it says: services print their configuration,
 * and answer with it. Where a secret cannot be read nothing of the text is kept. Never throws.
 */
export async function hidingSecretsOf(
  environment: ProcessSpec['environment'],
  secret: (ref: SecretRef | TokenRef) => Promise<string>,
): Promise<Hide> {
  const refs = Object.values(environment).filter(
    (value): value is SecretRef | TokenRef =>
      typeof value === 'object' && ('$secret' in value || '$token' in value),
  );
  const values = await Promise.all(refs.map((ref) => secret(ref).catch(() => null)));
  if (values.includes(null)) return () => LEFT_OUT;
  return hidingValues(values.filter((value) => value !== null));
}

/** Takes values out of texts, longest first, also as they stand in JSON and in a URL. Pure. */
export function hidingValues(values: readonly string[]): Hide {
  const forms = new Set(values.flatMap(formsOf).filter(({ length }) => length >= LENGTH_MIN));
  const longestFirst = [...forms].toSorted((a, b) => b.length - a.length);
  return (text) => longestFirst.reduce((left, value) => left.replaceAll(value, HIDDEN), text);
}

/** A key of several lines is printed line by line. */
function formsOf(value: string): readonly string[] {
  const lines = value.split('\n').map((line) => line.trim());
  return [value, ...lines].flatMap((each) => [
    each,
    JSON.stringify(each).slice(1, -1),
    encodeURIComponent(Buffer.from(each).toString()),
  ]);
}
