import type { Environment, EnvironmentValue, SecretRef } from '../chute.ts';
import type { Report } from './complaint.ts';
import { pointer } from './complaint.ts';
import type { WrittenEnvironment } from './written.ts';

/** Takes a secret's value out of a definition; what comes back stands in its place. */
export type KeepSecret = (value: string) => SecretRef;

/** Variables that the system sets whatever a definition says: chutes rely on them being right. */
const RESERVED = new Set(
  [
    'CHUTE_NAME',
    'CHUTE_VERSION',
    'ROUTER_ID',
    'FEATURES',
    'DATA_DIR',
    'SYSTEM_DIR',
    'API_URL',
    'BASE_URL',
    'WS_API_URL',
    'API_TOKEN',
  ].map((name) => `PARADROP_${name}`),
);

/** Names whose values are secrets in definitions that had no way to say so. */
const SECRET_NAME = /(?:SECRET|PASSWORD|TOKEN|_KEY)$/i;

/** Whether the name of a variable gives away that its value is a secret. Pure. */
export function isSecretName(name: string): boolean {
  return SECRET_NAME.test(name);
}

/**
 * Variables as texts: numbers and booleans are written out, null is unset, secrets are kept apart.
 * `secretNames` also takes those that only their name gives away. Pure but for `keep`.
 */
export function normaliseEnvironment(
  written: WrittenEnvironment | undefined,
  path: string,
  context: { readonly report: Report; readonly keep: KeepSecret; readonly secretNames: boolean },
): Environment {
  const { report, keep, secretNames } = context;
  const result: Record<string, EnvironmentValue> = {};
  for (const [name, given] of Object.entries(written ?? {})) {
    const at = `${path}${pointer(name)}`;
    if (!/^[A-Za-z_][A-Za-z0-9_.-]*$/.test(name)) {
      report.complain('environment-invalid', at, 'is not a name for a variable', {
        spot: 'key',
        hint: 'letters, digits and _, the first no digit',
      });
      continue;
    }
    if (RESERVED.has(name) || name.startsWith('RIPCORD_')) {
      report.warn('environment-reserved', at, 'is set by the system: this value has no effect', {
        spot: 'key',
      });
      continue;
    }
    if (given === null) continue;
    const secret = typeof given === 'object';
    const value = secret ? String(given.secret) : String(given);
    if (value.includes('\0')) {
      report.complain('environment-invalid', at, 'holds a NUL character');
      continue;
    }
    result[name] = secret || (secretNames && isSecretName(name)) ? keep(value) : value;
  }
  return result;
}
