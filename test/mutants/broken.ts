import { type Mutant, nameOf } from './mutant.ts';

/** The text of a file with the change in it. Throws when it does not fit exactly once. Pure. */
export function broken(text: string, mutant: Mutant): string {
  const { file, find, put } = mutant;
  if (text.split(find).length !== 2)
    throw new Error(`'${nameOf(mutant)}' does not fit ${file} any more`);
  return text.replace(find, () => put);
}
