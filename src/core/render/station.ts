import { encryptionOf } from './encryption.ts';
import { airOf, type UsedRadio } from './radios.ts';
import { HASH_HEADER, unrenderable } from './rendered.ts';
import { secretToken } from './tokens.ts';

/** The file of a station for wpa_supplicant, null when the radio is none. Pure. Throws RIPCORD_PLAN_INVALID. */
export function renderStation({ client }: UsedRadio): string | null {
  if (client === null || client.given.kind !== 'wifi-sta') return null;
  const air = airOf(client.given.wireless, client.label);
  const { key } = encryptionOf(air, client.label);
  if (key === 'radius') throw unrenderable(client.label, 'a station cannot log in by RADIUS');
  const bytes = [...new TextEncoder().encode(air.ssid)];
  const lines = [
    // By its bytes: no name can end the line.
    `ssid=${bytes.map((byte) => byte.toString(16).padStart(2, '0')).join('')}`,
    ...(air.hidden ? ['scan_ssid=1'] : []),
    ...(key === 'none'
      ? ['key_mgmt=NONE']
      : ['key_mgmt=WPA-PSK', `psk="${secretToken(air.key, 'line', client.label)}"`]),
  ];
  return `${HASH_HEADER}network={\n${lines.map((line) => `  ${line}\n`).join('')}}\n`;
}
