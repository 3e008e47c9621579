import type { Applied } from '../core/applied.ts';
import type { ChuteName } from '../core/chute.ts';
import type { Json } from '../core/json.ts';
import { type Patch, pointer } from '../core/patch.ts';
import type { ObservedService } from './host.ts';

/** How a service differs from what is applied, and the patch that makes `applied` say so. Pure. */
export function driftOf(
  applied: Applied,
  seen: ObservedService,
): {
  readonly chute: ChuteName;
  readonly message: string;
  readonly evidence: Json;
  readonly patch: Patch;
} | null {
  const { chute, service, state, evidence } = seen;
  const known = applied.chutes[chute]?.services[service];
  if (!known || known.state === state) return null;
  const path = pointer('chutes', chute, 'services', service);
  const patch: Patch = [
    { op: 'replace', path: `${path}/state`, value: state },
    { op: 'replace', path: `${path}/instance`, value: seen.instance },
  ];
  const message = `${chute}/${service} is ${state}, expected ${known.state}`;
  return { chute, message, evidence, patch };
}
