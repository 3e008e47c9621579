import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

import { expect, onTestFinished, test } from 'vitest';

import { nodeDisk } from '../../journal/disk-node.ts';
import { isLocked, readHolder, takeLock } from '../../journal/lock.ts';
import { scratch } from './scratch.ts';
import { openSmall, writtenRoot } from './written-root.ts';

const WRITER = fileURLToPath(new URL('writer-child.ts', import.meta.url));
const note = { command: 'ripcord apply', since: '2026-11-22T10:00:00.000Z' };

test('only one opener in a process gets the lock, whatever it calls the directory', async () => {
  const root = await writtenRoot(1);
  const link = join(scratch(), 'link');
  symlinkSync(root, link);
  const journal = await openSmall(root);
  await expect(openSmall(link)).rejects.toMatchObject({
    code: 'RIPCORD_JOURNAL_LOCKED',
    message: expect.stringContaining(`process ${process.pid} (test) has held it since 2026-11-22`),
    details: { holder: { pid: process.pid, command: 'test', started: expect.any(Number) } },
  });
  expect(await isLocked(root)).toBe(true);
  await journal.close();
  expect(await isLocked(root)).toBe(false);
  expect(readHolder(nodeDisk, root)).toBeNull();
  const next = await openSmall(link);
  await next.close();
});

test('another process is kept out until the holder is killed, then gets in at once', async () => {
  const root = scratch();
  const child = spawn(process.execPath, ['--import', 'tsx', WRITER, root], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  await once(createInterface({ input: child.stdout }), 'line');
  await expect(takeLock(nodeDisk, root, note)).rejects.toMatchObject({
    code: 'RIPCORD_JOURNAL_LOCKED',
    details: { holder: { pid: child.pid } },
  });
  child.kill('SIGKILL');
  const lock = await takeLock(nodeDisk, root, note);
  expect(readHolder(nodeDisk, root)).toMatchObject({ pid: process.pid, ...note });
  await lock.release();
  await lock.release();
  expect(existsSync(join(root, 'holder.json'))).toBe(false);
});

test('an opener that fails leaves the lock to others', async () => {
  const root = scratch();
  const failing = {
    ...nodeDisk,
    writeSync: () => {
      throw Object.assign(new Error('EIO'), { code: 'EIO' });
    },
  };
  const { openJournal } = await import('../../journal/journal-disk.ts');
  const { machineClock } = await import('../../journal/machine-clock.ts');
  const options = { root, clock: machineClock(), create: true };
  await expect(openJournal({ ...options, disk: failing })).rejects.toMatchObject({ code: 'EIO' });
  expect(await isLocked(root)).toBe(false);
});
