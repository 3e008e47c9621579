import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';

import { onTestFinished } from 'vitest';

import { HostTree } from '../../src/drivers/host-tree.ts';

/** A host on paper: the files in which a kernel would tell of it, below a directory of its own. */
export class PaperHost extends HostTree {
  readonly #top: string;

  constructor() {
    const top = mkdtempSync(join(tmpdir(), 'ripcord-host-'));
    super(top);
    this.#top = top;
    onTestFinished(() => rmSync(top, { recursive: true, force: true }));
  }

  file(path: string, text: string | Buffer, mode = 0o644): this {
    const file = join(this.#top, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text, { mode });
    return this;
  }

  directory(path: string): this {
    mkdirSync(join(this.#top, path), { recursive: true });
    return this;
  }

  link(path: string, to: string): this {
    const link = join(this.#top, path);
    mkdirSync(dirname(link), { recursive: true });
    symlinkSync(relative(dirname(link), join(this.#top, to)), link);
    return this;
  }

  /** An interface; `type` 1 is Ethernet. */
  port(name: string, mac = '02:00:00:00:00:01', type = '1'): this {
    const at = `sys/class/net/${name}`;
    return this.file(`${at}/address`, `${mac}\n`).file(`${at}/type`, `${type}\n`);
  }

  /** An interface that lies on others: a bridge or a VLAN. */
  above(name: string, ...below: readonly string[]): this {
    for (const each of below)
      this.link(`sys/class/net/${each}/upper_${name}`, `sys/class/net/${name}`);
    return this.port(name);
  }

  bridge(name: string, ...members: readonly string[]): this {
    for (const each of members) this.directory(`sys/class/net/${each}/brport`);
    return this.above(name, ...members);
  }

  /** A radio in a slot of a bus, with interfaces by their names. */
  radio(
    phy: string,
    slot: string,
    names: readonly string[],
    mac = `02:00:00:00:01:${phy.slice(-1)}0`,
  ): this {
    const [bus = ''] = slot.split(' ');
    const device = `sys/devices/${slot.replace(' ', '/')}`;
    if (!this.has(device, 'subsystem'))
      this.directory(`sys/bus/${bus}`).link(`${device}/subsystem`, `sys/bus/${bus}`);
    const at = `sys/class/ieee80211/${phy}`;
    this.file(`${at}/macaddress`, `${mac}\n`).link(`${at}/device`, device);
    for (const name of names) {
      const own = name.startsWith('vwlan') ? '02:00:00:00:09:99' : mac;
      this.port(name, own).file(`sys/class/net/${name}/phy80211/name`, `${phy}\n`);
    }
    return this;
  }

  /** The routes, as the kernel's table has them: interface, destination, mask, metric. */
  routes(...routes: readonly string[]): this {
    const lines = routes.map((route) => {
      const [name, destination, mask, metric = '0'] = route.split(' ');
      return [name, destination, '0100A8C0', '0003', '0', '0', metric, mask, '0', '0', '0'].join(
        '\t',
      );
    });
    return this.file('proc/net/route', `Iface\tDestination\tGateway\n${lines.join('\n')}\n`);
  }
}
