import type { Air } from './radios.ts';
import { unrenderable } from './rendered.ts';

/** What an `encryption` setting of OpenWrt means. */
export type Encryption = {
  /** 0: open. 1: WPA, 2: WPA2, 3: both. */
  readonly wpa: 0 | 1 | 2 | 3;
  readonly key: 'none' | 'passphrase' | 'radius';
};

const KNOWN: Readonly<Record<string, Encryption>> = {
  none: { wpa: 0, key: 'none' },
  psk: { wpa: 1, key: 'passphrase' },
  psk2: { wpa: 2, key: 'passphrase' },
  'psk-mixed': { wpa: 3, key: 'passphrase' },
  wpa: { wpa: 1, key: 'radius' },
  wpa2: { wpa: 2, key: 'radius' },
  'wpa-mixed': { wpa: 3, key: 'radius' },
};

/** What protects an access point, by `psk2`, `psk2+ccmp` and the like. Pure. Throws RIPCORD_PLAN_INVALID. */
export function encryptionOf({ encryption, key }: Air, label: string): Encryption {
  const [name = '', ...ciphers] = encryption.split('+');
  const found = Object.hasOwn(KNOWN, name) ? KNOWN[name] : undefined;
  if (found === undefined || !ciphers.every((cipher) => /^(?:ccmp|aes|tkip)$/.test(cipher))) {
    const known = Object.keys(KNOWN).join(', ');
    const written = JSON.stringify(encryption);
    throw unrenderable(label, `${written} is no encryption it knows: ${known}`);
  }
  if (found.key === 'passphrase' && (key === undefined || key === null)) {
    throw unrenderable(label, `${name} needs a key`);
  }
  return found;
}
