import type { Mutant } from './mutants.ts';

const POWER_CUT = 'test/journal/power-cut.test.ts';
const REFUSING = 'test/journal/refusing-disk.test.ts';

/**
 * Syncs of the journal and of the drivers, removed: each is there because some power cut needs it. The
 * one behind the ballast is not among them: it makes room now, and what a cut brings back does no harm.
 */
export const SYNC_MUTANTS: readonly Mutant[] = [
  {
    name: 'fsync of a fresh segment removed',
    file: 'journal/segment.ts',
    find: '    writeAll(disk, fd, freeSpace(bytes), 0);\n    disk.fsyncSync(fd);\n',
    put: '    writeAll(disk, fd, freeSpace(bytes), 0);\n',
    tests: [POWER_CUT],
  },
  {
    name: 'fsync of a segment that is cut at the roll removed',
    file: 'journal/segment-writer.ts',
    find: '      disk.ftruncateSync(fd, this.#used);\n      disk.fsyncSync(fd);\n',
    put: '      disk.ftruncateSync(fd, this.#used);\n',
    tests: ['power segment-roll'],
  },
  {
    name: 'sync of what a dead writer left removed',
    file: 'journal/segment-writer.ts',
    find: `    writeAll(disk, this.#open(), bytes, unproven);
    disk.fdatasyncSync(this.#open());
`,
    put: `    writeAll(disk, this.#open(), bytes, unproven);
`,
    tests: [POWER_CUT, 'power killed-before-sync'],
  },
  {
    name: 'directory sync behind a dead writer removed',
    file: 'journal/segment-writer.ts',
    find: '    disk.syncDirSync(log);\n    this.#dirty = this.#used;\n',
    put: '    this.#dirty = this.#used;\n',
    tests: [POWER_CUT, 'power killed-first-install', 'power segment-roll'],
  },
  {
    name: 'sync of the root behind a dead writer removed',
    file: 'journal/segment-writer.ts',
    find: '    writer.settle(unproven);\n    disk.syncDirSync(root);\n',
    put: '    writer.settle(unproven);\n',
    tests: [POWER_CUT, 'power killed-first-install'],
  },
  {
    name: 'fsync of a segment that is written anew removed',
    file: 'journal/segment-writer.ts',
    find: `        writeAll(disk, fd, Buffer.concat([sound, bytes, freeSpace(free)]), 0);
        disk.fsyncSync(fd);
`,
    put: `        writeAll(disk, fd, Buffer.concat([sound, bytes, freeSpace(free)]), 0);
`,
    tests: [REFUSING, 'power refused-writes'],
  },
  {
    name: 'directory sync of a segment that is written anew removed',
    file: 'journal/segment-writer.ts',
    find: '      disk.renameSync(fresh, path);\n      disk.syncDirSync(log);\n',
    put: '      disk.renameSync(fresh, path);\n',
    tests: [REFUSING, 'power refused-writes'],
  },
  {
    name: 'fdatasync of HEAD removed',
    file: 'journal/head.ts',
    find: '    disk.fdatasyncSync(fd);\n',
    put: '',
    tests: [POWER_CUT],
  },
  {
    name: 'fsync of HEAD as it is made removed',
    file: 'journal/head.ts',
    find: '    writeAll(disk, fd, Buffer.alloc(SLOT_BYTES * SLOTS, NEWLINE), 0);\n    disk.fsyncSync(fd);\n',
    put: '    writeAll(disk, fd, Buffer.alloc(SLOT_BYTES * SLOTS, NEWLINE), 0);\n',
    tests: ['power first-install'],
  },
  {
    name: 'directory sync of a new log removed',
    file: 'journal/root.ts',
    find: '  disk.syncDirSync(paths.log);\n',
    put: '',
    tests: [POWER_CUT, 'power first-install'],
  },
  {
    name: 'sync of a new root before it counts removed',
    file: 'journal/root.ts',
    find: '  disk.syncDirSync(root);\n',
    put: '',
    tests: [POWER_CUT, 'power first-install'],
  },
  {
    name: 'directory sync behind ripcord.json removed',
    file: 'journal/root.ts',
    find: '  await writeDurably(disk, paths.facts, Buffer',
    put: `  const forgetful = new Proxy(disk, {
    get: (of, name) => {
      const found: unknown = Reflect.get(of, name);
      if (name === 'syncDirSync') return () => undefined;
      return typeof found === 'function' ? found.bind(of) : found;
    },
  });
  await writeDurably(forgetful, paths.facts, Buffer`,
    tests: [POWER_CUT, 'power first-install'],
  },
  {
    name: 'directory sync of a new directory removed',
    file: 'journal/durable-file.ts',
    find: '  disk.syncDirSync(parent);\n',
    put: '',
    tests: [POWER_CUT, 'power first-install'],
  },
  {
    name: 'fdatasync in the thread pool removed',
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
    name: 'directory sync of a blob that is there removed',
    file: 'journal/blobs.ts',
    find: '      disk.syncDirSync(directory);\n',
    put: '',
    tests: [POWER_CUT],
  },
  {
    name: 'directory sync of a secret that is there removed',
    file: 'journal/secrets-store.ts',
    find: 'Buffer.compare(present, bytes) === 0) disk.syncDirSync(directory);',
    put: 'Buffer.compare(present, bytes) === 0) void directory;',
    tests: [POWER_CUT],
  },
  {
    name: 'directory sync of the key that is there removed',
    file: 'journal/secrets-store.ts',
    find: '      disk.syncDirSync(directory);\n      return present;\n',
    put: '      return present;\n',
    tests: [POWER_CUT],
  },
  {
    name: 'directory sync of a dropped secret removed',
    file: 'journal/secrets-store.ts',
    find: '      disk.unlinkSync(path);\n      disk.syncDirSync(directory);\n',
    put: '      disk.unlinkSync(path);\n',
    tests: [POWER_CUT],
  },
  {
    name: 'a repair does not witness first what it knows of',
    file: 'journal/repair.ts',
    find: '  if (survey.known.seq > survey.head.seq) writeHead(disk, paths.head, survey.known);\n',
    put: '',
    tests: ['power repair-behind-head'],
  },
  {
    name: 'fdatasync of the HEAD of a repair removed',
    file: 'journal/head.ts',
    find: '    disk.fdatasyncSync(fd);\n',
    put: '',
    tests: ['power repair-behind-head'],
  },
  {
    name: 'directory sync of what a repair removes removed',
    file: 'journal/repair.ts',
    find: '    disk.syncDirSync(join(root, directory));\n',
    put: '    void directory;\n',
    tests: [POWER_CUT],
  },
  {
    name: 'directory sync of the HEAD of a repair removed',
    file: 'journal/repair.ts',
    find: '  disk.renameSync(draft, path);\n  disk.syncDirSync(root);\n',
    put: '  disk.renameSync(draft, path);\n',
    tests: [POWER_CUT, 'power repair'],
  },
  {
    name: 'directory sync of what a driver puts in place removed',
    file: 'src/drivers/durable.ts',
    find: '  await rename(from, to);\n  await syncDirectory(dirname(to));\n',
    put: '  await rename(from, to);\n',
    tests: ['power update'],
  },
  {
    name: 'directory sync of what a driver makes removed',
    file: 'src/drivers/durable.ts',
    find: '    await syncDirectory(dirname(made));\n',
    put: '    void made;\n',
    tests: ['power first-install'],
  },
  {
    name: 'directory sync of what a driver removes removed',
    file: 'src/drivers/durable.ts',
    find: '  if (await exists(dirname(path))) await syncDirectory(dirname(path));\n',
    put: '',
    tests: ['power remove', 'power failing-update'],
  },
  {
    name: 'sync of the files of a release removed',
    file: 'src/drivers/files/release-fetch.ts',
    find: '  await syncTree(tree);\n',
    put: '  void syncTree;\n',
    tests: ['power update'],
  },
  {
    name: 'directory sync of a link that goes removed',
    file: 'src/drivers/files/release-switch.ts',
    find: '      await syncDirectory(dirname(link));\n',
    put: '      void syncDirectory;\n',
    tests: ['power remove', 'power failing-update'],
  },
  {
    name: 'sync of a file of the host removed',
    file: 'src/drivers/config/config-file.ts',
    find: '{ mode, flush: true }',
    put: '{ mode }',
    tests: ['power host-configuration'],
  },
  {
    name: 'directory sync of a file of the host that goes removed',
    file: 'src/drivers/config/config-file.ts',
    find: '    await syncDirectory(dirname(to)).catch(() => undefined);\n',
    put: '    void syncDirectory;\n',
    tests: ['power host-configuration', 'power remove'],
  },
  {
    name: 'what an attempt finds done is taken for durable',
    file: 'src/engine/carry-out.ts',
    find: '  if (attempt > 1) await',
    put: '  if (attempt > 1e9) await',
    tests: ['power killed-first-install'],
  },
  {
    name: 'what a probe finds done is taken for durable',
    file: 'src/engine/carry-out.ts',
    find: "    if (found?.state === 'done') await shop.host.secure?.(attempt.step);\n",
    put: '',
    tests: ['power killed-before-other-syncs'],
  },
];
