import { readFileSync, statSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { RipcordError } from '../../core/errors.ts';
import { publish, syncDirectory } from '../durable.ts';
import { doing } from '../failure.ts';
import type { EngineInfo, EngineVersion } from './engine-types.ts';

/*
 * A root has one engine of containers. Which one this environment names may differ from shell to
 * service, and what runs in another is not there: it would be started a second time.
 */

/** Below the root: which engine of containers it has. Who removes it takes the next one that is used. */
const FILE = 'docker.json';

/** A root that holds on to its engine; `keeps`: one that has none yet gets the one that is asked. */
export type Bond = { readonly root: string; readonly keeps: boolean };

/** What an engine says of itself. */
export type Introduction = { readonly version: EngineVersion; readonly info: EngineInfo };

type Kept = { readonly engine: string; readonly socket: string };

/** By root, what was found right in this process: an engine is slow to say who it is. */
const admitted = new Map<string, string>();
const underWay = new Map<string, Promise<void>>();

/**
 * Makes sure that the engine at this socket is the one of the root. What is kept is on disk on return.
 *
 * Throws RIPCORD_DOCKER_FOREIGN when the root has another.
 */
export async function admit(
  { root, keeps }: Bond,
  socket: string,
  introduce: () => Promise<Introduction>,
): Promise<void> {
  const file = join(root, FILE);
  const kept = read(file);
  const seen = JSON.stringify([socket, birthOf(socket), kept?.engine]);
  if (kept === null ? !keeps : admitted.get(root) === seen) return;
  const engine = identityOf(await introduce());
  if (engine === null) return;
  if (kept === null) await keepOnce(file, { engine, socket });
  else if (kept.engine === engine) admitted.set(root, seen);
  else throw anotherEngine(file, kept, { engine, socket });
}

/** Podman makes up another id for each answer; where it keeps its containers stays. Pure. */
function identityOf({ version, info }: Introduction): string | null {
  const isPodman = version.Components?.some(({ Name }) => Name.startsWith('Podman')) ?? false;
  if (!isPodman) return info.ID || null;
  return info.DockerRootDir ? `podman ${info.DockerRootDir}` : null;
}

function anotherEngine(file: string, kept: Kept, found: Kept): RipcordError {
  return new RipcordError(
    'RIPCORD_DOCKER_FOREIGN',
    `cannot use the Docker Engine at ${found.socket}: it is ${found.engine}, and the containers of this root are in ${kept.engine}, which was at ${kept.socket}`,
    {
      class: 'permanent',
      details: { kept, found },
      hint: `RIPCORD_DOCKER=${kept.socket}, or to move to the new one for good: rm ${file}`,
    },
  );
}

function read(file: string): Kept | null {
  try {
    const { engine, socket } = JSON.parse(readFileSync(file, 'utf8')) as Partial<Kept>;
    return engine === undefined || socket === undefined ? null : { engine, socket };
  } catch {
    return null; // Not there, or rotten: what is used next is taken.
  }
}

/** Several steps may be the first at once. */
async function keepOnce(file: string, kept: Kept): Promise<void> {
  const keeping =
    underWay.get(file) ??
    doing(`write '${FILE}'`, () => keep(file, kept)).finally(() => underWay.delete(file));
  underWay.set(file, keeping);
  await keeping;
}

async function keep(file: string, kept: Kept): Promise<void> {
  const draft = `${file}.tmp`;
  await writeFile(draft, `${JSON.stringify(kept)}\n`);
  await syncDirectory(draft);
  await publish(draft, file);
}

/** Another engine at the same path makes its socket anew. */
function birthOf(socket: string): string {
  try {
    const { dev, ino, ctimeMs } = statSync(socket);
    return [dev, ino, ctimeMs].join(' ');
  } catch {
    return '';
  }
}
