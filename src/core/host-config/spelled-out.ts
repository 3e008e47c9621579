import type { ChuteRequest, HostRequest } from '../events.ts';
import type { State } from '../state.ts';

/** The request with all that it means said: a device that is reset has no chutes either. Pure. */
export function spelledOut<
  A extends { readonly chutes: readonly ChuteRequest[]; readonly host?: HostRequest },
>(asked: A, { applied }: Pick<State, 'applied'>): A {
  if (asked.host?.operation !== 'reset') return asked;
  const named = new Set(asked.chutes.map(({ chute }) => chute));
  const others = Object.keys(applied.chutes).filter((chute) => !named.has(chute));
  const gone = others.map((chute): ChuteRequest => {
    return { chute, operation: 'delete', definition: null, sources: {}, purge: true };
  });
  return { ...asked, chutes: [...asked.chutes, ...gone] };
}
