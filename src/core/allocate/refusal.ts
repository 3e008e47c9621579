import type { ChuteName, ServiceName } from '../chute.ts';
import { pointer } from '../patch.ts';
import type { PlainRefusal, PlainWarning } from '../plan.ts';

export type { PlainRefusal, PlainWarning };

/** Where in a definition an interface is asked for. */
export type InterfacePlace = {
  readonly chute: ChuteName;
  readonly service: ServiceName;
  readonly name: string;
};

/** Refuses one field of an interface for what is written there. Pure. */
export function wrongField(
  place: InterfacePlace,
  keys: readonly string[],
  { reason, hint }: { readonly reason: string; readonly hint: string },
): PlainRefusal {
  const field = keys.length === 0 ? '' : `${keys.join('.')} of `;
  return {
    code: 'RIPCORD_DEFINITION_INVALID',
    message: `cannot plan ${place.chute}: ${field}interface ${place.name} ${reason}`,
    path: fieldPath(place, keys),
    hint,
  };
}

/** Warns of one field of an interface. Pure. */
export function warnField(
  place: InterfacePlace,
  keys: readonly string[],
  { reason, hint }: { readonly reason: string; readonly hint: string },
): PlainWarning {
  const message = `interface ${place.name} of ${place.chute} ${reason}`;
  return { message, path: fieldPath(place, keys), hint };
}

/** Refuses an interface for what the host has not, or not any more. Pure. */
export function notGiven(
  place: InterfacePlace,
  keys: readonly string[],
  refused: {
    readonly code: string;
    readonly what: string;
    readonly reason: string;
    readonly hint: string;
  },
): PlainRefusal {
  const { code, what, reason, hint } = refused;
  return {
    code,
    message: `cannot give interface ${place.name} of ${place.chute} ${what}: ${reason}`,
    path: fieldPath(place, keys),
    hint,
  };
}

const fieldPath = ({ service, name }: InterfacePlace, keys: readonly string[]): string =>
  pointer('services', service, 'interfaces', name, ...keys);
