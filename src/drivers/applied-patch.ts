import { NEW_CHUTE, type Applied, type AppliedService } from '../core/applied.ts';
import type { ChuteName, SecretRef, ServiceName } from '../core/chute.ts';
import { pointer, type Operation, type Patch } from '../core/patch.ts';

/** The operations on a chute, behind one that adds the chute where it is not there yet. Pure. */
export function chutePatch(
  applied: Applied,
  chute: ChuteName,
  operations: readonly Operation[],
  token?: SecretRef,
): Patch {
  if (applied.chutes[chute] !== undefined) return operations;
  return [
    {
      op: 'add',
      path: pointer('chutes', chute),
      value: token ? { ...NEW_CHUTE, token } : NEW_CHUTE,
    },
    ...operations,
  ];
}

/** The patch that sets what is applied of one service. Pure. */
export function servicePatch(
  applied: Applied,
  at: { readonly chute: ChuteName; readonly service: ServiceName },
  value: AppliedService,
): Patch {
  return chutePatch(applied, at.chute, [
    { op: 'add', path: pointer('chutes', at.chute, 'services', at.service), value },
  ]);
}
