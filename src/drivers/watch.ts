import { realpathSync } from 'node:fs';

import { isContainer, isContainerInstance } from '../core/container.ts';
import type { StepContext } from '../core/driver.ts';
import type { GateCheck, ProcessInstance, ProcessSpec } from '../core/step.ts';
import { watchContainer } from './docker/watch-container.ts';
import { type Answer, askOnce, processScene } from './health.ts';
import { type Hide, hidingSecretsOf } from './hide-secrets.ts';
import { lastLines } from './last-lines.ts';
import { findService } from './marked.ts';
import { below, serviceEnvironment } from './service-environment.ts';
import type { Watched } from './watched.ts';

/** What a service answered, as it may be journaled. Pure. */
const hidden = (said: Answer, hide: Hide): Answer => ({ ...said, text: hide(said.text) });

/** How the service of a check is looked at and asked. */
export async function watch(context: StepContext, check: GateCheck): Promise<Watched> {
  const service = context.applied.chutes[check.chute]?.services[check.service];
  const hide = await hidingSecretsOf(service?.spec?.environment ?? {}, (ref) =>
    context.secret(ref),
  );
  const { spec = null, instance = null } = service ?? {};
  if ('container' in check) {
    const known = instance && isContainerInstance(instance) ? instance : null;
    return watchContainer(context, { health: check.health, instance: known, hide });
  }
  return watchProcess(context, check, {
    spec: spec && !isContainer(spec) ? spec : null,
    instance: instance && !isContainerInstance(instance) ? instance : null,
    hide,
  });
}

async function watchProcess(
  context: StepContext,
  check: GateCheck & { readonly directory: string },
  known: {
    readonly spec: ProcessSpec | null;
    readonly instance: ProcessInstance | null;
    readonly hide: Hide;
  },
): Promise<Watched> {
  const { chute, service, health } = check;
  const { spec, instance, hide } = known;
  const root = realpathSync(context.root);
  const source = {
    root,
    secret: (ref: Parameters<StepContext['secret']>[0]) => context.secret(ref),
  };
  const scene = processScene({
    directory: below(root, check.directory),
    environment: await serviceEnvironment(source, spec?.environment ?? {}),
    signal: context.signal,
  });
  return {
    async ended() {
      const isThere =
        instance !== null && findService(realpathSync(context.root), instance) !== null;
      return isThere ? null : 'its process has ended';
    },
    ask: async () => hidden(await askOnce(health, scene), hide),
    async log() {
      if (spec === null || instance === null) return [];
      return lastLines(context.root, { chute, service, mark: instance.mark, log: spec.log }, hide);
    },
  };
}
