import { expect } from 'vitest';

import type { Device, Ran } from './device.ts';

/** What the examples answer. */
export const V1 = 'Hello from ripcord: version 1';
export const V2 = 'Hello again from ripcord: version 2';

/** What of `status -o json` the tests look at. */
export type Status = {
  readonly stateHash: string;
  readonly running: string | null;
  readonly stuck: readonly {
    readonly update: string;
    readonly ref: string;
    readonly step: string;
    readonly n: number;
    readonly state: 'failed' | 'blocked';
    readonly blockedBy: string | null;
    readonly reason: { readonly code: string; readonly message: string };
  }[];
  readonly chutes: Readonly<
    Record<
      string,
      {
        readonly version: number;
        readonly revision: number;
        readonly state: string;
        readonly drift: readonly unknown[];
      }
    >
  >;
};

/** What of a step of `plan -o json` and `show uN -o json` the tests look at. */
export type StepView = {
  readonly n: number;
  readonly id: string;
  readonly kind: string;
  readonly retries: number;
  readonly args: unknown;
  readonly undo?: string | null;
  readonly afterCommit?: boolean;
};

/** What of `show uN -o json` the tests look at. */
export type Story = {
  readonly id: string;
  readonly outcome: string | null;
  readonly failedStep: string | null;
  readonly error: { readonly code: string; readonly message: string } | null;
  readonly undone: readonly string[];
  readonly accepted: readonly string[];
  readonly verified: boolean | null;
  readonly plan: { readonly steps: readonly StepView[] } | null;
};

/** The last line of a changing command with `-o json`. */
export type OutcomeLine = {
  readonly type: 'outcome';
  readonly update: string | null;
  readonly outcome: string;
  readonly failedStep: string | null;
  readonly error: { readonly code: string; readonly message: string } | null;
};

/** Runs a command and expects its exit code. */
export async function run(device: Device, words: string, code: number, fault = ''): Promise<Ran> {
  const ran = await device.ripcord(words.split(' '), fault);
  expect(ran.code, `${words} ${fault}: ${ran.signal ?? ''}\n${ran.out}${ran.err}`).toBe(code);
  return ran;
}

/** Runs a changing command with `-o json`, expects its exit code, and gives its last line. */
export async function outcomeOf(
  device: Device,
  words: string,
  code: number,
  fault = '',
): Promise<OutcomeLine> {
  const { out } = await run(device, `${words} -o json`, code, fault);
  return JSON.parse(out.trim().split('\n').at(-1) ?? '') as OutcomeLine;
}

export async function statusOf(device: Device): Promise<Status> {
  return (await device.json(['status'])) as Status;
}

export async function storyOf(device: Device, update: string): Promise<Story> {
  return (await device.json(['show', update])) as Story;
}

export async function planOf(device: Device, words: string): Promise<readonly StepView[]> {
  const { steps } = (await device.json(['plan', ...words.split(' ')])) as {
    readonly steps: readonly StepView[];
  };
  return steps;
}

/** A device at rest: a sound journal, nothing unfinished, one process, and the answer of its version. */
export async function expectAtRest(
  device: Device,
  expected: { readonly answer: string; readonly stateHash?: string },
  story = '',
): Promise<Status> {
  expect(await device.answer(), story).toBe(expected.answer);
  expect(device.processes(), story).toHaveLength(1);
  const status = await statusOf(device);
  expect(status, story).toMatchObject({
    running: null,
    stuck: [],
    chutes: { hello: { state: 'running', drift: [] } },
  });
  if (expected.stateHash !== undefined) expect(status.stateHash, story).toBe(expected.stateHash);
  await expectSound(device, story);
  return status;
}

export async function expectSound(device: Device, story = ''): Promise<void> {
  expect(await device.json(['verify']), story).toMatchObject({ ok: true, problems: [] });
}
