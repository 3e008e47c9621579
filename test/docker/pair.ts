import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { rootLabels } from '../../src/drivers/docker/ours.ts';
import { Device, type Ran } from '../e2e/device.ts';
import type { PrivateDocker } from './private-docker.ts';

/** A device whose chute `pair` is two containers: `store`, and `web` that needs it. */
export class PairDevice {
  readonly device: Device;
  readonly #docker: PrivateDocker;

  private constructor(device: Device, docker: PrivateDocker) {
    this.device = device;
    this.#docker = docker;
  }

  static async make(docker: PrivateDocker): Promise<PairDevice> {
    const device = await Device.make();
    device.launcher = docker.launcher;
    return new PairDevice(device, docker);
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
  store:
    type: image
    image: busybox:test
    command: [sleep, "100000"]
    health: {exec: ["true"], settleMs: 0}
  web:
    type: inline
    dockerfile: |
      FROM busybox:test
      COPY index.html /srv/
    source: ./files-${version}
    command: ${JSON.stringify(command)}
    needs: [store]
    requests:
      port-bindings: [{external: ${this.device.port}, internal: 8080}]
    health: {http: {port: 8080, path: ${path}}, intervalMs: 50, retries: 3, settleMs: 0, withinMs: 10000}
`,
    );
  }

  async apply(version: number, fault = '', ...flags: readonly string[]): Promise<Ran> {
    const words = ['apply', `pair-${version}`, '-y', '--allow-downgrade', '--runtime', 'docker'];
    return this.device.ripcord([...words, ...flags], fault);
  }

  /** What the published port answers; null when nobody does. */
  answer(): string | null {
    const [program, ...args] = [
      ...this.#docker.launcher,
      'wget',
      '-qO-',
      '-T2',
      `http://127.0.0.1:${this.device.port}/`,
    ];
    const { status, stdout } = spawnSync(program, args, { encoding: 'utf8' });
    return status === 0 ? stdout.trim() : null;
  }

  /** Every container of its root: name and state. */
  async containers(): Promise<readonly string[]> {
    const all = await this.#docker.api().containers(rootLabels(this.device.root));
    return all.map(({ Names, State }) => `${Names[0]?.slice(1)} ${State}`).toSorted();
  }
}
