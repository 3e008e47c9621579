import type { Health } from '../../core/chute.ts';
import type { ContainerInstance } from '../../core/container.ts';
import type { StepContext } from '../../core/driver.ts';
import type { Hide } from '../hide-secrets.ts';
import type { Watched } from '../watched.ts';
import { askContainer } from './container-health.ts';
import { linesOf } from './container-log.ts';
import { exitOf } from './containers.ts';
import { asking, engineOf } from './engine.ts';

const GONE = 'its container is gone';

/** A service's container, as the gate looks at it and asks it. */
export function watchContainer(
  { signal }: Pick<StepContext, 'signal'>,
  service: {
    readonly health: Health;
    readonly instance: ContainerInstance | null;
    readonly hide: Hide;
  },
): Watched {
  const { health, instance, hide } = service;
  if (instance === null) {
    return {
      ended: async () => GONE,
      ask: async () => ({ verdict: 'bad', text: GONE }),
      log: async () => [],
    };
  }
  const { container } = instance;
  return {
    async ended() {
      const found = await asking('look at a container', () =>
        engineOf({ signal }).container(container),
      );
      if (found === null) return GONE;
      return found.State.Running ? null : `its container has ended: ${exitOf(found)}`;
    },
    async ask() {
      const answer = await asking('ask a container', () =>
        askContainer(health, { container, signal }),
      );
      if (answer === null) return { verdict: 'bad', text: 'its container has ended' };
      return { ...answer, text: hide(answer.text) };
    },
    log: () => linesOf(engineOf({ signal }), container, hide),
  };
}
