import { readFileSync } from 'node:fs';

import type { Json } from '../../../src/core/json.ts';

/** A case that ParaDrop's own code computed; `note` says where ours is meant to differ. */
export type Vector = {
  readonly area: string;
  readonly name: string;
  readonly given: Json;
  readonly expected: Json;
  readonly note?: string;
};

const ALL = JSON.parse(
  readFileSync(new URL('paradrop.json', import.meta.url), 'utf8'),
) as readonly Vector[];

/** The cases of an area whose names begin like this. */
export function vectors(area: string, beginning = ''): readonly Vector[] {
  return ALL.filter((each) => each.area === area && each.name.startsWith(beginning));
}
