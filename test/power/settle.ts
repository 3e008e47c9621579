/** The whole engine, with the real drivers, opens a disk that a power cut left, and finishes. */
import { cpSync, existsSync, mkdirSync, mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { sha256 } from '../../journal/chain.ts';
import { verifyRoot } from '../../journal/verify.ts';
import { stateHash } from '../../src/core/applied.ts';
import type { State } from '../../src/core/state.ts';
import { observeServices } from '../../src/drivers/process/observe.ts';
import { Ripcord } from '../../src/library/ripcord.ts';
import type { Sample } from './explore.ts';
import { type Image, readImage, writeImage } from './image.ts';
import { Judge } from './judge.ts';
import type { Recording } from './recording.ts';
import { hostFiles, worldProblems } from './world.ts';

/** Memory, where there is any: nothing here has to outlive the power. */
const PLACE = existsSync('/dev/shm') ? '/dev/shm' : tmpdir();

/** The index as it was before, as it was in the end, ahead of the log, and gone. */
const INDEXES = ['index-before', 'index-after', 'no-index'];

/** Lets the engine settle each sample; what is wrong with how it then stands. */
export async function settleSamples(
  recording: Recording,
  samples: readonly Sample[],
): Promise<{ readonly count: number; readonly wrong: readonly string[] }> {
  const judge = new Judge(recording, new Map());
  if (judge.isRepair) return { count: 0, wrong: [] };
  const wrong: string[] = [];
  for (const [n, { cut, choice, image }] of samples.entries()) {
    const index = join(recording.directory, INDEXES[n % INDEXES.length] ?? '');
    const problems = await settleOne(image, judge, index);
    const again = `npm run power -- ${recording.directory} ${cut} "${choice}"`;
    if (problems.length > 0) wrong.push(`settled: ${problems.join('; ')}\n    ${again}`);
  }
  return { count: samples.length, wrong };
}

/** What is wrong with how the engine leaves a disk once it has settled. */
async function settleOne(image: Image, judge: Judge, index: string): Promise<readonly string[]> {
  const home = realpathSync(mkdtempSync(join(PLACE, 'ripcord-power-')));
  const root = join(home, 'root');
  try {
    writeImage(image, home);
    if (!existsSync(root)) mkdirSync(root);
    if (existsSync(index)) cpSync(index, join(root, 'index'), { recursive: true });
    return await settleAt(root, home, judge);
  } catch (error) {
    return [`the engine ends with: ${error instanceof Error ? error.message : String(error)}`];
  } finally {
    for (const { instance } of observeServices(root)) end(instance.pid);
    rmSync(home, { recursive: true, force: true });
  }
}

async function settleAt(root: string, home: string, judge: Judge): Promise<readonly string[]> {
  const problems: string[] = [];
  const ripcord = await Ripcord.open({ root, supervise: false, backoffScale: 0.01 });
  let state: State;
  try {
    await ripcord.settled;
    ({ state } = ripcord);
  } finally {
    await ripcord.close();
  }
  const open = Object.values(state.updates).map(({ id, phase }) => `${id} is ${phase}`);
  if (open.length > 0) problems.push(`not at rest: ${open.join(', ')}`);
  if (Object.keys(state.reloads).length > 0) problems.push('a reload is owed');
  const hash = stateHash(state.applied, sha256);
  if (!judge.restHashes().has(hash)) problems.push('it is neither as before nor as asked');
  const after = readImage(home);
  problems.push(...worldProblems(after, state), ...loadProblems(after));
  const { ok, problems: found } = await verifyRoot(root, { deep: true });
  if (!ok) problems.push(...found.map(({ message }) => `verify: ${message}`));
  return problems;
}

/** What runs of the host's configuration is what is on disk. */
function loadProblems(image: Image): readonly string[] {
  const bytesOf = (path: string): string => {
    const entry = image.get(`root/${path}`);
    return entry?.kind === 'file' ? entry.bytes.toString() : '';
  };
  return hostFiles(image)
    .filter((path) => bytesOf(path) !== bytesOf(`host/running/${path}`))
    .map((path) => `${path} was not loaded`);
}

function end(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // It ended by itself.
  }
}
