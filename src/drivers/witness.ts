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
type Witness = {
  readonly instance: ProcessInstance;
  readonly chute: ChuteName;
  readonly service: ServiceName;
};

/**
 * Writes down who a service's new process is and where in its log it begins, and forgets those that
 * have ended.
 */
export function writeWitness(
  root: string,
  { chute, service, instance, logFrom }: Witness & { readonly logFrom: number },
): void {
  const directory = join(root, runDirectory(chute, service));
  mkdirSync(directory, { recursive: true });
  for (const name of namesIn(directory)) {
    const before = readInstance(join(directory, name));
    if (before === null || !isAlive(before)) rmSync(join(directory, name), { force: true });
  }
  writeFileSync(join(directory, `${instance.pid}`), JSON.stringify({ ...instance, logFrom }));
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

/** Where in its service's log the process with this mark begins; null when it was not written down. */
export function logStartOf(
  root: string,
  { chute, service, mark }: Pick<Witness, 'chute' | 'service'> & Pick<ProcessInstance, 'mark'>,
): number | null {
  const directory = join(root, runDirectory(chute, service));
  const written = namesIn(directory).map((name) => readInstance(join(directory, name)));
  return written.find((each) => each?.mark === mark)?.logFrom ?? null;
}

function readInstance(path: string): (ProcessInstance & { readonly logFrom?: number }) | null {
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
