import type { UpdateRequest } from '../core/events.ts';
import type { Unsaid } from '../core/host-config/spelled-out.ts';
import { canonical } from '../core/json.ts';

/** What is asked for. */
export type Asked = Omit<UpdateRequest, 'contentHash' | 'lane'> & {
  /** Whether each chute gets through or not on its own. */
  readonly perChute?: boolean;
};

/** The same as far as the caller says it; the rest is by default. */
export type Said = Omit<Asked, keyof Unsaid> & Unsaid;

/** SHA-256 of what is asked: not who asks, when, or under which id. Pure. */
export function contentHashOf(
  asked: Pick<Asked, 'chutes' | 'host'>,
  sha256: (text: string) => string,
): string {
  const chutes = asked.chutes.map(({ chute, operation, definition, purge }) => ({
    chute,
    operation,
    definition,
    purge: purge ?? false,
  }));
  return sha256(canonical(asked.host ? { chutes, host: asked.host } : chutes));
}
