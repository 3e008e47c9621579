import { createPublicKey, hash, verify } from 'node:crypto';
import { open } from 'node:fs/promises';

import type { ServiceName, Signature } from '../core/chute.ts';
import { isPinned, type SourceReference } from '../core/definition/source-reference.ts';
import { codeOf } from '../core/errors.ts';
import type { TrustedKey } from '../core/host-config/policy.ts';

/** What is signed, and the signatures on it: nobody has looked yet whose they are. */
export type SignedFile = {
  readonly bytes: Uint8Array;
  readonly signatures: readonly Uint8Array[];
  /** Services whose files these bytes do not name by their content. */
  readonly open: readonly ServiceName[];
};

const SIGNATURE_BYTES = 64;

/** How many signatures are looked at: a file of them is a few lines. */
const SIGNATURES_MAX = 16;

/** The file with the signatures on another one. */
export const signaturePath = (file: string): string => `${file}.sig`;

/**
 * The signatures beside a file: 64 bytes as openssl writes them, or any number in base64. Null where
 * there is no such file.
 */
export async function readSignatures(file: string): Promise<readonly Uint8Array[] | null> {
  const content = await readBeginning(signaturePath(file));
  if (content === null) return null;
  if (content.length === SIGNATURE_BYTES) return [content];
  const text = content.toString('latin1').replaceAll(/\s/g, '');
  const found = text.match(/[A-Za-z0-9+/]{86}==/g) ?? [];
  return found.slice(0, SIGNATURES_MAX).map((each) => Buffer.from(each, 'base64'));
}

/** The first few kilobytes of a file: more of them is no signature. */
async function readBeginning(file: string): Promise<Buffer | null> {
  const handle = await open(file, 'r').catch((error: unknown) => {
    if (codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTDIR') return null;
    throw error;
  });
  if (handle === null) return null;
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(SIGNATURES_MAX * 128));
    return buffer.subarray(0, bytesRead);
  } finally {
    await handle.close();
  }
}

/** Whose signatures are on a file, of these keys. */
export function signatureOf(
  { bytes, signatures, open: services }: SignedFile,
  keys: readonly TrustedKey[],
): Signature {
  const by = keys.filter(({ publicKey }) => {
    const x = Buffer.from(publicKey, 'base64').toString('base64url');
    const key = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' });
    return signatures.some((signature) => verify(null, bytes, key, signature));
  });
  return { sha256: hash('sha256', bytes), by, open: services };
}

/**
 * Services whose files a definition does not name by their content; `elsewhere` is where the definition
 * itself was found, if another one named that place. Pure.
 */
export function openServices(
  sources: Readonly<Record<ServiceName, SourceReference>>,
  elsewhere: SourceReference | null,
): readonly ServiceName[] {
  // A definition among the files of a directory is no part of their digest.
  const isOpen = elsewhere !== null && (elsewhere.type === 'local' || !isPinned(elsewhere));
  return Object.entries(sources).flatMap(([service, source]) =>
    isOpen || !isPinned(source) ? [service] : [],
  );
}
