import type { Mutant } from './mutant.ts';

/** Syncs of what the journal keeps beside its log, of a repair and of the file system itself, removed. */
export const ASIDE_SYNC_MUTANTS: readonly Mutant[] = [
  {
    change: 'fdatasync removed',
    at: 'in the thread pool',
    file: 'journal/disk-node.ts',
    find: `    fs.fdatasync(fd, (error) => {
      if (error) reject(error);
      else resolve();
    });
`,
    put: '    resolve();\n    void reject;\n',
    tests: ['power first-install'],
  },
  {
    change: 'directory sync removed',
    at: 'of a blob that is there',
    file: 'journal/blobs.ts',
    find: '      disk.syncDirSync(directory);\n',
    put: '',
    tests: [
      'test/journal/power-cut.test.ts > leaves what was put again by somebody who found it there',
    ],
  },
  {
    change: 'directory sync removed',
    at: 'of a secret that is there',
    file: 'journal/secrets-store.ts',
    find: 'Buffer.compare(present, bytes) === 0) disk.syncDirSync(directory);',
    put: 'Buffer.compare(present, bytes) === 0) void directory;',
    tests: [
      'test/journal/power-cut.test.ts > leaves a secret that was put again after a sync that failed',
    ],
  },
  {
    change: 'directory sync removed',
    at: 'of the key that is there',
    file: 'journal/secrets-store.ts',
    find: '      disk.syncDirSync(directory);\n      return present;\n',
    put: '      return present;\n',
    tests: [
      'test/journal/power-cut.test.ts > leaves the key by which somebody has told secrets apart',
      'test/journal/power-cut.test.ts > leaves what was put again by somebody who found it there',
    ],
  },
  {
    change: 'directory sync removed',
    at: 'of a dropped secret',
    file: 'journal/secrets-store.ts',
    find: '      disk.unlinkSync(path);\n      disk.syncDirSync(directory);\n',
    put: '      disk.unlinkSync(path);\n',
    tests: ['test/journal/power-cut.test.ts > brings no secret back that was dropped'],
  },
  {
    change: 'what another process left is believed',
    at: 'a repair does not witness first what it knows of',
    file: 'journal/repair.ts',
    find: '  if (survey.known.seq > survey.head.seq) writeHead(disk, paths.head, survey.known);\n',
    put: '',
    tests: ['power repair-behind-head'],
  },
  {
    change: 'fdatasync removed',
    at: 'of the HEAD of a repair',
    file: 'journal/head.ts',
    find: '    disk.fdatasyncSync(fd);\n',
    put: '',
    tests: ['power repair-behind-head'],
  },
  {
    change: 'directory sync removed',
    at: 'of what a repair removes',
    file: 'journal/repair.ts',
    find: '    disk.syncDirSync(join(root, directory));\n',
    put: '    void directory;\n',
    tests: ['test/journal/power-cut.test.ts > leaves a root whole that was told to be repaired'],
  },
  {
    change: 'directory sync removed',
    at: 'of the HEAD of a repair',
    file: 'journal/repair.ts',
    find: '  disk.renameSync(draft, path);\n  disk.syncDirSync(root);\n',
    put: '  disk.renameSync(draft, path);\n',
    tests: [
      'test/journal/power-cut.test.ts > leaves a root whole that was told to be repaired',
      'power repair',
    ],
  },
  {
    change: 'fdatasync removed',
    at: 'of the real file system',
    file: 'journal/disk-node.ts',
    find: 'fdatasyncSync: (fd) => fs.fdatasyncSync(fd),',
    put: 'fdatasyncSync: () => undefined,',
    tests: ['power update'],
  },
  {
    change: 'fdatasync removed',
    at: 'fsync of the real file system',
    file: 'journal/disk-node.ts',
    find: 'fsyncSync: (fd) => fs.fsyncSync(fd),',
    put: 'fsyncSync: () => undefined,',
    tests: ['power first-install'],
  },
  {
    change: 'directory sync removed',
    at: 'of the real file system',
    file: 'journal/disk-node.ts',
    find: '      fs.fsyncSync(fd);\n    } finally {',
    put: '      void fd;\n    } finally {',
    tests: ['power first-install'],
  },
  {
    change: 'directory sync removed',
    at: 'behind the ballast',
    file: 'journal/reserve.ts',
    find: '      disk.syncDirSync(root);\n',
    put: '',
    tests: ['test/journal/refusing-disk.test.ts > is full has the ballast given up first'],
  },
];
