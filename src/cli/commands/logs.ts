import { existsSync, openSync, readSync, closeSync, fstatSync, watch as watchFile } from 'node:fs';
import { join } from 'node:path';

import type { Replay } from '../../../replay/replay.ts';
import { type ContainerInstance, isContainerInstance } from '../../core/container.ts';
import { RipcordError } from '../../core/errors.ts';
import { HOST } from '../../core/host-config/document.ts';
import { serviceLog } from '../../core/layout.ts';
import { tailLog } from '../../drivers/log-file.ts';
import { type CommandModule, textOf } from '../command.ts';
import type { Context } from '../context.ts';
import { EXIT, usageError } from '../exit-code.ts';
import { needReplay } from '../reader.ts';

type LogsOptions = { readonly follow?: true; readonly lines?: string; readonly prev?: true };

const LINES_DEFAULT = 100;
const STOPS = ['process.stop', 'container.stop'];

/** `ripcord logs CHUTE [SVC]`. */
export const logs: CommandModule = {
  configure(command) {
    command
      .argument('<chute>', 'whose logs')
      .argument('[service]', 'only this service')
      .option('-f, --follow', 'go on as more is printed')
      .option('-n, --lines <count>', 'the last so many lines', String(LINES_DEFAULT))
      .option('--prev', 'the last lines of the process that was stopped last');
  },
  async run(context, { args: [chute, service], options }) {
    const { follow, lines, prev } = options as LogsOptions;
    const count = Number(lines);
    if (!Number.isSafeInteger(count) || count < 0)
      throw usageError(`cannot use -n: '${lines}' is no number`, 'ripcord logs hello -n 20');
    const replay = await needReplay(context);
    const name = textOf(chute) ?? '';
    const services = servicesOf(replay, name, textOf(service));
    if (prev) return await printPrevious(context, replay, { chute: name, services });
    for (const each of services)
      for (const line of await lastLinesOf(context, replay, { chute: name, service: each }, count))
        printLine(context, services.length > 1 ? each : null, line);
    if (follow) await followLogs(context, replay, { chute: name, services });
    return EXIT.ok;
  },
};

const pathOf = ({ root }: Context, chute: string, service: string): string =>
  join(root, serviceLog(chute, service));

/** Which container a service is; null for one that is a process, or not there. */
function containerOf({ state }: Replay, chute: string, service: string): ContainerInstance | null {
  const instance = state.applied.chutes[chute]?.services[service]?.instance;
  return instance && isContainerInstance(instance) ? instance : null;
}

async function lastLinesOf(
  context: Context,
  replay: Replay,
  { chute, service }: { readonly chute: string; readonly service: string },
  count: number,
): Promise<readonly string[]> {
  const container = containerOf(replay, chute, service);
  if (container === null) return tailLog(pathOf(context, chute, service), count);
  const { containerLines } = await import('../container-logs.ts');
  return containerLines(container, count);
}

function servicesOf({ state }: Replay, chute: string, service: string | null): readonly string[] {
  const { chutes } = state.applied;
  const found = Object.hasOwn(chutes, chute) ? chutes[chute] : undefined;
  const names = [
    ...new Set([
      ...Object.keys(found?.services ?? {}),
      ...Object.keys(found?.definition?.services ?? {}),
    ]),
  ];
  if (chute === HOST)
    throw usageError(
      `cannot print logs of ${HOST}: it is the device itself`,
      'ripcord log --chute @host',
    );
  if (!found)
    throw new RipcordError(
      'RIPCORD_CHUTE_UNKNOWN',
      `cannot print logs of ${chute}: no such chute`,
      {
        hint: 'ripcord status',
      },
    );
  if (service === null) return names;
  if (names.includes(service)) return [service];
  throw usageError(
    `cannot print logs of ${chute}/${service}: no such service`,
    `services of ${chute}: ${names.join(', ')}`,
  );
}

function printLine({ terminal, output }: Context, service: string | null, line: string): void {
  if (output !== 'text') terminal.out(`${JSON.stringify({ service, line })}\n`);
  else {
    // What a service prints is its own: colours stay.
    if (service !== null) terminal.out(`${terminal.dim(`${service} |`)} `);
    terminal.raw(`${line}\n`);
  }
}

/** What the services that were replaced said last: kept in the journal when they were stopped. */
async function printPrevious(
  context: Context,
  replay: Replay,
  { chute, services }: { readonly chute: string; readonly services: readonly string[] },
): Promise<number> {
  const last = new Map<string, readonly string[]>();
  for await (const record of replay.journal.read(1, replay.head.seq)) {
    if (record.type !== 'step.succeeded') continue;
    const service = services.find((each) =>
      STOPS.some((stop) => record.step === `${chute}/${each}/${stop}`),
    );
    const { log } = (record.result ?? {}) as { readonly log?: readonly string[] };
    if (service !== undefined && log) last.set(service, log);
  }
  for (const [service, lines] of last)
    for (const line of lines) printLine(context, services.length > 1 ? service : null, line);
  return EXIT.ok;
}

async function followLogs(
  context: Context,
  replay: Replay,
  { chute, services }: { readonly chute: string; readonly services: readonly string[] },
): Promise<void> {
  const stop = new AbortController();
  process.stdout.once('close', () => stop.abort());
  process.stdout.once('error', () => stop.abort());
  await Promise.all(
    services.map(async (service) => {
      const named = services.length > 1 ? service : null;
      const printed = (line: string): void => printLine(context, named, line);
      const container = containerOf(replay, chute, service);
      if (container === null) {
        await followFile(pathOf(context, chute, service), stop.signal, printed);
        return;
      }
      const { followContainer } = await import('../container-logs.ts');
      await followContainer(container, stop.signal, printed);
    }),
  );
}

/** Calls back with each line that is added to a file; a file that was put aside begins anew. */
async function followFile(
  path: string,
  signal: AbortSignal,
  printed: (line: string) => void,
): Promise<void> {
  let offset = existsSync(path) ? sizeOf(path) : 0;
  let rest = '';
  const read = (): void => {
    if (!existsSync(path)) return;
    const size = sizeOf(path);
    if (size < offset) offset = 0;
    const lines = (rest + textFrom(path, offset, size)).split('\n');
    offset = size;
    rest = lines.pop() ?? '';
    for (const line of lines) printed(line);
  };
  const watcher = existsSync(path) ? watchFile(path, { signal }, read) : null;
  watcher?.on('error', () => undefined);
  const timer = setInterval(read, FOLLOW_MS);
  await new Promise<void>((resolve) => {
    signal.addEventListener('abort', () => resolve());
  });
  clearInterval(timer);
  watcher?.close();
}

/** Where watching does not work, or the file was replaced, looking does. */
const FOLLOW_MS = 500;

function sizeOf(path: string): number {
  const file = openSync(path, 'r');
  try {
    return fstatSync(file).size;
  } finally {
    closeSync(file);
  }
}

function textFrom(path: string, from: number, to: number): string {
  if (to <= from) return '';
  const file = openSync(path, 'r');
  try {
    const bytes = Buffer.alloc(to - from);
    return bytes.subarray(0, readSync(file, bytes, 0, bytes.length, from)).toString('utf8');
  } finally {
    closeSync(file);
  }
}
