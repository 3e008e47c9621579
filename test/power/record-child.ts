/**
 * Loaded with `--import` before the program: writes down what it does to the disk below one directory,
 * in the order in which it does it, and what it tells. The program itself is the one that is shipped.
 *
 * What LevelDB writes is not seen; `index/` is derived and left out. The boot id that the program reads
 * is another one than this machine's, so that looking at the disk afterwards is a new boot, as it is
 * when the power was gone.
 */
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { join } from 'node:path';

import {
  BASE,
  bytesOf,
  fileHandles,
  handleOf,
  handles,
  inRoot,
  nextId,
  OF_HANDLES,
  original,
  type Plan,
  PLANS,
  TRACE,
  UNKNOWN,
} from './record-ops.ts';
import type { Line, Op } from './trace.ts';

type Call = (this: unknown, ...args: unknown[]) => unknown;

const BOOT_ID = '/proc/sys/kernel/random/boot_id';
const OLD_BOOT = '11111111-2222-4333-8444-555555555555';

const calls = fs as unknown as Record<string, Call>;
const promised = fs.promises as unknown as Record<string, Call>;
const out = TRACE === '' ? -1 : original.openSync(TRACE, 'a');
/**
 * The sync before which the process is to be killed: the Nth of the log, the first behind a change of a
 * name that ends like this, or from the Nth of all on the first at which nothing else is under way (what
 * is might still happen, or not, and nobody would know).
 */
const [KILL_OF = '', KILL_AT = ''] = (process.env['RIPCORD_POWER_KILL'] ?? '').split(' ');
let syncs = 0;
let isNamed = false;
/** Changes in the thread pool of which nobody has heard yet. */
let underWay = 0;
/** Sync calls inside a call that is recorded as a whole. */
let inside = 0;
/** Handles of the log's own files. */
const segments = new Set<number>();

function write(line: Line): void {
  original.writeSync(out, `${JSON.stringify(line)}\n`);
}

/** Remembers what an opened file is called from now on. */
function bind(ops: readonly Op[], result: unknown): void {
  const [open] = ops;
  if (open?.op !== 'open' || ops.length > 1) return;
  if (/^root\/log\/\d+\.ndjson$/.test(open.path)) segments.add(open.handle);
  if (typeof result === 'number') handles.set(result, open.handle);
  else if (typeof result === 'object' && result !== null) fileHandles.set(result, open.handle);
}

function dieInTime([op]: readonly Op[]): void {
  if (KILL_OF === '' || op === undefined) return;
  isNamed ||= KILL_OF === 'name' && new RegExp(`${KILL_AT}$`).test(nameIn(op));
  if (op.op !== 'sync') return;
  if (KILL_OF === 'any' || segments.has(op.handle)) syncs += 1;
  const isNth = KILL_OF === 'log' && segments.has(op.handle) && syncs === Number(KILL_AT);
  const isAny = KILL_OF === 'any' && syncs >= Number(KILL_AT) && underWay === 0;
  if (!isNth && !isNamed && !isAny) return;
  process.kill(process.pid, 'SIGKILL');
  // The signal is delivered in its own time: nothing may happen in the meantime.
  for (;;) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
}

/** The name that an operation gives or takes. */
function nameIn(op: Op): string {
  if (op.op === 'rename') return op.to;
  return op.op === 'mkdir' || op.op === 'unlink' ? op.path : '';
}

function inSync(call: Call, plan: Plan): Call {
  return function (...args) {
    const ops = inside > 0 ? [] : plan(args, this);
    dieInTime(ops);
    inside += 1;
    try {
      const result = Reflect.apply(call, this, args);
      bind(ops, result);
      for (const op of ops) write({ k: 'done', id: nextId(), op });
      return result;
    } finally {
      inside -= 1;
    }
  };
}

/** Notes the beginning of operations and returns what notes their end. */
function begin(ops: readonly Op[]): (ok: boolean) => void {
  const begun = ops
    .filter(({ op }) => op !== 'sync' || ops.length === 1)
    .map((op) => ({ k: 'begin', id: nextId(), op }) as const);
  for (const line of begun) write(line);
  const changes = begun.filter(({ op }) => op.op !== 'sync').length;
  underWay += changes;
  return (ok) => {
    underWay -= changes;
    for (const { id } of begun) write({ k: 'end', id, ok });
    const last = ops.at(-1);
    // A sync that is part of a call comes behind its writes.
    if (ok && last?.op === 'sync' && ops.length > 1) write({ k: 'done', id: nextId(), op: last });
  };
}

function inPromise(call: Call, plan: Plan): Call {
  return async function (...args) {
    const ops = plan(args, this);
    dieInTime(ops);
    const end = begin(ops);
    try {
      const result = await Reflect.apply(call, this, args);
      bind(ops, result);
      end(true);
      return result;
    } catch (error) {
      end(false);
      throw error;
    }
  };
}

function inCallback(call: Call, plan: Plan): Call {
  return function (...args) {
    const done = args.at(-1);
    if (typeof done !== 'function') return Reflect.apply(call, this, args);
    const ops = plan(args.slice(0, -1), this);
    dieInTime(ops);
    const end = begin(ops);
    const noted = (...answer: unknown[]): void => {
      const [error, result] = answer;
      if (!error) bind(ops, result);
      end(!error);
      Reflect.apply(done, undefined, answer);
    };
    return Reflect.apply(call, this, [...args.slice(0, -1), noted]);
  };
}

function refusing(name: string, call: Call): Call {
  return function (...args) {
    if (args.some((arg) => inRoot(arg) !== null) || handleOf(args[0]) !== undefined)
      throw new Error(`cannot record ${name}: the recorder does not know it`);
    return Reflect.apply(call, this, args);
  };
}

/** A descriptor that is closed may be any file next. */
function forgetting(call: Call): Call {
  return function (...args) {
    if (typeof args[0] === 'number') handles.delete(args[0]);
    return Reflect.apply(call, this, args);
  };
}

function anotherBoot(call: Call): Call {
  return function (...args) {
    if (args[0] !== BOOT_ID) return Reflect.apply(call, this, args);
    return args.length > 1 ? `${OLD_BOOT}\n` : Buffer.from(`${OLD_BOOT}\n`);
  };
}

function replace(where: Record<string, Call>, name: string, make: (call: Call) => Call): void {
  const call = where[name];
  if (call !== undefined) where[name] = make(call);
}

async function record(): Promise<void> {
  // Loaded on first use, and then with what it finds here: its own calls are part of a recorded one.
  original.rmSync(join(BASE, 'nothing'), { recursive: true, force: true });
  await original.promises.rm(join(BASE, 'nothing'), { recursive: true, force: true });
  const file = await original.promises.open('/dev/null');
  const prototype = Object.getPrototypeOf(file) as Record<string, Call>;
  await file.close();
  for (const [name, plan] of Object.entries(PLANS)) {
    replace(calls, `${name}Sync`, (call) => inSync(call, plan));
    replace(promised, name, (call) => inPromise(call, plan));
    replace(calls, name, (call) => inCallback(call, plan));
  }
  for (const name of ['closeSync', 'close']) replace(calls, name, forgetting);
  for (const name of UNKNOWN)
    for (const [where, each] of [
      [calls, `${name}Sync`],
      [calls, name],
      [promised, name],
    ] as const)
      replace(where, each, (call) => refusing(each, call));
  for (const [name, plan] of Object.entries(OF_HANDLES))
    replace(prototype, name, (call) => inPromise(call, plan));
  const tell = process.stdout.write.bind(process.stdout) as Call;
  process.stdout.write = function (...args: unknown[]) {
    write({ k: 'told', text: bytesOf(args[0]).toString() });
    return Reflect.apply(tell, undefined, args) as boolean;
  };
  write({ k: 'run', args: process.argv.slice(2) });
}

if (out >= 0) await record();
replace(calls, 'readFileSync', anotherBoot);
syncBuiltinESMExports();
