/** What is recorded: each way in which the program writes to its root. */
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { create } from 'tar';

import { nodeDisk } from '../../journal/disk-node.ts';
import { readHead } from '../../journal/head.ts';
import { openJournal } from '../../journal/journal-disk.ts';
import { machineClock } from '../../journal/machine-clock.ts';
import type { ChuteEvent } from '../../src/core/events.ts';
import { foldAll } from '../../src/core/fold.ts';
import { linesOf, segmentsOf } from '../e2e/hurt.ts';
import type { Play, RecordedDevice } from './recording.ts';

/** A device with the box in its first version. */
export const install: Play['prepare'] = async (device) => {
  await device.prepare(`apply ${box(device, 1)} -y`);
  shortenSegment(device, ROOM_BYTES);
};

/** Free space in a segment that is cheap to look at and large enough for an update. */
const ROOM_BYTES = 48 * 1024;

export const PLAYS: readonly Play[] = [
  {
    name: 'first-install',
    prepare: async () => {},
    record: async (device) => {
      await device.record('apply hello -y');
    },
  },
  {
    name: 'killed-first-install',
    // The root is finished and its first records are written; no sync has reached them. Then directories
    // are made on the way to a link, and only the link is missed.
    prepare: async () => {},
    record: async (device) => {
      await device.recordKilled('apply hello -y', 2);
      await device.recordKilled('apply hello -y', '/services');
      await device.record('apply hello -y');
    },
  },
  {
    name: 'update',
    prepare: async (device) => {
      await device.prepare('apply hello -y');
      shortenSegment(device, ROOM_BYTES);
    },
    record: async (device) => {
      await device.record('apply hello-v2 -y');
    },
  },
  {
    name: 'failing-update',
    // It has a service more: the link of its release goes again, and its directory stays.
    prepare: install,
    record: async (device) => {
      await device.record(`apply ${withService(device, box(device, 2, false))} -y`, 4);
    },
  },
  {
    name: 'remove',
    prepare: install,
    record: async (device) => {
      await device.record('rm box -y');
    },
  },
  {
    name: 'host-configuration',
    prepare: install,
    record: async (device) => {
      await device.record(`apply ${box(device, 2, true, 40)} -y`);
      await device.record('rm box -y');
    },
  },
  {
    name: 'segment-roll',
    // A segment with room for some records more: the update goes on in the next one.
    prepare: async (device) => {
      await install(device);
      shortenSegment(device, 3000);
    },
    record: async (device) => {
      await device.record(`apply ${box(device, 2)} -y`);
    },
  },
  {
    name: 'refused-writes',
    // What a failed sync may have left is copied into a fresh file; a full disk takes the ballast.
    prepare: install,
    record: async (device) => {
      await device.record(`apply ${box(device, 2)} -y`, 0, 'eio@sync=3');
      await device.record(`apply ${box(device, 3)} -y`, 0, 'enospc@append=4');
    },
  },
  {
    name: 'archive',
    prepare: install,
    record: async (device) => {
      await device.record(`apply ${packed(device, box(device, 2))} -y`);
    },
  },
  {
    name: 'killed-before-sync',
    // Whoever comes next sees records that no sync has reached, and must not build on them.
    prepare: install,
    record: async (device) => {
      await device.recordKilled(`apply ${box(device, 2)} -y`, 4);
      await device.record('status');
    },
  },
  {
    name: 'killed-before-other-syncs',
    // What is found done was done by a process that did not live to sync it.
    prepare: install,
    record: async (device) => {
      await device.recordKilled(`apply ${box(device, 2, true, 40)} -y`, '/releases/[0-9a-f]{64}');
      await device.recordKilled('status', 'root/host/dnsmasq/.*[.]conf');
      await device.recordKilled('status', '/current');
      await device.record('status');
    },
  },
  {
    name: 'killed-removal',
    // What has lost its name for a process that died has it again after a power cut: whole, or not at all.
    prepare: install,
    record: async (device) => {
      await device.recordKilled('rm box -y', '/[.]gone-releases');
      await device.record('status');
    },
  },
  {
    name: 'cut-again',
    // The power goes in the middle of an append, and again while that is settled.
    prepare: async (device) => {
      await install(device);
      await device.loseLastWrite(`apply ${box(device, 2)} -y`, 4);
    },
    record: async (device) => {
      await device.record('status');
      const isTold = linesOf(device.device.root).some(({ type }) => type === 'journal.tailCut');
      if (!isTold) throw new Error('no torn end was cut: the play shows nothing');
    },
  },
  {
    name: 'snapshot',
    // The third one: the first has to go.
    prepare: async (device) => {
      await install(device);
      await makeSnapshots(device, 2);
      shortenSegment(device, ROOM_BYTES);
    },
    record: async (device) => {
      await device.record('rm box -y');
    },
  },
  {
    name: 'repair',
    prepare: async (device) => {
      await install(device);
      await device.prepare(`apply ${box(device, 2)} -y`);
      damageMiddle(device);
    },
    record: async (device) => {
      await device.record('journal repair');
    },
  },
  {
    name: 'repair-behind-head',
    // HEAD knows less than the log: what is cut off would be missed by nobody.
    prepare: async (device) => {
      await install(device);
      await device.prepareKilled(`apply ${box(device, 2)} -y`, 'kill@append=12');
      damageMiddle(device, witnessed(device) + 2);
    },
    record: async (device) => {
      await device.record('journal repair');
    },
  },
];

/** A chute of files, a link, a volume, a secret and a network; its health is as told. */
function box(
  { device: { home } }: RecordedDevice,
  version: number,
  isWell = true,
  start = 10,
): string {
  const directory = join(home, `box-${version}`);
  mkdirSync(join(directory, 'pages'), { recursive: true });
  writeFileSync(join(directory, 'pages', 'index.html'), `<p>${'version '.repeat(200)}${version}`);
  writeFileSync(join(directory, 'run.sh'), `#!/bin/sh\nexec sleep 86400 # ${version}\n`, {
    mode: 0o755,
  });
  writeFileSync(
    join(directory, 'chute.yaml'),
    JSON.stringify({
      name: 'box',
      version,
      services: {
        main: {
          type: 'light',
          image: 'node',
          source: '.',
          command: ['sleep', '86400'],
          environment: { TOKEN: { secret: `the secret of version ${version}` } },
          volumes: { '/kept': 'kept' },
          health: {
            exec: [isWell ? 'true' : 'false'],
            intervalMs: 10,
            settleMs: 0,
            retries: 1,
          },
          interfaces: {
            lan0: { type: 'vlan', 'vlan-id': 26, dhcp: { leasetime: '1h', start, limit: 20 } },
          },
        },
      },
      firewall: [{ name: 'page', type: 'redirect', from: '@host.lan:9026', to: 'lan0:80' }],
    }),
  );
  return directory;
}

/** The same chute with a service more, of the same files. */
function withService({ device: { home } }: RecordedDevice, directory: string): string {
  const definition = JSON.parse(readFileSync(join(directory, 'chute.yaml'), 'utf8')) as {
    services: { main: Readonly<Record<string, unknown>> };
  };
  const main = { ...definition.services.main, source: directory };
  const { type, image, command } = main as Readonly<Record<string, unknown>>;
  const side = { type, image, command, source: directory };
  const to = join(home, 'with-service');
  mkdirSync(to);
  const text = JSON.stringify({ ...definition, services: { main, side } });
  writeFileSync(join(to, 'chute.yaml'), text);
  return to;
}

/** Records that change nothing, with snapshots between them, and enough behind the last for another. */
async function makeSnapshots({ device: { root } }: RecordedDevice, count: number): Promise<void> {
  await using journal = await openJournal<ChuteEvent>({ root, clock: machineClock() });
  for (let n = 0; n <= count; n += 1) {
    const state = await foldAll(journal.read());
    if (n > 0) await journal.saveSnapshot(state.seq, state);
    const synced: ChuteEvent = { type: 'clock.synced', offsetMs: 0 };
    await journal.append(Array.from({ length: 101 }, () => synced));
  }
}

/** The same chute with its files in an archive. */
function packed({ device: { home } }: RecordedDevice, directory: string): string {
  const file = join(home, 'files.tar.gz');
  create({ file, gzip: true, sync: true, cwd: directory }, ['pages', 'run.sh']);
  const sha256 = createHash('sha256').update(readFileSync(file)).digest('hex');
  const definition = JSON.parse(readFileSync(join(directory, 'chute.yaml'), 'utf8')) as {
    services: { main: { source: unknown } };
  };
  definition.services.main.source = { type: 'archive', path: file, sha256 };
  mkdirSync(join(home, 'packed'));
  writeFileSync(join(home, 'packed', 'chute.yaml'), JSON.stringify(definition));
  return join(home, 'packed');
}

function segmentOf({ device: { root } }: RecordedDevice): string {
  return join(root, segmentsOf(root).at(-1) ?? '');
}

function shortenSegment(device: RecordedDevice, room: number): void {
  const path = segmentOf(device);
  truncateSync(path, readFileSync(path, 'latin1').trimEnd().length + 1 + room);
}

/** The last record that HEAD has seen. */
function witnessed({ device: { root } }: RecordedDevice): number {
  return readHead(nodeDisk, join(root, 'HEAD'))?.seq ?? 0;
}

/** What a medium does: a part of a record in the middle of the log is gone. */
function damageMiddle({ device: { root } }: RecordedDevice, from = 1): void {
  const all = linesOf(root).filter(({ seq }) => seq >= from);
  const lines = all.filter(({ type }) => type === 'step.succeeded');
  const line = lines[Math.floor(lines.length / 2)];
  if (line === undefined) throw new Error('there is no record to damage');
  const path = join(root, line.file);
  const bytes = readFileSync(path);
  bytes.fill(0, line.offset + 40, line.offset + 80);
  writeFileSync(path, bytes);
}
