import { readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';

import { liveProcesses } from '../proc.ts';
import { EngineApi } from './engine-api.ts';
import { EngineError } from './engine-error.ts';
import { dockerSocket } from './socket.ts';

/** How long to look for what was asked for and is not running yet. */
const LOOKS_MS = 2_000;
const LOOK_MS = 20;
/** How often what is left is looked at: it may have been forking. */
const ROUNDS_MAX = 20;

/** Runs a command in a container for as long as it may take; then it is ended, with what it has started. */
export async function execIn(
  container: string,
  argv: readonly string[],
  {
    timeoutMs,
    outputBytesMax,
    signal,
  }: {
    readonly timeoutMs: number;
    readonly outputBytesMax: number;
    readonly signal: AbortSignal;
  },
): Promise<{ readonly code: number | null; readonly how: string; readonly output: string }> {
  const limit = AbortSignal.timeout(timeoutMs);
  const engine = new EngineApi(dockerSocket(process.env), {
    signal: AbortSignal.any([signal, limit]),
  });
  const made: string[] = [];
  try {
    const { code, output } = await engine.exec(container, argv, timeoutMs, (id) => made.push(id));
    const kept = Buffer.from(output).subarray(0, outputBytesMax).toString('utf8');
    return { code, how: `exit ${code}`, output: kept };
  } catch (error) {
    for (const id of made) await endExec(container, id);
    if (limit.aborted) return { code: null, how: `no answer within ${timeoutMs} ms`, output: '' };
    if (error instanceof EngineError) return { code: null, how: error.message, output: '' };
    throw error;
  }
}

/**
 * An engine has no word for ending a command, and one that hangs would stay for each time it is asked.
 * Only who may signal the processes of the container ends it. Never throws.
 */
async function endExec(container: string, id: string): Promise<void> {
  const signal = AbortSignal.timeout(LOOKS_MS);
  const engine = new EngineApi(dockerSocket(process.env), { signal });
  try {
    while (!signal.aborted) {
      const { Running, Pid, ExitCode } = await engine.execState(id);
      if (Running && Pid > 0) return endSession(container, Pid);
      if (ExitCode !== null) return;
      await pause(LOOK_MS);
    }
  } catch {
    return; // The engine is away: the container goes with its next update, and the command with it.
  }
}

/** What a command leads is a session of its own. A number may be another's by now, or of elsewhere. */
function endSession(container: string, leader: number): void {
  for (let round = 0; round < ROUNDS_MAX; round += 1) {
    const left = liveProcesses().filter(
      ({ pid, session }) => session === leader && isIn(container, pid),
    );
    if (left.length === 0) return;
    for (const { pid } of left) kill(pid);
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    return; // It has ended, or is not ours to end.
  }
}

function isIn(container: string, pid: number): boolean {
  try {
    return readFileSync(`/proc/${pid}/cgroup`, 'utf8').includes(container);
  } catch {
    return false; // It has ended.
  }
}
