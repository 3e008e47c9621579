import type { Why } from '../../replay/why-answer.ts';
import { why } from '../../replay/why.ts';
import type { Requester, UpdateRequest } from '../../src/core/events.ts';
import type { Patch } from '../../src/core/patch.ts';
import { applyOf, stepsOf } from './asked.ts';
import { ToldDevice } from './told-device.ts';

type Steps = ReturnType<typeof stepsOf>;

export const steps: Steps = stepsOf('hello');
export const [place, start, gate, save]: Steps = steps;
export const SUPERVISOR: Requester = { user: 'supervisor', role: 'owner', via: 'supervisor' };

/** A device whose hello is r1, made by u1. */
export async function installed(): Promise<ToldDevice> {
  const told = new ToldDevice();
  await told.starts();
  await told.installs('u1', 'hello', 1, { message: 'first' });
  return told;
}

/** What differs between hello's versions 1 and 2. */
export const LOUDER: Patch = [
  {
    op: 'replace',
    path: '/chutes/hello/definition/services/main/command',
    value: ['node', 'v2.js'],
  },
];

/** An update that wants version 2 and has come as far as its start. */
export async function begins(
  told: ToldDevice,
  update: string,
  request: Partial<UpdateRequest> = {},
): Promise<void> {
  const asked = applyOf('hello', 2);
  await told.asks(update, [asked], request);
  await told.plans(update, steps, LOUDER);
  await told.goes(update, asked, steps, 1);
  await told.intends(update, start);
}

/** The same, which fails at its start and is undone. */
export async function fails(told: ToldDevice, update: string): Promise<void> {
  await begins(told, update, { message: 'louder' });
  await told.fails(update, start, { final: false });
  await told.intends(update, start, 2);
  await told.fails(update, start, { attempt: 2 });
  await told.aborts(update, start);
  await told.undoes(update, start);
  await told.undoes(update, place);
  await told.reverts(update);
}

export async function commands(
  told: ToldDevice,
  update: string,
  operation: 'delete' | 'restart' | 'start' | 'stop',
  request: Partial<UpdateRequest> = {},
): Promise<void> {
  const asked = { chute: 'hello', operation, definition: null, sources: {} };
  await told.asks(update, [asked], request);
  await told.plans(update, [save]);
  const gone = { op: 'remove' as const, path: '/chutes/hello' };
  await told.succeeds(update, save, operation === 'delete' ? [gone] : []);
  await told.commits(update);
}

export const ask = async (told: ToldDevice, subject: string, deep = false): Promise<Why> =>
  await why(await told.replay(), subject, { deep });

export const texts = ({ chain }: Why): readonly string[] => chain.map(({ text }) => text);
