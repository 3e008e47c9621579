import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  realpathSync,
  rmSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

import { buildContext, RECIPE } from '../../src/drivers/docker/build-context.ts';
import { EngineApi } from '../../src/drivers/docker/engine-api.ts';

const TOOLS = ['dockerd', 'containerd', 'runc', 'nsenter', 'unshare', 'ip', 'umount'];
const BUSYBOX = '/bin/busybox';

/** A machine that is very busy starts no containerd within the time that dockerd gives it. */
const STARTS_MAX = 5;

/** Why no engine of containers of our own can be had here; null when it can. */
export function whyNoDocker(): string | null {
  if (process.getuid?.() !== 0) return 'not root';
  const missing = TOOLS.filter((tool) => spawnSync('which', [tool]).status !== 0);
  if (missing.length > 0) return `no ${missing.join(', ')}`;
  if (!existsSync(BUSYBOX)) return 'no busybox';
  if (spawnSync('unshare', ['--net', 'true']).status !== 0) return 'no network namespaces';
  return null;
}

/**
 * A Docker Engine of a test's own: another socket, other directories and a network namespace, so that
 * it touches nothing of this machine's.
 */
export class PrivateDocker {
  readonly home: string;
  readonly socket: string;
  readonly #flags: readonly string[];
  readonly #holder: ChildProcess;
  #daemon: ChildProcess | null = null;

  private constructor(home: string, holder: ChildProcess, flags: readonly string[]) {
    this.home = home;
    this.socket = join(home, 'docker.sock');
    this.#holder = holder;
    this.#flags = flags;
  }

  static async start(...flags: readonly string[]): Promise<PrivateDocker> {
    const home = realpathSync(mkdtempSync(join(tmpdir(), 'ripcord-docker-')));
    // It holds the namespace while dockerd is dead.
    const holder = spawn(
      'unshare',
      ['--net', 'sh', '-c', 'ip link set lo up; echo up; exec sleep 100000'],
      {
        stdio: ['ignore', 'pipe', 'ignore'],
        env: { ...process.env, RIPCORD_ROOT: home },
      },
    );
    if (holder.stdout) await once(holder.stdout, 'data');
    const docker = new PrivateDocker(home, holder, flags);
    await docker.startDaemon();
    return docker;
  }

  /** How to run a command where its containers' ports are. */
  get launcher(): readonly string[] {
    return ['nsenter', '--net', `--target=${this.#holder.pid}`];
  }

  api(): EngineApi {
    return new EngineApi(this.socket, { patienceMs: 5_000 });
  }

  /** Starts dockerd (again) and waits until it answers. One that gives up on its containerd is started anew. */
  async startDaemon(): Promise<void> {
    for (let at = 0; at < STARTS_MAX; at++) if (await this.#startOnce()) return;
    throw new Error(`dockerd ended: ${this.log().slice(-2_000)}`);
  }

  /** Whether it answers; it has ended when it does not. */
  async #startOnce(): Promise<boolean> {
    this.#dropStalePids();
    const log = openSync(join(this.home, 'dockerd.log'), 'a');
    const [program = '', ...args] = [
      ...this.launcher,
      'dockerd',
      `--data-root=${join(this.home, 'data')}`,
      `--exec-root=${join(this.home, 'exec')}`,
      `--host=unix://${this.socket}`,
      `--pidfile=${join(this.home, 'docker.pid')}`,
      '--bip=172.29.0.1/24',
      '--default-address-pool=base=172.29.64.0/18,size=24',
      ...this.#flags,
    ];
    const env = { ...process.env, RIPCORD_ROOT: this.home };
    const daemon = spawn(program, args, { stdio: ['ignore', log, log], env });
    closeSync(log);
    this.#daemon = daemon;
    const api = new EngineApi(this.socket);
    while (daemon.exitCode === null && daemon.signalCode === null) {
      const answered = await api.version().then(
        () => true,
        () => false,
      );
      if (answered) return true;
      await pause(20);
    }
    return false;
  }

  /** Ends dockerd with a signal and waits for its end; its containers are as it left them. */
  async endDaemon(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    const daemon = this.#daemon;
    if (daemon === null || daemon.exitCode !== null || daemon.signalCode !== null) return;
    const ended = once(daemon, 'exit');
    daemon.kill(signal);
    await ended;
  }

  log(): string {
    return readFileSync(join(this.home, 'dockerd.log'), 'utf8');
  }

  /** Ends everything and removes it. */
  async destroy(): Promise<void> {
    if (this.#daemon?.exitCode !== null || this.#daemon.signalCode !== null) {
      await this.startDaemon().catch(() => undefined);
    }
    const api = this.api();
    const all = await api.containers({}).catch(() => []);
    await Promise.all(all.map(({ Id }) => api.removeContainer(Id).catch(() => undefined)));
    await this.endDaemon('SIGTERM');
    this.#holder.kill('SIGKILL');
    for (const path of mountsBelow(this.home)) spawnSync('umount', ['-l', path]);
    rmSync(this.home, { recursive: true, force: true });
  }

  /** A dead daemon's files keep the next one from starting while its number is somebody's. */
  #dropStalePids(): void {
    for (const file of ['docker.pid', 'exec/containerd/containerd.pid', 'exec/containerd.pid']) {
      const path = join(this.home, file);
      if (!existsSync(path)) continue;
      const pid = readFileSync(path, 'utf8').trim();
      const status = join('/proc', pid, 'status');
      const text = existsSync(status) ? readFileSync(status, 'utf8') : 'State:\tZ';
      if (file === 'docker.pid' || /^State:\s+Z/m.test(text)) rmSync(path);
    }
  }
}

/** What is mounted below a directory, the innermost first. */
function mountsBelow(directory: string): readonly string[] {
  return readFileSync('/proc/self/mounts', 'utf8')
    .split('\n')
    .map((line) => line.split(' ')[1] ?? '')
    .filter((path) => path.startsWith(`${directory}/`))
    .toReversed();
}

/** Makes the image `busybox:test`: a static busybox under all the names that tests use. */
export async function loadBusybox(docker: PrivateDocker): Promise<void> {
  const tree = join(docker.home, 'busybox');
  mkdirSync(join(tree, 'bin'), { recursive: true });
  const { status } = spawnSync(
    BUSYBOX,
    [
      'sh',
      '-c',
      `cp ${BUSYBOX} bin/busybox && for name in sh sleep cat echo env httpd id ls nc test true wget; do ln -s busybox bin/$name; done; mkdir tmp www data; chmod 1777 tmp`,
    ],
    { cwd: tree },
  );
  if (status !== 0) throw new Error('cannot make the tree of busybox');
  const recipe = 'FROM scratch\nCOPY . /\nCMD ["/bin/sleep", "100000"]\n';
  await docker.api().buildImage(() => buildContext(tree, recipe), {
    tag: 'busybox:test',
    labels: {},
    dockerfile: RECIPE,
  });
}
