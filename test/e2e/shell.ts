import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { afterAll } from 'vitest';

import { freePort } from '../free-port.ts';
import { type Begun, Device } from './device.ts';

const devices: Device[] = [];

afterAll(() => {
  for (const each of devices) each.destroy();
});

/** A device that is gone, with all that runs on it, when the tests of the file are over. */
export async function device(): Promise<Device> {
  const made = await Device.make();
  devices.push(made);
  return made;
}

/** Resolves once a command that was begun has printed a text. */
export async function printed({ child, told, ended }: Begun, text: string): Promise<void> {
  await new Promise<void>((done, failed) => {
    const look = (): void => {
      if (told().includes(text)) done();
    };
    child.stdout?.on('data', look);
    child.stderr?.on('data', look);
    void ended.then(() => failed(new Error(`it ended without '${text}': ${told()}`)));
    look();
  });
}

/**
 * A chute whose health check takes as long as somebody likes: it is well once `finish` was called. The
 * gate of its update waits for that.
 */
export type SlowChute = { readonly directory: string; readonly port: number; finish(): void };

export async function slowChute(on: Device, name = 'slow', version = 1): Promise<SlowChute> {
  const directory = join(on.home, `${name}-${version}`);
  const flag = join(on.home, `${name}-${version}-is-well`);
  const port = await freePort();
  mkdirSync(directory, { recursive: true });
  writeFileSync(
    join(directory, 'chute.yaml'),
    JSON.stringify({
      name,
      version,
      services: {
        main: {
          image: 'node',
          source: '.',
          command: ['node', 'server.mjs'],
          environment: { FLAG: flag },
          health: {
            http: { port, path: '/health' },
            intervalMs: 50,
            settleMs: 0,
            retries: 10_000,
            withinMs: 600_000,
          },
        },
      },
      web: { service: 'main', port },
    }),
  );
  writeFileSync(join(directory, 'server.mjs'), SERVER);
  return { directory, port, finish: () => writeFileSync(flag, '') };
}

const SERVER = `import { createServer } from 'node:http';
import { existsSync } from 'node:fs';
const server = createServer((request, response) => {
  response.statusCode = existsSync(process.env.FLAG) ? 200 : 503;
  response.end('version ' + process.env.RIPCORD_CHUTE_VERSION);
});
server.listen(Number(process.env.PORT));
process.on('SIGTERM', () => process.exit(0));
`;

/** The lines of a text as JSON values. */
export function jsonLines(text: string): readonly Record<string, unknown>[] {
  return text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

/** Whether a root was made. */
export const rootExists = (on: Device): boolean => existsSync(join(on.root, 'ripcord.json'));
