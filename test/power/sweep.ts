/** Plays that are killed before each of their syncs, and settled by the next process. */
import type { Effort } from './explore.ts';
import { install } from './plays.ts';
import type { Play } from './recording.ts';
import { report, type PlayReport } from './report.ts';

type Swept = {
  readonly prepare: Play['prepare'];
  /** What is killed. */
  readonly command: string;
  /** What goes on from there. */
  readonly settle: string;
};

export const SWEPT: Readonly<Record<string, Swept>> = {
  'first-install': {
    prepare: async () => {},
    command: 'apply hello -y',
    settle: 'apply hello -y',
  },
  remove: { prepare: install, command: 'rm box -y', settle: 'status' },
};

/** More syncs than any of these plays has: a sweep that does not end is a failure. */
const SYNCS_MAX = 300;
const AT_ONCE = 2;

/**
 * Kills a play before each of its syncs, has the next process settle what it left, and cuts the power at
 * every operation of that. A report for each of its syncs.
 */
export async function reportSweep(
  name: string,
  effort: Effort,
  say: (done: PlayReport) => void = () => undefined,
): Promise<readonly PlayReport[]> {
  const reports: PlayReport[] = [];
  let n = 0;
  let isOver = false;
  const work = async (): Promise<void> => {
    while (!isOver) {
      n += 1;
      if (n > SYNCS_MAX) throw new Error(`${name} has no last sync`);
      const { report: done, died } = await reportKilled(name, n, effort);
      isOver ||= !died;
      // Behind the last one nobody was killed: that is the play itself.
      if (died || done.wrong.length > 0) reports.push(done);
      say(done);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return reports;
}

/** The same before its Nth sync alone, if it has so many. */
export async function reportKilled(
  name: string,
  n: number,
  effort: Effort,
): Promise<{ readonly report: PlayReport; readonly died: boolean }> {
  const swept = SWEPT[name];
  if (swept === undefined) throw new Error(`there is no play '${name}' to be killed`);
  let died = false;
  const play: Play = {
    name: `${name}-killed-at-sync-${n}`,
    prepare: swept.prepare,
    record: async (device) => {
      died = await device.recordKilledAt(swept.command, n);
      await device.record(swept.settle);
    },
  };
  // What the command leaves before it is killed is what a play leaves that is not killed at all.
  return { report: await report(play, { ...effort, skippedCommands: 1 }), died };
}
