import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { expect, test, vi } from 'vitest';

import { parseRequest } from '../../src/core/definition/parse.ts';
import { findElsewhere } from '../../src/library/definition-elsewhere.ts';
import { gzipped } from '../drivers/files/hostile-archive.ts';
import { temporaryRoot } from '../drivers/world.ts';

/** What somebody does between the look at a source and its use. */
let meanwhile = (): void => undefined;

vi.mock(import('../../src/drivers/files/observe-source.ts'), async (original) => {
  const module = await original();
  return {
    ...module,
    observeSource: async (...given) => {
      const found = await module.observeSource(...given);
      meanwhile();
      return found;
    },
  };
});

const inside = (command: string): Buffer =>
  gzipped([
    { path: 'chute.yaml', content: `name: inner\ntype: light\nuse: node\ncommand: ${command}\n` },
  ]);

test('a definition is read from the archive that its sha256 names, and from no other one', async () => {
  const directory = temporaryRoot();
  const archive = join(directory, 'app.tar.gz');
  const sha256 = createHash('sha256').update(inside('good')).digest('hex');
  const options = {
    file: 'outer.yaml',
    secret: (value: string) => ({ $secret: value }),
    strict: false,
    allowUnpinned: async () => false,
  };
  const parsed = parseRequest(`source: {path: app.tar.gz, sha256: ${sha256}}\n`, options);
  if (!parsed.ok || !('elsewhere' in parsed)) throw new Error(JSON.stringify(parsed));
  const find = async () => await findElsewhere(parsed, { directory, path: null }, options);

  writeFileSync(archive, inside('good'));
  expect((await find()).definition.services['main']?.command).toBe('good');
  meanwhile = () => writeFileSync(archive, inside('evil'));
  await expect(find()).rejects.toMatchObject({ code: 'RIPCORD_DIGEST_MISMATCH' });
});
