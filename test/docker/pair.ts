import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

import { rootLabels } from '../../src/drivers/docker/ours.ts';
import { type Begun, Device, type Ran } from '../e2e/device.ts';
import type { PrivateDocker } from './private-docker.ts';

const STORE = `  store:
    type: image
    image: busybox:test
    command: [sh, -c, "echo stored; exec sleep 100000"]
    health: {exec: ["true"], settleMs: 0}
`;
const UP_WITHIN_MS = 10_000;

/** A device whose chute `pair` is two containers: `store`, and `web` that needs it. */
export class PairDevice {
  readonly device: Device;
  readonly #docker: PrivateDocker;

  readonly #store: string;

  private constructor(device: Device, docker: PrivateDocker, store: string) {
    this.device = device;
    this.#docker = docker;
    this.#store = store;
  }

  static async make(docker: PrivateDocker, services: 'both' | 'web' = 'both'): Promise<PairDevice> {
    const device = await Device.make();
    device.launcher = docker.launcher;
    return new PairDevice(device, docker, services === 'both' ? STORE : '');
  }

  /** Writes a version of the definition and what it is made of. */
  define(version: number, more: { readonly path?: string; readonly command?: string } = {}): void {
    const { path = '/', command = 'exec httpd -f -p 8080 -h /srv' } = more;
    const files = join(this.device.home, `pair-${version}`, `files-${version}`);
    mkdirSync(files, { recursive: true });
    writeFileSync(join(files, 'index.html'), `version ${version}\n`);
    this.device.define(
      `pair-${version}`,
      `name: pair
version: ${version}
services:
${this.#store}  web:
    type: inline
    dockerfile: |
      FROM busybox:test
      COPY index.html /srv/
    source: ./files-${version}
    command: ${JSON.stringify(command)}
    needs: ${this.#store === '' ? '[]' : '[store]'}
    requests:
      port-bindings: [{external: ${this.device.port}, internal: 8080}]
    health: {http: {port: 8080, path: ${path}}, intervalMs: 50, retries: 3, settleMs: 0, withinMs: 10000}
`,
    );
  }

  async apply(version: number, fault = '', ...flags: readonly string[]): Promise<Ran> {
    return this.device.ripcord([...applyWords(version), ...flags], fault);
  }

  begin(version: number): Begun {
    return this.device.begin([...applyWords(version), '--progress', 'plain']);
  }

  /** What the published port answers; null when nobody does for as long as a container takes to be up. */
  async answer(): Promise<string | null> {
    const url = `http://127.0.0.1:${this.device.port}/`;
    const [program, ...args] = [...this.#docker.launcher, 'wget', '-qO-', '-T2', '-t1', url];
    const end = performance.now() + UP_WITHIN_MS;
    do {
      const { status, stdout } = spawnSync(program, args, { encoding: 'utf8' });
      if (status === 0) return stdout.trim();
      await pause(50);
    } while (performance.now() < end);
    return null;
  }

  /** Its containers while all is well. */
  get whole(): readonly string[] {
    return [...(this.#store === '' ? [] : ['pair-store running']), 'pair-web running'];
  }

  /** Every container of its root: name and state. */
  async containers(): Promise<readonly string[]> {
    const all = await this.#docker.api().containers(rootLabels(this.device.root));
    return all.map(({ Names, State }) => `${Names[0]?.slice(1)} ${State}`).toSorted();
  }
}

const applyWords = (version: number): readonly string[] => [
  'apply',
  `pair-${version}`,
  '-y',
  '--allow-downgrade',
  '--runtime',
  'docker',
];
