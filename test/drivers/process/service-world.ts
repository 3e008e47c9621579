import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { onTestFinished } from 'vitest';

import { NEW_CHUTE, type Applied, type AppliedService } from '../../../src/core/applied.ts';
import { stoppingFile } from '../../../src/core/layout.ts';
import type { ProcessInstance, ProcessSpec } from '../../../src/core/step.ts';
import { markedProcesses } from '../../../src/drivers/marked.ts';
import { endProcesses } from '../../../src/drivers/process/end.ts';
import { launch } from '../../../src/drivers/process/launch.ts';
import { observeServices } from '../../../src/drivers/process/observe.ts';
import { temporaryRoot, until } from '../world.ts';

/** A root in which services can run; whatever of them still lives ends with the test. */
export function serviceRoot(): string {
  const root = temporaryRoot();
  mkdirSync(join(root, 'chutes/hello/data'), { recursive: true });
  onTestFinished(async () => {
    for (const { mark } of markedProcesses(root)) {
      const abort = new AbortController().signal;
      await endProcesses({ root, mark, instance: null }, { signal: 'SIGKILL', graceMs: 0, abort });
    }
  });
  return root;
}

/** How to run a line of shell as a service; stopping gives it `graceMs`. */
export function shell(line: string, graceMs = 5_000): ProcessSpec {
  return {
    command: ['/bin/sh', '-c', line],
    directory: 'chutes/hello/data',
    environment: {},
    log: 'chutes/hello/logs/main.log',
    stop: { signal: 'SIGTERM', graceMs },
  };
}

/** Starts a service and waits for the line `ready` in its log. */
export async function runningService(
  root: string,
  spec: ProcessSpec,
  mark = 'u1/hello/main/process.start',
): Promise<ProcessInstance> {
  const instance = await launch({
    root,
    chute: 'hello',
    service: 'main',
    spec,
    mark,
    secret: noSecret,
  });
  await ready(root, spec);
  return instance;
}

async function noSecret(): Promise<string> {
  return '';
}

/** Waits until the service has written the line `ready` into its log. */
export async function ready(root: string, spec: ProcessSpec): Promise<void> {
  const log = join(root, spec.log);
  await until(() => existsSync(log) && readFileSync(log, 'utf8').includes('ready\n'));
}

/** What is applied while the service runs as this process. */
export function appliedService(service: AppliedService): Applied {
  const hello = { ...NEW_CHUTE, run: 'running', services: { main: service } } as const;
  return { chutes: { hello }, reservations: { ports: {} }, limits: {}, host: { files: {} } };
}

/** Which processes of the root's services live, and whether one is being stopped. */
export function serviceWorld(root: string): {
  readonly marks: readonly string[];
  readonly stopping: boolean;
} {
  const live = observeServices(root).map(({ instance }) => instance.mark);
  const members = markedProcesses(root).map(({ mark }) => mark);
  return {
    marks: [...live, ...members.filter((mark) => !live.includes(mark))].toSorted(),
    stopping: existsSync(join(root, stoppingFile('hello', 'main'))),
  };
}
