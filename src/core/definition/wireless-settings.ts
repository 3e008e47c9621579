import type { Json, JsonObject } from '../json.ts';
import { pointer, type Report } from './complaint.ts';
import type { KeepSecret } from './environment.ts';
import type { WirelessOption, WrittenInterface } from './written.ts';
import { WIRELESS_OPTIONS } from './written.ts';

/** Settings whose value opens something. */
const SECRET_SETTINGS = new Set(['key', 'acct_secret', 'auth_secret']);

/** What WPA takes as a passphrase, and 802.11 as the name of a network. */
const KEY_MIN = 8;
const KEY_MAX = 63;
const SSID_BYTES_MAX = 32;

type Setting = NonNullable<NonNullable<WrittenInterface['wireless']>[WirelessOption]>;
type Given = { readonly value: Setting; readonly path: string };

/**
 * Wireless settings in one place: `options` win over the interface itself, and that over `wireless`.
 * Secrets are looked at before they are kept apart: nobody can afterwards. Pure but for `keep`.
 */
export function wirelessOf(
  given: WrittenInterface,
  path: string,
  { report, keep }: { readonly report: Report; readonly keep: KeepSecret },
): JsonObject {
  const settings = new Map<string, Given>();
  const beside = WIRELESS_OPTIONS.map((name) => [name, given[name]] as const);
  const layers = [
    [`${path}/wireless`, Object.entries(given.wireless ?? {})],
    [path, beside],
    [`${path}/options`, Object.entries(given.options ?? {})],
  ] as const;
  for (const [at, entries] of layers)
    for (const [name, value] of entries)
      if (value !== undefined) settings.set(name, { value, path: at + pointer(name) });
  check(settings, report);
  const result: Record<string, Json> = {};
  for (const [name, { value }] of settings) {
    const open = typeof value !== 'object' && !SECRET_SETTINGS.has(name);
    result[name] = open ? value : keep(textOf(value));
  }
  return result;
}

function textOf(value: Setting): string {
  return String(typeof value === 'object' ? value.secret : value);
}

function check(settings: ReadonlyMap<string, Given>, { complain }: Report): void {
  for (const [name, { value, path }] of settings) {
    const text = textOf(value);
    if (name === 'ssid') {
      const bytes = new TextEncoder().encode(text).length;
      if (bytes >= 1 && bytes <= SSID_BYTES_MAX) continue;
      const hint = `an ssid has 1 to ${SSID_BYTES_MAX} bytes`;
      complain('value-invalid', path, `has ${bytes} bytes`, { hint });
    } else if (name === 'key') {
      checkKey(text, path, complain);
    } else if (SECRET_SETTINGS.has(name) && !/^[^\0\r\n]+$/.test(text)) {
      complain('secret-invalid', path, text === '' ? 'is empty' : 'is more than one line');
    }
  }
  const encryption = settings.get('encryption');
  if (encryption === undefined || settings.has('key')) return;
  if (!/^(?:psk|sae)/.test(textOf(encryption.value))) return;
  complain('field-missing', encryption.path, 'needs a key', {
    hint: 'write key: and 8 to 63 characters, or encryption: none',
  });
}

/** Says how long it is, never what it is. */
function checkKey(text: string, path: string, complain: Report['complain']): void {
  const hint = `a key has ${KEY_MIN} to ${KEY_MAX} characters`;
  if (text.length < KEY_MIN || text.length > KEY_MAX) {
    const length = text === '' ? 'is empty' : `has ${text.length} characters`;
    complain('secret-invalid', path, length, { hint });
  } else if (!/^[\x20-\x7e]*$/.test(text)) {
    complain('secret-invalid', path, 'holds other than printable ASCII characters', { hint });
  }
}
