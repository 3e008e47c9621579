import { expect, test } from 'vitest';

import { accepted, chute, complaintsOf, parse, words } from './parse.ts';

const text = (fields: string): string =>
  `name: hello\nservices:\n  main:\n    interfaces:\n      wlan0: {type: wifi-ap, ${fields}}\n`;

const AT = 'services.main.interfaces.wlan0.';
const KEY_HINT = '(a key has 8 to 63 characters)';
const long = 'k'.repeat(64);

const REFUSED = [
  ['ssid: ""', 'ssid: has 0 bytes (an ssid has 1 to 32 bytes)'],
  [`wireless: {ssid: ${'s'.repeat(33)}}`, 'wireless.ssid: has 33 bytes'],
  [`options: {ssid: ${'ä'.repeat(17)}}`, 'options.ssid: has 34 bytes'],
  ['ssid: s, key: ""', `key: is empty ${KEY_HINT}`],
  ['ssid: s, key: short77', `key: has 7 characters ${KEY_HINT}`],
  [`ssid: s, wireless: {key: {secret: ${long}}}`, `wireless.key: has 64 characters ${KEY_HINT}`],
  ['ssid: s, key: "ümlautümlaut"', 'key: holds other than printable ASCII characters'],
  ['ssid: s, encryption: psk2', 'encryption: needs a key (write key: and 8 to 63 characters'],
  ['ssid: s, options: {encryption: psk-mixed+ccmp}', 'options.encryption: needs a key'],
  ['ssid: s, auth_secret: ""', 'auth_secret: is empty'],
  ['ssid: s, acct_secret: "a\\nb"', 'acct_secret: is more than one line'],
] as const;

test.each(REFUSED)('refuses {%s} before its value is hidden', (fields, beginning) => {
  const found = complaintsOf(text(fields));
  expect(found.map(words).join('\n')).toContain(`${AT}${beginning}`);
  expect(found).toHaveLength(1);
  expect(found[0]).toMatchObject({ line: 5, col: expect.any(Number) });
  expect(JSON.stringify(found)).not.toContain('short77');
  expect(JSON.stringify(found)).not.toContain(long);
});

const TAKEN = [
  [`ssid: ${'s'.repeat(32)}`],
  [`ssid: ${'ä'.repeat(16)}, key: 12345678`],
  ['ssid: s, encryption: psk2, key: "eight ch"'],
  [`ssid: s, key: ${'k'.repeat(63)}`],
  // What wins is looked at, and only that.
  ['ssid: s, key: x, options: {key: longenough}'],
  ['ssid: s, encryption: none'],
];

test.each(TAKEN)('takes {%s}', (fields) => {
  expect(accepted(text(fields)).definition.services).toHaveProperty(
    'main.interfaces.wlan0.wireless',
  );
});

test.each(['wireless', 'options'])(
  'warns of an unknown setting in %s with the nearest',
  (where) => {
    const written = text(`ssid: s, ${where}: {hiden: true, colour: red}`);
    const { warnings } = parse(written);
    expect(warnings.map(words).toSorted()).toEqual([
      expect.stringContaining(
        `${AT}${where}.colour: is not a known field (known here: ssid, key, `,
      ),
      `${AT}${where}.hiden: is not a known field (did you mean hidden?)`,
    ]);
    expect(warnings[0]).toMatchObject({ line: 5, col: expect.any(Number) });
    const { interfaces } = accepted(written).definition.services['main'] ?? {};
    expect(interfaces).toMatchObject({ wlan0: { wireless: { ssid: 's' } } });
    expect(JSON.stringify(interfaces)).not.toContain('hiden');
  },
);

test('says nothing about a fraction of 1.0: no text may stand there', () => {
  expect(parse(chute('requests: {cpu-fraction: 1.0}')).warnings).toEqual([]);
});
