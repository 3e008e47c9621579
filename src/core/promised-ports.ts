import type { Applied } from './applied.ts';
import { pointer, type Patch } from './patch.ts';
import type { ArgsOf, Step } from './step.ts';

type Ports = Applied['reservations']['ports'];

/**
 * What is applied, with the ports that plans under way will take as if they were taken. Pure.
 *
 * Updates of different chutes run side by side, and a port is recorded only when its update is nearly
 * through: without this, two of them could both be promised the same one.
 */
export function withPromisedPorts(applied: Applied, underWay: readonly Step[]): Applied {
  const prefix = `${pointer('reservations', 'ports')}/`;
  const promised = underWay.flatMap(({ kind, args }) => {
    const patch: Patch =
      kind === 'chute.save@1' ? (args as unknown as ArgsOf<'chute.save@1'>).patch : [];
    return patch.flatMap((operation) =>
      operation.op === 'remove' || !operation.path.startsWith(prefix)
        ? []
        : [[unescaped(operation.path.slice(prefix.length)), operation.value as Ports[string]]],
    );
  });
  if (promised.length === 0) return applied;
  const ports = { ...Object.fromEntries(promised), ...applied.reservations.ports };
  return { ...applied, reservations: { ...applied.reservations, ports } };
}

const unescaped = (key: string): string => key.replaceAll('~1', '/').replaceAll('~0', '~');
