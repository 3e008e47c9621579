import { setTimeout as pause } from 'node:timers/promises';

import type { Health } from '../../core/chute.ts';
import type { StepContext } from '../../core/driver.ts';
import { askContainer } from './container-health.ts';

/** How long undoing waits for a service that is back to serve. */
const SERVES_WITHIN_MS = 20_000;
const LOOK_MS = 50;

/**
 * Waits until a container that was started again serves, for as long as its health check gives it. What
 * it then answers decides nothing: it runs as it ran before, and it may not have been well then.
 */
export async function untilServes(
  context: StepContext,
  { ready }: { readonly ready: Health | null },
  container: string,
): Promise<void> {
  if (ready === null || ready.check.type === 'alive') return;
  const { signal } = context;
  const end = context.up() + Math.min(ready.withinMs, SERVES_WITHIN_MS);
  while (context.up() < end) {
    const answer = await askContainer(ready, { container, signal });
    if (answer === null || answer.verdict === 'good') return;
    await pause(LOOK_MS, undefined, { signal });
  }
}
