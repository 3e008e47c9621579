/** A scenario as it is recorded: the disk before it, what the program did, the disk behind it. */
import { execFileSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

import { Device, type Ran } from '../e2e/device.ts';
import { segmentsOf } from '../e2e/hurt.ts';
import { FileSystem } from './file-system.ts';
import { hashOf, type Image, readImage, writeImage } from './image.ts';
import { imageAfter, type Tear } from './states.ts';
import { dataPath, type Line, readTrace, type Trace } from './trace.ts';

const COMPILED = resolve('dist/test/power');
let compiled = false;

/** How the recorder is loaded. Compiled once: with a loader for it each command would take twice as long. */
function recorder(): string {
  if (!compiled) {
    const words = [
      'node_modules/typescript/bin/tsc',
      '-p',
      'test/power/recorder.json',
      '--outDir',
      COMPILED,
    ];
    execFileSync(process.execPath, words, { stdio: ['ignore', 'inherit', 'inherit'] });
  }
  compiled = true;
  return `--import ${join(COMPILED, 'record-child.js')}`;
}

export type Recording = {
  readonly name: string;
  /** Holds everything that replaying a state needs. */
  readonly directory: string;
  readonly before: Image;
  readonly trace: Trace;
  readonly after: Image;
};

/** A device whose commands run under the recorder: unrecorded at first, but on the boot before. */
export class RecordedDevice {
  readonly device: Device;
  readonly #trace: string;

  private constructor(device: Device, trace: string) {
    this.device = device;
    this.#trace = trace;
  }

  static async make(directory: string): Promise<RecordedDevice> {
    const device = await Device.make();
    return new RecordedDevice(device, join(directory, 'trace'));
  }

  /** Runs a command that is not part of the recording. Throws when its exit code is another. */
  async prepare(words: string, code = 0): Promise<Ran> {
    return await this.#run(words, code, { RIPCORD_POWER_TRACE: '' });
  }

  /** Runs a command that the fault switch kills; none of it is part of the recording. */
  async prepareKilled(words: string, fault: string): Promise<void> {
    await this.#run(words, null, { RIPCORD_POWER_TRACE: '', RIPCORD_FAULT: fault });
  }

  /** Runs a command and records it. */
  async record(words: string, code = 0, fault = ''): Promise<Ran> {
    const { home } = this.device;
    const env = { RIPCORD_POWER_TRACE: this.#trace, RIPCORD_POWER_BASE: home };
    return await this.#run(`${words} -o json`, code, { ...env, RIPCORD_FAULT: fault });
  }

  /**
   * Records a command that is killed right before its Nth sync of the log, or before the first sync
   * behind a change of a name that ends like this.
   */
  async recordKilled(words: string, before: number | string): Promise<void> {
    const { home } = this.device;
    const env = { RIPCORD_POWER_TRACE: this.#trace, RIPCORD_POWER_BASE: home };
    const of = typeof before === 'number' ? 'log' : 'name';
    await this.#run(words, null, { ...env, RIPCORD_POWER_KILL: `${of} ${before}` });
  }

  /**
   * Records a command that is killed right before its Nth sync of whatever it be. False when it has fewer,
   * and went its way.
   */
  async recordKilledAt(words: string, n: number): Promise<boolean> {
    const { home } = this.device;
    const env = { RIPCORD_POWER_TRACE: this.#trace, RIPCORD_POWER_BASE: home };
    const ran = await this.#begin(words, { ...env, RIPCORD_POWER_KILL: `any ${n}` });
    if (ran.code !== null && ran.code !== 0) throw new Error(`'${words}' failed: ${ran.err}`);
    return ran.code === null;
  }

  /** Runs a command until right before its Nth sync of the log; the last write got there in part. */
  async loseLastWrite(words: string, n: number): Promise<void> {
    const { home, root } = this.device;
    const before = onlyRoot(readImage(home));
    emptyTrace(this.#trace);
    await this.recordKilled(words, n);
    const trace = readTrace(this.#trace);
    const system = systemBefore({ before, trace });
    for (const line of trace.lines) play(system, line);
    const log = system.fileAt(join('root', segmentsOf(root).at(-1) ?? ''));
    const last = system.pending.findLastIndex(
      (change) => change.type === 'bytes' && change.file === log,
    );
    const write = system.pending[last];
    if (write?.type !== 'bytes') throw new Error('the log was not being written');
    const half: Tear = { type: 'head', bytes: Math.floor(write.bytes.length / 2) };
    const choice = new Map<number, Tear | 'whole'>(
      system.pending.map((_, at) => [at, at === last ? half : 'whole']),
    );
    for (const { pid } of this.device.processes()) process.kill(-pid, 'SIGKILL');
    rmSync(root, { recursive: true });
    writeImage(imageAfter(system, choice), home);
  }

  async #run(words: string, code: number | null, env: Record<string, string>): Promise<Ran> {
    const ran = await this.#begin(words, env);
    if (ran.code !== code)
      throw new Error(`'${words}' ended with ${ran.code}, not ${code}: ${ran.out}${ran.err}`);
    return ran;
  }

  async #begin(words: string, env: Record<string, string>): Promise<Ran> {
    const more = { ...env, NODE_OPTIONS: recorder() };
    return await this.device.begin(words.split(' '), more).ended;
  }
}

/** A part of a recording: what comes before, and what is recorded. */
export type Play = {
  readonly name: string;
  readonly prepare: (device: RecordedDevice) => Promise<void>;
  readonly record: (device: RecordedDevice) => Promise<void>;
};

/** Records a play in a directory of its own. What ran is ended: the power went. */
export async function recordPlay({ name, prepare, record }: Play): Promise<Recording> {
  const directory = realpathSync(mkdtempSync(join(tmpdir(), `ripcord-power-${name}-`)));
  const recorded = await RecordedDevice.make(directory);
  const { device } = recorded;
  try {
    await prepare(recorded);
    const before = onlyRoot(readImage(device.home));
    keepIndex(device.root, join(directory, 'index-before'));
    emptyTrace(join(directory, 'trace'));
    await record(recorded);
    const after = onlyRoot(readImage(device.home));
    save(before, join(directory, 'before'));
    save(after, join(directory, 'after'));
    keepIndex(device.root, join(directory, 'index-after'));
    return { name, directory, before, trace: readTrace(join(directory, 'trace')), after };
  } finally {
    device.destroy();
  }
}

/** A recording that was kept. */
export function readRecording(name: string, directory: string): Recording {
  return {
    name,
    directory,
    before: readImage(join(directory, 'before')),
    trace: readTrace(join(directory, 'trace')),
    after: readImage(join(directory, 'after')),
  };
}

export function forgetRecording({ directory }: Recording): void {
  rmSync(directory, { recursive: true, force: true });
}

/** The disk before a recording, everything on it durable. */
export function systemBefore({ before, trace }: Pick<Recording, 'before' | 'trace'>): FileSystem {
  const system = new FileSystem((data) => trace.bytesOf(data));
  for (const [path, entry] of before) system.put(path, entry);
  return system;
}

/**
 * What the trace makes of the disk where it is something else than the program left: a change that the
 * recorder missed. Logs are written by services, and derived or passing files are left out.
 */
export function recordingGaps(recording: Recording, seen: Image): readonly string[] {
  const { after } = recording;
  return [...new Set([...after.keys(), ...seen.keys()])].flatMap((path) => {
    const [one, other] = [after.get(path), seen.get(path)];
    if (one === undefined || other === undefined)
      return [`${path}: ${one === undefined ? 'only in the trace' : 'not in the trace'}`];
    const same =
      one.kind === 'file' && other.kind === 'file'
        ? hashOf(one.bytes) === hashOf(other.bytes) && one.mode === other.mode
        : JSON.stringify(one) === JSON.stringify(other);
    return same ? [] : [`${path}: the trace ends with something else`];
  });
}

/** Carries out a line of a trace. */
export function play(system: FileSystem, line: Line): void {
  if (line.k === 'end') system.end(line.id);
  if (line.k === 'begin' || line.k === 'done') system.begin(line.id, line.op, line.k === 'done');
}

function emptyTrace(path: string): void {
  writeFileSync(path, '');
  writeFileSync(dataPath(path), '');
}

/** The index is derived: after a cut it may be of any age, or gone. */
function keepIndex(root: string, to: string): void {
  if (existsSync(join(root, 'index'))) cpSync(join(root, 'index'), to, { recursive: true });
}

function onlyRoot(image: Image): Image {
  return new Map([...image].filter(([path]) => path === 'root' || path.startsWith('root/')));
}

function save(image: Image, directory: string): void {
  mkdirSync(directory);
  writeImage(image, directory);
}
