import { expect, test } from 'vitest';

import { fillTokens, secretsIn, secretToken } from '../../../src/core/render/tokens.ts';

test('a mark becomes a token, and a token its value, as its place wants it', () => {
  const line = secretToken({ $secret: 'ab12' }, 'line', 'x');
  const uci = secretToken('{{secret:ab12}}', 'uci', 'x');
  const text = `key=${line}\noption key '${uci}'\nfile={{root}}/a\n`;
  expect(secretsIn(text)).toEqual(['ab12']);
  expect(fillTokens(text, { root: '/srv/r', secrets: { ab12: "it's {{root}}" } })).toBe(
    `key=it's {{root}}\noption key 'it'\\''s {{root}}'\nfile=/srv/r/a\n`,
  );
});

test.each(['hunter22', { $secret: 'a}}\n' }, { $secret: 7 }, {}, 12])(
  '%j is no mark and is refused without being told',
  (value) => {
    expect(() => secretToken(value, 'line', 'radio')).toThrow(
      'cannot render radio: its key is not kept as a secret',
    );
  },
);

test.each([
  ['a secret that is not there', {}, '/r', 'no secret toString'],
  ['a secret of two lines', { toString: 'a\nb' }, '/r', 'holds a control character'],
  ['a root that cannot be quoted', { toString: 'a' }, '/r"', 'no file can quote'],
])('%s is refused', (_, secrets, root, reason) => {
  const text = '{{secret:line:toString}} {{root}}';
  expect(() => fillTokens(text, { root, secrets: { ...secrets } })).toThrow(reason);
});
