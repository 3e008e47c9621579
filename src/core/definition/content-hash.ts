import type { Definition } from '../chute.ts';
import type { Sha256 } from '../json.ts';
import { canonical } from '../json.ts';

/**
 * The hash of what a definition means: equal for two texts that say the same. Names a request's
 * content (`--key`) and what is quarantined. Pure.
 */
export function contentHash(definition: Definition, sha256: Sha256): string {
  return sha256(canonical(definition));
}
