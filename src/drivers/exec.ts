import { spawn, type ChildProcess } from 'node:child_process';

import { codeOf } from '../core/errors.ts';

/** A command that is soon done: an argument vector, never a line for a shell. */
export type Command = {
  readonly argv: readonly string[];
  readonly directory: string;
  readonly environment: Readonly<Record<string, string>>;
  /** After this it is killed with all it started. */
  readonly timeoutMs: number;
  /** What it prints beyond this is thrown away. */
  readonly outputBytesMax: number;
  readonly signal: AbortSignal;
};

/** How a command ended; `code` is null when it did not end by itself. */
export type CommandResult = {
  readonly code: number | null;
  /** `exit 3`, `killed by SIGTERM`, `timed out after 100 ms`, `not found` … */
  readonly how: string;
  /** Both its outputs, as they came. */
  readonly output: string;
};

const DRAIN_MS = 200;

/** Runs a short-lived command to its end. Never throws for what the command does. */
export async function exec(command: Command): Promise<CommandResult> {
  const [file, ...args] = command.argv;
  if (file === undefined) return { code: null, how: 'empty command', output: '' };
  command.signal.throwIfAborted();

  // A session of its own, so that a kill reaches what it started.
  const child = spawn(file, args, {
    cwd: command.directory,
    env: command.environment,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const output = collect(child, command.outputBytesMax);
  const kill = (): void => killGroup(child);
  const timeout = AbortSignal.timeout(command.timeoutMs);
  for (const signal of [timeout, command.signal]) signal.addEventListener('abort', kill);
  try {
    const how = await ended(child);
    command.signal.throwIfAborted();
    if (timeout.aborted) {
      return { code: null, how: `timed out after ${command.timeoutMs} ms`, output: output() };
    }
    return { ...how, output: output() };
  } finally {
    for (const signal of [timeout, command.signal]) signal.removeEventListener('abort', kill);
  }
}

/**
 * Resolves when the command has ended and its output was read. What it left running in its group ends
 * with it; what fled from there may hold the output open, and is not waited for.
 */
function ended(child: ChildProcess): Promise<Omit<CommandResult, 'output'>> {
  return new Promise((resolve) => {
    child.once('error', (error) => {
      const code = codeOf(error);
      resolve({ code: null, how: code === 'ENOENT' ? 'not found' : (code ?? error.message) });
    });
    child.once('exit', () => {
      killGroup(child);
      setTimeout(() => {
        child.stdout?.destroy();
        child.stderr?.destroy();
      }, DRAIN_MS).unref();
    });
    child.once('close', (code, signal) => {
      resolve({ code, how: code === null ? `killed by ${signal}` : `exit ${code}` });
    });
  });
}

function collect(child: ChildProcess, bytesMax: number): () => string {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', (chunk: Buffer) => {
      const kept = chunk.subarray(0, Math.max(0, bytesMax - bytes));
      bytes += kept.length;
      if (kept.length > 0) chunks.push(kept);
    });
  }
  return () => Buffer.concat(chunks).toString('utf8');
}

function killGroup(child: ChildProcess): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, 'SIGKILL');
  } catch {
    // It has ended by itself.
  }
}
