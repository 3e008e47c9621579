import { touches } from '../compare-chute.ts';
import { pointer } from '../patch.ts';
import type { Change, PlanContext } from '../plan.ts';
import type { PlainRefusal } from './unsupported.ts';

/**
 * Why a device that trusts signatures does not take a change: what it makes of a chute is not signed by
 * anybody it trusts, or not all of it. Pure.
 *
 * What changes no definition needs no signature: it was accepted once, and so was what a rollback
 * brings back.
 */
export function signatureRefusals(
  change: Change,
  { policy, isRollback }: Pick<PlanContext, 'policy' | 'isRollback'>,
): readonly PlainRefusal[] {
  const { chute, operation, desired, signature } = change;
  const { trust } = policy;
  if (trust.length === 0 || !desired || isRollback || !touches(change, '/definition')) return [];
  const cannot = `cannot ${operation} ${chute}:`;
  const who = trust.map(({ name }) => name).join(' or ');
  if (signature === undefined)
    return [
      {
        code: 'RIPCORD_SIGNATURE_MISSING',
        message: `${cannot} its definition is not signed, and this device takes what ${who} signed`,
        path: '',
        hint: HOW,
      },
    ];
  const known = new Set(trust.map(({ publicKey }) => publicKey));
  if (!signature.by.some(({ publicKey }) => known.has(publicKey)))
    return [
      {
        code: 'RIPCORD_SIGNATURE_INVALID',
        message: `${cannot} the signature beside its definition is not one of ${who} on these bytes, sha256 ${signature.sha256}`,
        path: '',
        hint: `if the definition was changed since, it has to be signed again; ${HOW}`,
      },
    ];
  return signature.open.map((service) => ({
    code: 'RIPCORD_SOURCE_UNPINNED',
    message: `${cannot} the signature says nothing of the files of service ${service}`,
    path: pointer('services', service, 'source'),
    hint: pinHint(change, service),
  }));
}

const HOW =
  'to sign: openssl pkeyutl -sign -rawin -inkey KEY.pem -in chute.yaml -out chute.yaml.sig';

/** What to write so that what is signed names the files. */
function pinHint({ desired }: Change, service: string): string {
  const source = desired?.definition.services[service]?.source;
  const digest = source?.digest.replace(/^sha256:/, '') ?? '';
  const field =
    source?.type === 'git' ? `checkout with the whole commit` : `sha256: ${digest} to its source`;
  return `add ${field} and sign that`;
}
