import { randomUUID } from 'node:crypto';
import { closeSync, fsyncSync, openSync, readdirSync, rmSync, statSync, writeSync } from 'node:fs';
import { join } from 'node:path';

import { nodeDisk } from '../../../journal/disk-node.ts';
import { readHolder } from '../../../journal/lock.ts';
import { readRoot, rootPaths } from '../../../journal/root.ts';
import { verifyRoot } from '../../../journal/verify.ts';
import { codeOf } from '../../core/errors.ts';
import { chutesDirectory } from '../../core/layout.ts';
import type { State } from '../../core/state.ts';
import { diskSpace } from '../../drivers/host-disk.ts';
import { readStat } from '../../drivers/proc.ts';
import { isRootThere } from '../../library/root-place.ts';
import type { Context } from '../context.ts';
import { peek } from '../reader.ts';
import { duration } from '../terminal.ts';
import { type Finding, found, mebibytes } from './finding.ts';

/** Below this an update may find no room for its rollback. */
const FREE_MIB_MIN = 64;
const SYNCS = 5;
const PAGE_BYTES = 4096;
const BLOCK_BYTES = 512;

/**
 * The root as it is found: journal, disk, who holds it. Nothing in it is changed and no lock is taken;
 * how long a sync takes is measured with a file of its own, which is gone on return.
 */
export async function lookAtRoot(context: Context): Promise<readonly Finding[]> {
  const { root, rootFlag } = context;
  const engine = found('engine');
  try {
    if (isRootThere(root)) {
      await lookAtJournal(context, engine);
      measureSync(root, engine);
      lookAtHolder(root, engine);
    } else engine.odd(`root ${root} is not there yet: ripcord apply FILE${rootFlag} makes it`);
  } catch (error) {
    engine.bad(messageOf(error));
  }
  const space = diskSpace(root);
  if (space === null) engine.bad('disk: nothing above the root can be looked at');
  else {
    const said = `disk ${mebibytes(space.freeMiB)} of ${mebibytes(space.totalMiB)} free`;
    if (space.freeMiB >= FREE_MIB_MIN) engine.good(said);
    else engine.bad(`${said}: updates are refused when there is no room for their rollback`);
  }
  return engine.findings;
}

type Engine = ReturnType<typeof found>;

async function lookAtJournal(context: Context, engine: Engine): Promise<void> {
  const { root, rootFlag } = context;
  try {
    if (readRoot(nodeDisk, root) === null)
      return engine.odd(
        `${root} is no ripcord root yet: ripcord apply FILE${rootFlag} makes it one`,
      );
    const { ok, events, head, problems } = await verifyRoot(root, {});
    const size = mebibytes(Math.ceil(diskUse(rootPaths(root).log) / 1024 / 1024));
    if (ok && events === 0) engine.odd(`journal: nothing is recorded in ${root} yet`);
    else if (ok) engine.good(`journal ${events} events, ${size}, chain ok, head @${head.seq}`);
    else
      engine.bad(
        `journal is damaged (${problems.length} problems), sound up to @${head.seq}: ripcord verify${rootFlag}`,
      );
  } catch (error) {
    engine.bad(messageOf(error));
  }
}

const messageOf = (error: unknown): string =>
  error instanceof Error ? error.message : String(error);

function measureSync(root: string, engine: Engine): void {
  const file = join(root, `.doctor-${randomUUID()}`);
  try {
    const descriptor = openSync(file, 'wx', 0o600);
    try {
      const took = Array.from({ length: SYNCS }, () => {
        const began = performance.now();
        writeSync(descriptor, Buffer.alloc(PAGE_BYTES));
        fsyncSync(descriptor);
        return performance.now() - began;
      }).toSorted((left, right) => left - right);
      const ms = took[Math.floor(SYNCS / 2)] ?? 0;
      const said = ms < 10 ? `${ms.toFixed(1)} ms` : duration(ms);
      if (ms < 100) engine.good(`fsync ${said}`);
      else engine.odd(`fsync ${said}: every step waits for two of them`);
    } finally {
      closeSync(descriptor);
    }
  } catch (error) {
    engine.bad(`the root cannot be written: ${codeOf(error) ?? messageOf(error)}`);
  } finally {
    rmSync(file, { force: true });
  }
}

function lookAtHolder(root: string, engine: Engine): void {
  const holder = readHolder(nodeDisk, root);
  const stat = holder === null ? null : readStat(holder.pid);
  const alive = stat !== null && (holder?.started ?? stat.startTicks) === stat.startTicks;
  if (holder !== null && alive)
    engine.good(`held by pid ${holder.pid} since ${holder.since} (${holder.command})`);
  else engine.good('nobody holds the root');
}

/**
 * What lies in the root and is nobody's, and what an update left open. Unknown in a root whose journal
 * cannot be read.
 */
export async function lookAtOwners(context: Context): Promise<readonly Finding[]> {
  const owner = found('owner');
  const state = await peek(context).then(
    (replay) => replay?.state ?? null,
    () => null,
  );
  const directories = namesIn(join(context.root, chutesDirectory()));
  if (state === null) {
    if (directories.length > 0)
      owner.odd('whose chutes/ are is unknown: there is no journal to ask');
    return owner.findings;
  }
  const chutes = known(state);
  const leftovers = directories.filter((name) => !chutes.has(name));
  for (const name of leftovers)
    owner.odd(
      `chutes/${name} belongs to no chute: what a removed one left, for a person to keep or remove`,
    );
  for (const { id, phase } of Object.values(state.updates))
    owner.odd(
      phase === 'stuck'
        ? `${id} is stuck: ripcord show ${id}${context.rootFlag}`
        : `${id} is unfinished; the next command that opens the root goes on with it`,
    );
  for (const { key, update } of Object.values(state.reloads))
    owner.odd(`reload of ${key} is owed since ${update}`);
  if (owner.findings.length === 0)
    owner.good(`nothing left over beside ${counted(Object.keys(state.applied.chutes).length)}`);
  return owner.findings;
}

const counted = (chutes: number): string => (chutes === 1 ? '1 chute' : `${chutes} chutes`);

function known(state: State): ReadonlySet<string> {
  const asked = Object.values(state.updates).flatMap(({ request }) =>
    request.chutes.map(({ chute }) => chute),
  );
  return new Set([...Object.keys(state.applied.chutes), ...Object.keys(state.chutes), ...asked]);
}

/** What the files of a directory take on disk, in bytes. */
function diskUse(directory: string): number {
  const sizes = namesIn(directory).map((name) => {
    const stat = statSync(join(directory, name), { throwIfNoEntry: false });
    return (stat?.blocks ?? 0) * BLOCK_BYTES;
  });
  return sizes.reduce((sum, size) => sum + size, 0);
}

function namesIn(directory: string): readonly string[] {
  try {
    return readdirSync(directory).toSorted();
  } catch {
    return [];
  }
}
