import { get } from 'node:http';
import { connect } from 'node:net';

import type { Health } from '../core/chute.ts';
import { codeOf } from '../core/errors.ts';
import { exec, type CommandResult } from './exec.ts';

/** Where a service answers, and how a command is run beside it. */
export type HealthScene = {
  /** Its address; absent: this host. */
  readonly host?: string;
  readonly exec: (
    argv: readonly string[],
    limits: { readonly timeoutMs: number; readonly outputBytesMax: number },
  ) => Promise<Pick<CommandResult, 'code' | 'how' | 'output'>>;
  readonly signal: AbortSignal;
};

/** The scene of a process of this host. */
export function processScene(scene: {
  readonly directory: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
}): HealthScene {
  const { signal } = scene;
  return { signal, exec: (argv, limits) => exec({ ...scene, ...limits, argv }) };
}

/**
 * One answer of a service. `silent`: nobody answers yet, which a service that is just coming up may
 * do for as long as its check is given; `bad`: it answered, or hung, and that counts.
 */
export type Answer = { readonly verdict: 'good' | 'bad' | 'silent'; readonly text: string };

const OUTPUT_BYTES_MAX = 4_096;
const THIS_HOST = '127.0.0.1';

/** Asks a service once how it is. Never throws for what the service answers. */
export async function askOnce(health: Health, scene: HealthScene): Promise<Answer> {
  const { check, timeoutMs } = health;
  scene.signal.throwIfAborted();
  switch (check.type) {
    case 'http':
      return askHttp(check, timeoutMs, scene);
    case 'tcp':
      return askTcp(check.port, timeoutMs, scene);
    case 'exec':
      return askExec(check.command, timeoutMs, scene);
    case 'alive':
      return { verdict: 'good', text: 'alive' };
  }
}

/** What a check looks at, in words. Pure. */
export function describeCheck({ check }: Health): string {
  switch (check.type) {
    case 'http':
      return `http :${check.port}${check.path}`;
    case 'tcp':
      return `tcp :${check.port}`;
    case 'exec':
      return `exec ${check.command.join(' ')}`;
    case 'alive':
      return 'alive';
  }
}

function askHttp(
  check: { readonly port: number; readonly path: string },
  timeoutMs: number,
  { host = THIS_HOST, signal }: HealthScene,
): Promise<Answer> {
  return new Promise((resolve) => {
    const { port, path } = check;
    const limit = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]);
    const request = get({ host, port, path, agent: false, signal: limit }, (response) => {
      const status = response.statusCode ?? 0;
      const verdict = status >= 200 && status < 400 ? 'good' : 'bad';
      resolve({ verdict, text: `${status} ${response.statusMessage ?? ''}`.trim() });
      response.destroy();
    });
    request.on('error', (error) => resolve(answerOf(error, timeoutMs)));
  });
}

function askTcp(
  port: number,
  timeoutMs: number,
  { host = THIS_HOST, signal }: HealthScene,
): Promise<Answer> {
  return new Promise((resolve) => {
    const limit = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]);
    const socket = connect({ host, port, signal: limit });
    socket.once('connect', () => {
      resolve({ verdict: 'good', text: 'connected' });
      socket.destroy();
    });
    socket.once('error', (error) => resolve(answerOf(error, timeoutMs)));
  });
}

async function askExec(
  argv: readonly string[],
  timeoutMs: number,
  scene: HealthScene,
): Promise<Answer> {
  const { code, how, output } = await scene.exec(argv, {
    timeoutMs,
    outputBytesMax: OUTPUT_BYTES_MAX,
  });
  const lines = output.split('\n');
  // Where there was more, the last line is cut, and a secret in it would not be known for one.
  if (Buffer.byteLength(output) >= OUTPUT_BYTES_MAX) lines.pop();
  const line = lines.findLast((each) => each.trim() !== '')?.trim();
  return {
    verdict: code === 0 ? 'good' : 'bad',
    text: line === undefined ? how : `${how}: ${line}`,
  };
}

function answerOf(error: Error, timeoutMs: number): Answer {
  const code = codeOf(error);
  if (code === 'ABORT_ERR') return { verdict: 'bad', text: `no answer within ${timeoutMs} ms` };
  if (code === 'ECONNREFUSED') return { verdict: 'silent', text: 'connection refused' };
  return { verdict: 'bad', text: error.message };
}
