import type { Mutant } from './mutant.ts';

/** Syncs of the log, of HEAD and of a new root, removed: each is there because some power cut needs it. */
export const LOG_SYNC_MUTANTS: readonly Mutant[] = [
  {
    change: 'directory sync removed',
    at: 'of a file of the journal put in place',
    file: 'journal/durable-file.ts',
    find: `    disk.renameSync(draft, path);
    disk.syncDirSync(dirname(path));
`,
    put: `    disk.renameSync(draft, path);
`,
    tests: [
      'test/journal/power-cut.test.ts > leaves every blob that was put',
      'test/journal/snapshots.test.ts',
    ],
  },
  {
    change: 'directory sync removed',
    at: 'at the segment roll',
    file: 'journal/segment-writer.ts',
    find: `    if (ready) this.#next = 'absent';
    disk.syncDirSync(log);
`,
    put: `    if (ready) this.#next = 'absent';
`,
    tests: ['test/journal/power-cut.test.ts > loses nothing that was acknowledged'],
  },
  {
    change: 'fdatasync removed',
    at: 'of a flush',
    file: 'journal/segment-writer.ts',
    find: '    this.#options.disk.fdatasyncSync(this.#open());\n',
    put: '',
    tests: ['test/journal/power-cut.test.ts > loses nothing that was acknowledged'],
  },
  {
    change: 'fdatasync removed',
    at: 'of a fresh segment',
    file: 'journal/segment.ts',
    find: '    writeAll(disk, fd, freeSpace(bytes), 0);\n    disk.fsyncSync(fd);\n',
    put: '    writeAll(disk, fd, freeSpace(bytes), 0);\n',
    tests: ['test/journal/power-cut.test.ts > in the first batch of a fresh segment'],
  },
  {
    change: 'fdatasync removed',
    at: 'of a segment that is cut at the roll',
    file: 'journal/segment-writer.ts',
    find: '      disk.ftruncateSync(fd, this.#used);\n      disk.fsyncSync(fd);\n',
    put: '      disk.ftruncateSync(fd, this.#used);\n',
    tests: ['power segment-roll'],
  },
  {
    change: 'fdatasync removed',
    at: 'of what a dead writer left',
    file: 'journal/segment-writer.ts',
    find: `    writeAll(disk, this.#open(), bytes, unproven);
    disk.fdatasyncSync(this.#open());
`,
    put: `    writeAll(disk, this.#open(), bytes, unproven);
`,
    tests: [
      'test/journal/power-cut.test.ts > loses nothing that was acknowledged',
      'power killed-before-sync',
    ],
  },
  {
    change: 'directory sync removed',
    at: 'of the log, behind a dead writer',
    file: 'journal/segment-writer.ts',
    find: '    disk.syncDirSync(log);\n    this.#dirty = this.#used;\n',
    put: '    this.#dirty = this.#used;\n',
    tests: [
      'test/journal/power-cut.test.ts > loses nothing that was acknowledged',
      'power killed-first-install',
      'power segment-roll',
    ],
  },
  {
    change: 'directory sync removed',
    at: 'of the root, behind a dead writer',
    file: 'journal/segment-writer.ts',
    find: '    writer.settle(unproven);\n    disk.syncDirSync(root);\n',
    put: '    writer.settle(unproven);\n',
    tests: [
      'test/journal/power-cut.test.ts > loses nothing that was acknowledged',
      'power killed-first-install',
    ],
  },
  {
    change: 'fdatasync removed',
    at: 'of a segment that is written anew',
    file: 'journal/segment-writer.ts',
    find: `        writeAll(disk, fd, Buffer.concat([sound, bytes, freeSpace(free)]), 0);
        disk.fsyncSync(fd);
`,
    put: `        writeAll(disk, fd, Buffer.concat([sound, bytes, freeSpace(free)]), 0);
`,
    tests: ['test/journal/refusing-disk.test.ts > fails once', 'power refused-writes'],
  },
  {
    change: 'directory sync removed',
    at: 'of a segment that is written anew',
    file: 'journal/segment-writer.ts',
    find: '      disk.renameSync(fresh, path);\n      disk.syncDirSync(log);\n',
    put: '      disk.renameSync(fresh, path);\n',
    tests: ['test/journal/refusing-disk.test.ts > fails once', 'power refused-writes'],
  },
  {
    change: 'fdatasync removed',
    at: 'of HEAD',
    file: 'journal/head.ts',
    find: '    disk.fdatasyncSync(fd);\n',
    put: '',
    tests: ['test/journal/power-cut.test.ts > leaves the witness of what was sealed'],
  },
  {
    change: 'fdatasync removed',
    at: 'of HEAD as it is made',
    file: 'journal/head.ts',
    find: '    writeAll(disk, fd, Buffer.alloc(SLOT_BYTES * SLOTS, NEWLINE), 0);\n    disk.fsyncSync(fd);\n',
    put: '    writeAll(disk, fd, Buffer.alloc(SLOT_BYTES * SLOTS, NEWLINE), 0);\n',
    tests: ['power first-install'],
  },
  {
    change: 'directory sync removed',
    at: 'of a new log',
    file: 'journal/root.ts',
    find: '  disk.syncDirSync(paths.log);\n',
    put: '',
    tests: [
      'test/journal/power-cut.test.ts > leaves every blob that was put',
      'power first-install',
    ],
  },
  {
    change: 'directory sync removed',
    at: 'of a new root before it counts',
    file: 'journal/root.ts',
    find: '  disk.syncDirSync(root);\n',
    put: '',
    tests: [
      'test/journal/power-cut.test.ts > loses nothing that was acknowledged',
      'power first-install',
    ],
  },
  {
    change: 'directory sync removed',
    at: 'behind ripcord.json',
    file: 'journal/root.ts',
    find: '  await writeDurably(disk, rootPaths(root).facts, Buffer',
    put: `  const forgetful = new Proxy(disk, {
    get: (of, name) => {
      const found: unknown = Reflect.get(of, name);
      if (name === 'syncDirSync') return () => undefined;
      return typeof found === 'function' ? found.bind(of) : found;
    },
  });
  await writeDurably(forgetful, rootPaths(root).facts, Buffer`,
    tests: [
      'test/journal/power-cut.test.ts > leaves every blob that was put',
      'power first-install',
    ],
  },
  {
    change: 'directory sync removed',
    at: 'of a new directory',
    file: 'journal/durable-file.ts',
    find: '  disk.syncDirSync(parent);\n',
    put: '',
    tests: [
      'test/journal/power-cut.test.ts > leaves every blob that was put',
      'power first-install',
    ],
  },
  {
    change: 'fdatasync removed',
    at: 'of what is written again on a full disk',
    file: 'journal/log-sink.ts',
    find: "      this.#writer.sync();\n      return 'written';\n",
    put: "      return 'written';\n",
    tests: ['test/journal/refusing-disk.test.ts > is full once'],
  },
  {
    change: 'directory sync removed',
    at: 'of HEAD that was missing and is made again',
    file: 'journal/head.ts',
    find: '    disk.syncDirSync(dirname(path));\n',
    put: '    void dirname;\n',
    tests: ['test/journal/power-cut.test.ts > leaves the witness that was missing'],
  },
];
