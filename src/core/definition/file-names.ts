/** The names a definition has in a directory, the first that is there wins. */
export const DEFINITION_NAMES = [
  'chute.yaml',
  'chute.yml',
  'chute.json',
  'paradrop.yaml',
  'paradrop.yml',
] as const;
