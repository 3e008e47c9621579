import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { afterAll, describe, expect, test } from 'vitest';

import { Device, type Ran } from './device.ts';

type Status = {
  readonly stateHash: string;
  readonly running: string | null;
  readonly stuck: readonly unknown[];
  readonly chutes: Readonly<Record<string, { readonly version: number; readonly state: string }>>;
};
type Logged = { readonly id: string; readonly outcome: string | null };
type Story = {
  readonly plan: { readonly steps: readonly { readonly kind: string }[] };
};
/** A version of hello: how it is applied, what it answers, and the state hash with it. */
type Side = { readonly name: string; readonly answer: string; readonly stateHash: string };

const KILLS = ['kill@append', 'kill@before-append', 'kill@effect', 'kill@before-effect'] as const;
/** More boundaries than any of these updates has: a sweep that does not end is a failure. */
const BOUNDARIES_MAX = 80;

const devices: Device[] = [];

afterAll(() => {
  for (const device of devices) device.destroy();
});

/** Two versions, of which both are kept, and three, of which one is not. */
const TWO: readonly (readonly [name: string, answer: string])[] = [
  ['hello-v2', 'Hello again from ripcord: version 2'],
  ['hello', 'Hello from ripcord: version 1'],
];
const THREE = TWO.toSpliced(1, 0, ['hello-v3', 'Third from ripcord: version 3']);

/**
 * A device that runs the last of some versions, and all of them. Gone through in a circle, every update
 * is as long as any other; of three, each has to be fetched every time, since only the one before is
 * kept.
 */
async function ready(circle: typeof TWO): Promise<{ device: Device; sides: readonly Side[] }> {
  const device = await Device.make();
  devices.push(device);
  device.vary('hello-v3', (text) =>
    text.replace('version: 1', 'version: 3').replace('GREETING: Hello', 'GREETING: Third'),
  );
  writeFileSync(join(device.home, 'hello-v3/third'), '');
  // Where both are kept, both have to be there.
  const first = circle.length === TWO.length ? circle : circle.slice(-1);
  for (const [name] of first) await ended(device, apply(name));
  const sides: Side[] = [];
  const plans: string[] = [];
  for (const [name, answer] of circle) {
    await ended(device, apply(name));
    const { stateHash } = (await device.json(['status'])) as Status;
    sides.push({ name, answer, stateHash });
    const id = `u${first.length + sides.length}`;
    const { plan } = (await device.json(['show', id])) as Story;
    plans.push(plan.steps.map(({ kind }) => kind).join(' '));
  }
  expect(new Set(plans).size, plans.join('\n')).toBe(1);
  return { device, sides };
}

const apply = (name: string): readonly string[] => ['apply', name, '-y', '--allow-downgrade'];

async function ended(device: Device, args: readonly string[]): Promise<Ran> {
  const ran = await device.ripcord(args);
  expect(ran.code, `${args.join(' ')}: ${ran.out}${ran.err}`).toBe(0);
  return ran;
}

async function lastUpdate(device: Device): Promise<Logged | undefined> {
  const log = (await device.json(['log'])) as readonly Logged[];
  return log.toSorted((a, b) => Number(a.id.slice(1)) - Number(b.id.slice(1))).at(-1);
}

/** One of two versions, whole: answering, alone, with its state hash, in a sound journal. */
async function expectWhole(device: Device, sides: readonly Side[], story: string): Promise<Side> {
  // A process of its own: it is what goes on with the update.
  const { out } = await ended(device, ['status', '-o', 'json']);
  const status = JSON.parse(out) as Status;
  expect(status, story).toMatchObject({
    running: null,
    stuck: [],
    chutes: { hello: { state: 'running' } },
  });
  const answer = (await device.answer()) ?? 'nobody';
  const side = sides.find((each) => each.answer === answer);
  if (!side) throw new Error(`${story}: ${answer} answers`);
  expect(status.stateHash, story).toBe(side.stateHash);
  expect(device.processes(), story).toHaveLength(1);
  expect(await device.json(['verify']), story).toMatchObject({ ok: true, problems: [] });
  return side;
}

/** Kills an update at the Kth boundary, for one K after the other until it survives; checks what the next command makes of it. */
async function sweep(
  kill: (typeof KILLS)[number],
  options: {
    readonly circle?: typeof TWO;
    readonly faults?: string;
    readonly flags?: readonly string[];
    readonly again?: (k: number) => string;
    /** Every so many boundaries; each of them by default. */
    readonly stride?: number;
    /** How an update that was on record may end. */
    readonly outcomes: readonly string[];
  },
): Promise<number> {
  const { device, sides } = await ready(options.circle ?? TWO);
  let wasTaken = false;
  let old = sides.at(-1);
  let before = await lastUpdate(device);
  for (let k = 1; k < BOUNDARIES_MAX; k += options.stride ?? 1) {
    const wanted = sides[(sides.findIndex((each) => each === old) + 1) % sides.length];
    if (!old || !wanted) throw new Error('no side');
    const fault = [`${kill}=${k}`, options.faults ?? ''].filter(Boolean).join(',');
    const words = [...apply(wanted.name), ...(options.flags ?? [])];
    const run = await device.ripcord(words, fault);
    if (run.signal !== 'SIGKILL') {
      await ended(device, ['log']);
      await ended(device, ['verify']);
      return k - 1;
    }
    if (options.again) await device.ripcord(['status'], options.again(k));
    const story = `${wanted.name}, ${fault} then ${options.again?.(k) ?? 'status'}`;
    const now = await expectWhole(device, [old, wanted], story);
    const after = await lastUpdate(device);
    if (after?.id === before?.id) {
      // Once a request was durable at an earlier boundary, it is at every later one.
      expect(wasTaken, story).toBe(false);
      expect(now, story).toBe(old);
    } else {
      wasTaken = true;
      expect(options.outcomes, story).toContain(after?.outcome);
      expect(now, story).toBe(after?.outcome === 'committed' ? wanted : old);
    }
    [old, before] = [now, after];
  }
  throw new Error(`${kill} still kills at ${BOUNDARIES_MAX}`);
}

describe.concurrent.each(KILLS)('%s at every boundary', (kill) => {
  test('an update goes on and is committed by the next command', async () => {
    const boundaries = await sweep(kill, { circle: THREE, outcomes: ['committed'] });
    expect(boundaries).toBeGreaterThan(5);
  });

  test('an update that asked for it is rolled back by the next command', async () => {
    await sweep(kill, {
      flags: ['--on-interrupt', 'rollback'],
      outcomes: ['reverted', 'committed'],
    });
  });

  test('an update that fails is undone, or goes on where its failure was not on record', async () => {
    await sweep(kill, {
      faults: 'fail@step=hello/gate.check',
      outcomes: ['reverted', 'committed'],
    });
  });

  test('a second kill while it goes on changes nothing about the end', async () => {
    await sweep(kill, {
      again: (k) => `${KILLS[k % KILLS.length]}=${1 + (k % 5)}`,
      outcomes: ['committed'],
    });
  });

  // Every pair of boundaries: half a day. `npm run soak` asks for it.
  const seconds = KILLS.flatMap((each) =>
    Array.from({ length: 12 }, (_, at) => `${each}=${at + 1}`),
  );
  test.runIf(process.env['RIPCORD_ALL_PAIRS'] === '1').each(seconds)(
    'a second kill at %s changes nothing about the end',
    async (second) => {
      await sweep(kill, { again: () => second, outcomes: ['committed'] });
    },
  );
});
