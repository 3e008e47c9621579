import type { Json, JsonObject } from '../json.ts';
import { type HostDocument, isMap, textOf } from './document.ts';

/** Somebody whose signature on a definition this device takes. */
export type TrustedKey = {
  readonly name: string;
  /** The 32 bytes of an ed25519 public key in base64. */
  readonly publicKey: string;
};

/** What a device asks of definitions and of what they name, before it runs any of it. */
export type DefinitionPolicy = {
  /** Who may sign; empty: definitions need no signature. */
  readonly trust: readonly TrustedKey[];
  /** Whether an archive from the network may be taken as it is found when its definition gives no digest. */
  readonly allowUnpinnedDownloads: boolean;
};

/** What a host configuration asks of definitions. Pure. */
export function policyOf(document: HostDocument | undefined): DefinitionPolicy {
  const { trust = [], system = {} } = document ?? {};
  const keys = Array.isArray(trust) ? (trust as readonly Json[]) : [];
  return {
    trust: keys.filter(isMap).flatMap(trustedKey),
    allowUnpinnedDownloads: isMap(system) && system['allowUnpinnedDownloads'] === true,
  };
}

function trustedKey({ name, publicKey }: JsonObject): readonly TrustedKey[] {
  const key = typeof publicKey === 'string' ? rawPublicKey(publicKey) : null;
  return key === null ? [] : [{ name: textOf(name), publicKey: key }];
}

/** What an ed25519 public key begins with in the form that `openssl pkey -pubout` writes: 12 bytes. */
const SPKI = 'MCowBQYDK2VwAyEA';

/**
 * The bytes of an ed25519 public key in base64, from any of the forms it is handed around in: these
 * bytes, a PEM file, or the line inside of one. Null for anything else. Pure.
 */
export function rawPublicKey(text: string): string | null {
  const line = text.replaceAll(/-----(?:BEGIN|END) PUBLIC KEY-----|\s/g, '');
  const raw = line.length === 60 && line.startsWith(SPKI) ? line.slice(SPKI.length) : line;
  return /^[A-Za-z0-9+/]{43}=$/.test(raw) ? raw : null;
}
