import { setTimeout as pause } from 'node:timers/promises';

import type { DriverOf, StepContext } from '../../core/driver.ts';
import { RipcordError } from '../../core/errors.ts';
import type { ArgsOf, GateCheck } from '../../core/step.ts';
import { describeCheck, type Answer } from '../health.ts';
import { watch } from '../watch.ts';
import type { Watched } from '../watched.ts';

type Args = ArgsOf<'gate.check@1'>;

/** What one check found, for the journal. */
type Passed = {
  readonly chute: string;
  readonly service: string;
  readonly check: string;
  readonly answer: string;
  readonly tries: number;
};

/** A check, and the service it is about. */
type Asked = { readonly check: GateCheck; readonly watched: Watched };

/** How often the service is looked at while there is nothing to ask it yet. */
const LOOK_MS = 50;

/**
 * Waits until every check has had a good answer. Fails at once when a service has ended, and
 * when a service gave more bad answers in a row than its retries allow; a service that is not yet
 * listening has as long as the check is given.
 *
 * Throws RIPCORD_GATE_FAILED with the last answer and the last lines of the service's log.
 */
export const gateCheck: DriverOf<'gate.check@1'> = {
  effect: false,

  async run(context, args) {
    context.signal.throwIfAborted();
    const failed = new AbortController();
    const signal = AbortSignal.any([context.signal, failed.signal]);
    const checks = args.checks.map(async (check) => {
      try {
        return await pass({ ...context, signal }, args, check);
      } catch (error) {
        // The others need not be waited for; the first error is the one that is told.
        failed.abort(error);
        throw error;
      }
    });
    const results = await Promise.allSettled(checks);
    context.signal.throwIfAborted();
    if (failed.signal.aborted) throw failed.signal.reason;
    const passed = results.flatMap((result) => (result.status === 'fulfilled' ? result.value : []));
    return { result: { passed } };
  },
};

/** Asks one service until it is well, or throws why it is not. */
async function pass(context: StepContext, args: Args, check: GateCheck): Promise<Passed> {
  const { health } = check;
  const asked = { check, watched: await watch(context, check) };
  const begun = context.up();
  const end = Math.min(
    context.deadlineUp ?? begun + args.withinMs,
    begun + Math.min(args.withinMs, health.withinMs),
  );
  const settled = Math.min(begun + health.settleMs, end);

  await waitAlive(context, asked, settled);
  let bad = 0;
  for (let tries = 1; ; tries += 1) {
    const answer = await asked.watched.ask();
    context.signal.throwIfAborted();
    await expectAlive(asked, answer);
    if (answer.verdict === 'good') return passedAs(check, answer, tries);

    bad = answer.verdict === 'bad' ? bad + 1 : 0;
    if (bad > health.retries) throw await gateFailed(asked, answer.text);
    if (context.up() >= end) throw await gateFailed(asked, answer.text);
    await waitAlive(context, asked, Math.min(context.up() + health.intervalMs, end));
  }
}

/** Lets time pass, and throws as soon as the service has ended. */
async function waitAlive(context: StepContext, asked: Asked, until: number): Promise<void> {
  await expectAlive(asked, null);
  for (let left = until - context.up(); left > 0; left = until - context.up()) {
    await pause(Math.min(left, LOOK_MS), undefined, { signal: context.signal });
    await expectAlive(asked, null);
  }
}

async function expectAlive(asked: Asked, answer: Answer | null): Promise<void> {
  const ended = await asked.watched.ended();
  if (ended === null) return;
  const after = answer === null ? '' : `, its last answer was: ${answer.text}`;
  throw await gateFailed(asked, `${ended}${after}`);
}

function passedAs(check: GateCheck, answer: Answer, tries: number): Passed {
  const { chute, service, health } = check;
  return { chute, service, check: describeCheck(health), answer: answer.text, tries };
}

async function gateFailed({ check, watched }: Asked, answer: string): Promise<RipcordError> {
  const { chute, service, health } = check;
  return new RipcordError(
    'RIPCORD_GATE_FAILED',
    `cannot confirm that service ${service} of ${chute} is well (${describeCheck(health)}): ${answer}`,
    {
      details: { chute, service, check: describeCheck(health), answer, log: await watched.log() },
      hint: `ripcord logs ${chute} ${service}`,
    },
  );
}
