import type { OnInterrupt } from '../chute.ts';
import type { ChuteRequest, HostRequest, QueueMode } from '../events.ts';
import type { State } from '../state.ts';
import { documentOf, section } from './document.ts';

/** What a request may leave to the device: null is what the device does by default. */
export type Unsaid = {
  readonly mode: QueueMode | null;
  readonly onInterrupt: OnInterrupt | null;
};

type Said = Unsaid & {
  readonly chutes: readonly ChuteRequest[];
  readonly host?: HostRequest;
};

type SpelledOut<A extends Said> = A & {
  readonly mode: QueueMode;
  readonly onInterrupt: OnInterrupt;
};

/**
 * The request with all that it means said: by default it is as the device is configured, and a device
 * that is reset has no chutes either. Pure.
 */
export function spelledOut<A extends Said>(
  asked: A,
  { applied }: Pick<State, 'applied'>,
): SpelledOut<A> {
  const { mode, onInterrupt } = section(documentOf(applied.host.config), 'defaults');
  const whole = {
    ...asked,
    mode: asked.mode ?? (mode === 'queue' || mode === 'supersede' ? mode : 'refuse'),
    onInterrupt: asked.onInterrupt ?? (onInterrupt === 'rollback' ? 'rollback' : 'resume'),
  };
  if (asked.host?.operation !== 'reset') return whole;
  const named = new Set(asked.chutes.map(({ chute }) => chute));
  const others = Object.keys(applied.chutes).filter((chute) => !named.has(chute));
  const gone = others.map((chute): ChuteRequest => {
    return { chute, operation: 'delete', definition: null, sources: {}, purge: true };
  });
  return { ...whole, chutes: [...asked.chutes, ...gone] };
}
