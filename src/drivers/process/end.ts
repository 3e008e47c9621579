import { setTimeout as pause } from 'node:timers/promises';

import { codeOf, RipcordError } from '../../core/errors.ts';
import type { ProcessInstance } from '../../core/step.ts';
import { markedProcesses } from '../marked.ts';
import { NOT_RUNNING } from '../not-running.ts';
import { instanceOf, isAlive, liveProcesses, type ProcessStat } from '../proc.ts';

/** Whose processes to end: those that carry a mark, and the one that was recorded. */
export type Whose = {
  readonly root: string;
  readonly mark: string;
  readonly instance: ProcessInstance | null;
};

/** How to end them: a signal, and how long to wait before SIGKILL. */
export type Ending = {
  readonly signal: string;
  readonly graceMs: number;
  readonly abort: AbortSignal;
};

/** How ending goes when there is nothing to end. */

const POLL_MS = 10;

/**
 * Every live process of a service: those with its mark, and everything in the sessions they lead, also
 * when the leader itself is gone. A process whose session is led by somebody without the mark is not
 * ours, whatever it inherited.
 */
export function membersOf(whose: Whose): readonly ProcessStat[] {
  const all = liveProcesses();
  const marked = new Set(
    markedProcesses(whose.root)
      .filter(({ mark }) => mark === whose.mark)
      .map(({ pid }) => pid),
  );
  if (whose.instance !== null && isAlive(whose.instance)) marked.add(whose.instance.pid);

  const pids = new Set(all.map(({ pid }) => pid));
  const sessions = new Set(
    all
      .filter(({ pid, session }) => marked.has(pid) && (marked.has(session) || !pids.has(session)))
      .map(({ session }) => session),
  );
  return all.filter(({ session }) => sessions.has(session));
}

/**
 * Ends a service's processes: the signal to each of their groups, and SIGKILL to what is left after
 * the grace. Resolves when none of them is left, with how it went in words. Safe to repeat.
 *
 * Throws RIPCORD_STEP_TIMEOUT, class unknown, when aborted while they still live.
 */
export async function endProcesses(whose: Whose, how: Ending): Promise<string> {
  let members = membersOf(whose);
  if (members.length === 0) return NOT_RUNNING;

  const killAt = performance.now() + how.graceMs;
  signalGroups(members, how.signal);
  const leaders = members.filter(({ pid, session }) => pid === session);
  let awaited = leaders.length > 0 ? leaders : members;
  while (performance.now() < killAt) {
    await waitUntilGone(awaited, killAt, how.abort);
    members = membersOf(whose);
    if (members.length === 0) return `ended on ${how.signal}`;
    // What was being forked just then inherited the session, and may have missed the signal.
    if (performance.now() < killAt) signalGroups(members, how.signal);
    awaited = members;
  }

  for (members = membersOf(whose); members.length > 0; members = membersOf(whose)) {
    signalGroups(members, 'SIGKILL');
    await waitUntilGone(members, Number.POSITIVE_INFINITY, how.abort);
  }
  return `killed ${how.graceMs} ms after ${how.signal}`;
}

/** Waits until all of these have ended or the time has come. */
async function waitUntilGone(
  members: readonly ProcessStat[],
  until: number,
  abort: AbortSignal,
): Promise<void> {
  let left = members.filter(stillLives);
  while (left.length > 0 && performance.now() < until) {
    if (abort.aborted) {
      throw new RipcordError(
        'RIPCORD_STEP_TIMEOUT',
        `cannot stop process ${left[0]?.pid}: it has not ended in time`,
        { class: 'unknown', details: { pids: left.map(({ pid }) => pid) } },
      );
    }
    await pause(POLL_MS);
    left = left.filter(stillLives);
  }
}

function stillLives(member: ProcessStat): boolean {
  return isAlive(instanceOf(member, ''));
}

function signalGroups(members: readonly ProcessStat[], signal: string): void {
  for (const group of new Set(members.map((member) => member.group))) {
    try {
      process.kill(-group, signal);
    } catch (error) {
      if (codeOf(error) === 'ESRCH') continue;
      throw new RipcordError(
        'RIPCORD_PROCESS_FAILED',
        `cannot send ${signal} to process group ${group}: ${codeOf(error) ?? 'unknown error'}`,
        { cause: error, class: 'unknown' },
      );
    }
  }
}
