const GOOD = [
  'name: hello',
  'version: 1',
  'services:',
  '  main:',
  '    type: light',
  '    image: node',
  '    source: .',
  '    command: node server.mjs',
];
/** A sound definition with more lines at its end. */
export const good = (...more: readonly string[]): string => `${[...GOOD, ...more].join('\n')}\n`;

/** Nine levels of nine: some 400 million values in 400 bytes. */
const bomb = ['a: &a [x,x,x,x,x,x,x,x,x]']
  .concat(
    ['ba', 'cb', 'dc', 'ed', 'fe', 'gf', 'hg', 'ih'].map(
      ([to = '', of = '']) =>
        `${to}: &${to} [${Array.from({ length: 9 }, () => `*${of}`).join(',')}]`,
    ),
  )
  .join('\n');

/** A definition with something wrong in it. */
export type Wrong = {
  readonly name: string;
  readonly text: string | Uint8Array;
  /** Where the complaint points: line and column. */
  readonly at: string;
  /** What the message says beside the place. */
  readonly says: RegExp;
};

/** Definitions that are refused, and what for. */
export const WRONG: readonly Wrong[] = [
  {
    name: 'unknown-field',
    text: good('    comand: x'),
    at: '9:5',
    says: /comand.*not a known field/,
  },
  {
    name: 'bad-port',
    text: good('web:', '  service: main', '  port: 99999'),
    at: '11:9',
    says: /web\.port.*65535/,
  },
  {
    name: 'port-text',
    text: good('web:', '  service: main', '  port: http'),
    at: '11:9',
    says: /web\.port/,
  },
  {
    name: 'duplicate-key',
    text: 'name: hello\nversion: 1\nversion: 2\n',
    at: '3:1',
    says: /version.*twice/,
  },
  {
    name: 'source-outside',
    text: good().replace('source: .', 'source: ../../etc'),
    at: '7:13',
    says: /outside/,
  },
  {
    name: 'volume-outside',
    text: good('    volumes:', '      /data/../../etc: { name: data }'),
    at: '10:7',
    says: /\.\./,
  },
  { name: 'proto', text: good('__proto__:', '  polluted: 1'), at: '9:1', says: /__proto__/ },
  {
    name: 'proto-deep',
    text: good('    environment:', '      __proto__: x'),
    at: '10:7',
    says: /__proto__/,
  },
  {
    name: 'constructor',
    text: '{"name":"hello","version":1,"constructor":{}}',
    at: '1:29',
    says: /constructor/,
  },
  {
    name: 'ten-megabytes',
    text: `name: hello\n${'# filler filler filler\n'.repeat(460_000)}`,
    at: '45591:18',
    says: /1 MiB/,
  },
  { name: 'alias-bomb', text: `${bomb}\nname: hello\nversion: 1\n`, at: '5:20', says: /aliases/ },
  {
    name: 'alias-circle',
    text: 'name: &a [*a]\nversion: 1\n',
    at: '1:11',
    says: /\*a|a stands inside/,
  },
  {
    name: 'two-documents',
    text: `${good()}---\nname: two\nversion: 1\n`,
    at: '9:1',
    says: /document/,
  },
  { name: 'syntax', text: 'name: hello\nversion: [1\n', at: '3:1', says: /not YAML/ },
  { name: 'tabs', text: 'name: hello\nservices:\n\tmain: 1\n', at: '3:1', says: /not YAML/ },
  {
    name: 'binary',
    text: Uint8Array.from([0x6e, 0x61, 0x0a, 0x00, 0x01, 0xff, 0xfe, 0x80]),
    at: '2:3',
    says: /UTF-8/,
  },
  {
    name: 'latin-1',
    text: Uint8Array.from(Buffer.from('name: hello\nversion: h\u00e9llo\n', 'latin1')),
    at: '2:11',
    says: /UTF-8/,
  },
  { name: 'zeros', text: new Uint8Array(64), at: '1:1', says: /./ },
  { name: 'empty', text: '', at: '1:1', says: /empty/ },
  { name: 'only-comments', text: '# nothing\n', at: '1:1', says: /empty/ },
  { name: 'a-list', text: '- hello\n', at: '1:1', says: /map/ },
  { name: 'no-name-fits', text: good().replace('hello', 'Hello_World'), at: '1:7', says: /name/ },
  {
    name: 'no-services',
    text: 'name: hello\nversion: 1\nservices: {}\n',
    at: '3:11',
    says: /service/,
  },
  {
    name: 'cyclic-needs',
    text: good(
      '    needs: [other]',
      '  other:',
      '    type: light',
      '    image: node',
      '    source: .',
      '    command: node x',
      '    needs: [main]',
    ),
    at: '9:12',
    says: /circle/,
  },
  { name: 'needs-nobody', text: good('    needs: [nobody]'), at: '9:12', says: /nobody/ },
  {
    name: 'secret-in-argv',
    text: good().replace('node server.mjs', '[node, {secret: hunter2}]'),
    at: '8:21',
    says: /command/,
  },
];
