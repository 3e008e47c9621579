import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import type { ChuteName, ServiceName } from '../core/chute.ts';
import { chutesDirectory, runDirectory, servicesDirectory } from '../core/layout.ts';
import type { ProcessInstance } from '../core/step.ts';
import { isAlive } from './proc.ts';

/*
 * Programs that show a title of their own in `ps` write it over their environment, and our mark with
 * it. So a process is also written down beside its service, right after it was started. The files are
 * not synced: no process outlives their loss.
 */

/** A process as it was written down. */
export type Witness = {
  readonly instance: ProcessInstance;
  readonly chute: ChuteName;
  readonly service: ServiceName;
};

/** Writes down who a service's new process is, and forgets those that have ended. */
export function writeWitness(root: string, { chute, service, instance }: Witness): void {
  const directory = join(root, runDirectory(chute, service));
  mkdirSync(directory, { recursive: true });
  for (const name of namesIn(directory)) {
    const before = readInstance(join(directory, name));
    if (before === null || !isAlive(before)) rmSync(join(directory, name), { force: true });
  }
  writeFileSync(join(directory, `${instance.pid}`), JSON.stringify(instance));
}

/** Every process of this root that was written down and still lives. */
export function readWitnesses(root: string): readonly Witness[] {
  return namesIn(join(root, chutesDirectory())).flatMap((chute) =>
    namesIn(join(root, servicesDirectory(chute))).flatMap((service) => {
      const directory = join(root, runDirectory(chute, service));
      return namesIn(directory)
        .map((name) => readInstance(join(directory, name)))
        .filter((instance) => instance !== null)
        .filter(isAlive)
        .map((instance) => ({ instance, chute, service }));
    }),
  );
}

function readInstance(path: string): ProcessInstance | null {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as ProcessInstance;
  } catch {
    return null; // Cut off by a crash; the environment still tells.
  }
}

function namesIn(directory: string): readonly string[] {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
}
