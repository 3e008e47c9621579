import { afterAll, describe, expect, test } from 'vitest';

import { Device } from './device.ts';

type Status = {
  readonly stateHash: string;
  readonly running: string | null;
  readonly stuck: readonly unknown[];
  readonly chutes: Readonly<Record<string, { readonly version: number; readonly state: string }>>;
};
type Logged = { readonly id: string; readonly outcome: string | null };

const V1 = 'Hello from ripcord: version 1';
const V2 = 'Hello again from ripcord: version 2';
const KILLS = ['kill@append', 'kill@before-append', 'kill@effect', 'kill@before-effect'] as const;
/** More boundaries than any of these updates has: a sweep that does not end is a failure. */
const BOUNDARIES_MAX = 80;

const devices: Device[] = [];

afterAll(() => {
  for (const device of devices) device.destroy();
});

/** A device that runs version 1, and its state hash with version 1 and with version 2. */
async function ready(): Promise<{ device: Device; hashes: Readonly<Record<string, string>> }> {
  const device = await Device.make();
  devices.push(device);
  const hashes: Record<string, string> = {};
  await apply(device, 'hello-v2');
  hashes[V2] = (await statusOf(device)).stateHash;
  await back(device);
  hashes[V1] = (await statusOf(device)).stateHash;
  return { device, hashes };
}

async function apply(device: Device, name: string): Promise<void> {
  const { code, err, out } = await device.ripcord(['apply', name, '-y']);
  expect(code, `${out}${err}`).toBe(0);
}

async function back(device: Device): Promise<void> {
  const { code, err, out } = await device.ripcord(['apply', 'hello', '-y', '--allow-downgrade']);
  expect(code, `${out}${err}`).toBe(0);
}

const statusOf = async (device: Device): Promise<Status> =>
  (await device.json(['status'])) as Status;

async function lastUpdate(device: Device): Promise<Logged | undefined> {
  const log = (await device.json(['log'])) as readonly Logged[];
  return log.toSorted((a, b) => Number(a.id.slice(1)) - Number(b.id.slice(1))).at(-1);
}

/** One of the two versions, whole: answering, alone, with its state hash, in a sound journal. */
async function expectWhole(
  device: Device,
  hashes: Readonly<Record<string, string>>,
  story: string,
): Promise<string> {
  const status = await statusOf(device);
  expect(status, story).toMatchObject({
    running: null,
    stuck: [],
    chutes: { hello: { state: 'running' } },
  });
  const answer = (await device.answer()) ?? 'nobody';
  expect(Object.keys(hashes), story).toContain(answer);
  expect(status.stateHash, story).toBe(hashes[answer]);
  expect(device.processes(), story).toHaveLength(1);
  expect(await device.json(['verify']), story).toMatchObject({ ok: true, problems: [] });
  return answer;
}

/** Kills an update at the Kth boundary, for every K until it survives; checks what the next command makes of it. */
async function sweep(
  kill: (typeof KILLS)[number],
  options: {
    readonly faults?: string;
    readonly flags?: readonly string[];
    readonly again?: (k: number) => string;
    /** How an update that was on record may end. */
    readonly outcomes: readonly string[];
  },
): Promise<number> {
  const { device, hashes } = await ready();
  let wasTaken = false;
  for (let k = 1; k < BOUNDARIES_MAX; k++) {
    const before = await lastUpdate(device);
    const fault = [`${kill}=${k}`, options.faults ?? ''].filter(Boolean).join(',');
    const run = await device.ripcord(['apply', 'hello-v2', '-y', ...(options.flags ?? [])], fault);
    if (run.signal !== 'SIGKILL') return k - 1;
    if (options.again) await device.ripcord(['status'], options.again(k));
    const story = `${fault} then ${options.again?.(k) ?? 'status'}`;
    const answer = await expectWhole(device, hashes, story);
    const after = await lastUpdate(device);
    if (after?.id === before?.id) {
      // Once a request was durable at an earlier boundary, it is at every later one.
      expect(wasTaken, story).toBe(false);
      expect(answer, story).toBe(V1);
    } else {
      wasTaken = true;
      expect(options.outcomes, story).toContain(after?.outcome);
      expect(answer, story).toBe(after?.outcome === 'committed' ? V2 : V1);
    }
    if (answer === V2) await back(device);
  }
  throw new Error(`${kill} still kills at ${BOUNDARIES_MAX}`);
}

describe.concurrent.each(KILLS)('%s at every boundary', (kill) => {
  test('an update goes on and is committed by the next command', async () => {
    const boundaries = await sweep(kill, { outcomes: ['committed'] });
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
