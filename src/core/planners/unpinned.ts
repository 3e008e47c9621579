import { pointer } from '../patch.ts';
import type { Change, PlanContext } from '../plan.ts';
import type { PlainRefusal } from './unsupported.ts';

/**
 * Why archives are not taken that are named by what was found at their place: the device does not
 * allow it, or what was found there before was something else. Pure.
 */
export function unpinnedRefusals(
  { chute, operation, before, desired }: Change,
  { policy, isRollback }: Pick<PlanContext, 'policy' | 'isRollback'>,
): readonly PlainRefusal[] {
  if (isRollback) return [];
  const installed = Object.values(before?.definition?.services ?? {});
  const services = Object.entries(desired?.definition.services ?? {});
  return services.flatMap(([service, { source }]) => {
    if (source?.url === undefined) return [];
    const { url, digest } = source;
    const what = `cannot ${operation} ${chute}: the archive ${url} of service ${service}`;
    const path = pointer('services', service, 'source');
    const pin = `add sha256: ${digest.replace(/^sha256:/, '')} to its source`;
    // One place has one content, however often it was looked at.
    const other = services.find(([, each]) => each.source?.url === url);
    const found = other?.[1].source?.digest;
    if (other && found !== digest)
      return [
        {
          code: 'RIPCORD_DIGEST_MISMATCH',
          message: `${what} is ${digest}, and for service ${other[0]} it was ${found} a moment before`,
          path,
          hint: `ask again when it has settled, or ${pin}`,
        },
      ];
    const recorded = installed.flatMap((each) => (each.source?.url === url ? [each.source] : []));
    if (recorded.some((each) => each.digest === digest)) return [];
    const [first] = recorded;
    if (first)
      return [
        {
          code: 'RIPCORD_DIGEST_MISMATCH',
          message: `${what} was ${first.digest} when it was first used, and now it is ${digest}`,
          path,
          hint: `if that is meant, ${pin}`,
        },
      ];
    if (policy.allowUnpinnedDownloads) return [];
    return [
      {
        code: 'RIPCORD_SOURCE_UNPINNED',
        message: `${what} has no sha256, and this device does not take what it finds`,
        path,
        hint: `${pin}, or set system.allowUnpinnedDownloads of the host configuration`,
      },
    ];
  });
}
