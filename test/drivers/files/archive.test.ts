import { expect, test } from 'vitest';

import { releaseFetch } from '../../../src/drivers/files/release-fetch.ts';
import { fromArchive, GOOD } from './fetch-world.ts';
import { releasesOf } from './file-world.ts';
import { archiveOf, gzipped, type Entry } from './hostile-archive.ts';

test.each<{ name: string; entries: readonly Entry[]; names: string }>([
  { name: "'..'", entries: [{ path: '../out.txt', content: 'x' }], names: '../out.txt' },
  { name: "'..' inside", entries: [{ path: 'a/../../out', content: 'x' }], names: 'a/../../out' },
  { name: 'an absolute path', entries: [{ path: '/etc/out', content: 'x' }], names: '/etc/out' },
  {
    name: 'a link out',
    entries: [{ path: 'out', type: 'SymbolicLink', linkpath: '../../secret' }],
    names: 'out',
  },
  {
    name: 'an absolute link',
    entries: [{ path: 'out', type: 'SymbolicLink', linkpath: '/etc/passwd' }],
    names: 'out',
  },
  {
    name: 'a link that leads out through another link',
    entries: [
      { path: 'a/', type: 'Directory', mode: 0o755 },
      { path: 'a/up', type: 'SymbolicLink', linkpath: '..' },
      { path: 'a/out', type: 'SymbolicLink', linkpath: 'up/../secret' },
    ],
    names: 'a/out',
  },
  {
    name: 'a file written through a link',
    entries: [
      { path: 'dir', type: 'SymbolicLink', linkpath: 'other' },
      { path: 'dir/file', content: 'x' },
    ],
    names: 'dir/file',
  },
  {
    name: 'a hard link out',
    entries: [{ path: 'out', type: 'Link', linkpath: '/etc/passwd' }],
    names: 'out',
  },
  { name: 'a device', entries: [{ path: 'null', type: 'CharacterDevice' }], names: 'null' },
  { name: 'a pipe', entries: [{ path: 'pipe', type: 'FIFO' }], names: 'pipe' },
  { name: 'a setuid file', entries: [{ path: 'su', mode: 0o4755, content: 'x' }], names: 'su' },
  {
    name: 'a name that comes twice',
    entries: [
      { path: 'app.js', content: 'good' },
      { path: './app.js', content: 'evil' },
    ],
    names: './app.js',
  },
  {
    name: 'more bytes than a release may have',
    entries: [{ path: 'bomb', size: 2 ** 31 }],
    names: 'bomb',
  },
])('refuses $name, and names the entry', async ({ entries, names }) => {
  for (const bytes of [archiveOf(entries), gzipped([...GOOD, ...entries])]) {
    const { root, args, context } = await fromArchive(bytes);
    await expect(releaseFetch.run(context, args, { existed: false })).rejects.toMatchObject({
      code: 'RIPCORD_ARCHIVE_UNSAFE',
      class: 'permanent',
      message: expect.stringMatching(/^cannot use source '\/.*' of \w+: entry '/),
      details: { entry: names, reason: expect.any(String) },
    });
    expect(releasesOf(root)).toEqual({});
  }
});
