import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import {
  mkdirSync,
  openSync,
  closeSync,
  rmSync,
  statfsSync,
  truncateSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';

import type { Device } from './device.ts';

export type FileSystem = 'tmpfs' | 'ext4';

const MEBIBYTE = 1024 * 1024;
/** Of Linux: ends all writing to a file system at once. */
const FS_IOC_SHUTDOWN = 0x80_04_58_7d;
const NO_LOG_FLUSH = 2;

/** The root of a device on a small file system of its own, in a mount namespace that nobody else sees. */
export class SmallDisk {
  readonly #device: Device;
  readonly #holder: ChildProcess;
  readonly #image: string;

  private constructor(device: Device, holder: ChildProcess, image: string) {
    this.#device = device;
    this.#holder = holder;
    this.#image = image;
  }

  /** Puts the root of a device that has none yet on such a disk. */
  static async under(device: Device, type: FileSystem, mebibytes: number): Promise<SmallDisk> {
    mkdirSync(device.root);
    const image = join(device.home, 'disk.img');
    if (type === 'ext4') {
      closeSync(openSync(image, 'w'));
      truncateSync(image, mebibytes * MEBIBYTE);
      execFileSync('mkfs.ext4', ['-q', '-m', '0', '-O', '^resize_inode', image]);
    }
    const mount =
      type === 'ext4'
        ? `mount -o loop '${image}' '${device.root}'`
        : `mount -t tmpfs -o size=${mebibytes}m none '${device.root}'`;
    // It ends with the pipe: nothing is left behind when the tests are killed.
    const holder = spawn('unshare', ['-m', 'sh', '-c', `${mount} && echo mounted && exec cat`], {
      stdio: ['pipe', 'pipe', 'ignore'],
    });
    await new Promise<void>((done, failed) => {
      holder.stdout.once('data', () => done());
      holder.once('close', () => failed(new Error(`cannot mount a ${type} for ${device.root}`)));
      holder.once('error', failed);
    });
    device.launcher = ['nsenter', `--mount=/proc/${holder.pid}/ns/mnt`, `--wd=${device.home}`];
    return new SmallDisk(device, holder, image);
  }

  /** A path below the root, as those see it who are outside. */
  path(...names: readonly string[]): string {
    return join(`/proc/${this.#holder.pid}/root`, this.#device.root, ...names);
  }

  freeBytes(): number {
    const { bavail, bsize } = statfsSync(this.path());
    return bavail * bsize;
  }

  /** Fills it until no more than so many bytes are left, rounded to its blocks. */
  fill(leave = 0): void {
    this.free();
    const file = openSync(this.path('filler'), 'w');
    try {
      for (let at = 0, rest = this.freeBytes(); rest > leave; rest = this.freeBytes()) {
        const block = Buffer.alloc(Math.min(rest - leave, MEBIBYTE), 1);
        at += writeSync(file, block, 0, block.length, at);
      }
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
    } finally {
      closeSync(file);
    }
  }

  /** Gives back what `fill` took. */
  free(): void {
    rmSync(this.path('filler'), { force: true });
  }

  /** What the kernel does to an ext4 that it cannot trust: from now on every write is refused. */
  abort(): void {
    this.#inside('mount', '-o', 'remount,abort', this.#device.root);
  }

  /** Loses what an ext4 has not written yet, as a power cut does: nothing is flushed any more. */
  cutPower(): void {
    const how = `my $how = pack('L', ${NO_LOG_FLUSH})`;
    const shutdown = `ioctl($root, ${FS_IOC_SHUTDOWN}, $how) // die $!`;
    const code = `${how}; open(my $root, '<', $ARGV[0]) or die $!; ${shutdown}`;
    this.#inside('perl', '-e', code, this.#device.root);
  }

  /** Mounts it again as after a reboot. Nobody may have a file of it open. */
  mountAgain(): void {
    this.#inside('umount', this.#device.root);
    this.#inside('mount', '-o', 'loop', this.#image, this.#device.root);
  }

  remount(how: 'ro' | 'rw'): void {
    this.#inside('mount', '-o', `remount,${how}`, this.#device.root);
  }

  /** Lets go of the namespace; with the last process in it the disk is gone. */
  release(): void {
    this.#holder.kill('SIGKILL');
  }

  #inside(...argv: readonly string[]): void {
    const [program = '', ...rest] = [...this.#device.launcher, ...argv];
    execFileSync(program, rest, { stdio: ['ignore', 'ignore', 'pipe'] });
  }
}

/** Why there can be no small disk of a type here; null where there can. */
export function whyNoDisk(type: FileSystem): string | null {
  if (process.getuid?.() !== 0) return 'only root may mount';
  const home = execFileSync('mktemp', ['-d'], { encoding: 'utf8' }).trim();
  const image = join(home, 'disk.img');
  const mount =
    type === 'ext4'
      ? `truncate -s 2M ${image} && mkfs.ext4 -q ${image} && mount -o loop ${image} ${home}`
      : `mount -t tmpfs -o size=1m none ${home}`;
  try {
    execFileSync('unshare', ['-m', 'sh', '-c', mount], { stdio: 'ignore' });
    return null;
  } catch {
    return `no ${type} can be mounted here`;
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
}
