import { realpathSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';

import type { DriverOf, StepContext } from '../../core/driver.ts';
import { RipcordError } from '../../core/errors.ts';
import type { ArgsOf, GateCheck, ProcessInstance, ProcessSpec } from '../../core/step.ts';
import { askOnce, describeCheck, type Answer, type HealthScene } from '../health.ts';
import { type Hide, hidingSecretsOf } from '../hide-secrets.ts';
import { lastLines } from '../last-lines.ts';
import { findService } from '../marked.ts';
import { below, serviceEnvironment } from '../service-environment.ts';

type Args = ArgsOf<'gate.check@1'>;

/** What one check found, for the journal. */
type Passed = {
  readonly chute: string;
  readonly service: string;
  readonly check: string;
  readonly answer: string;
  readonly tries: number;
};

/** A check, and what takes the secrets of its service out of what it answers. */
type Asked = GateCheck & { readonly hide: Hide };

/** How often the process is looked at while there is nothing to ask it yet. */
const LOOK_MS = 50;

/**
 * Waits until every check has had a good answer. Fails at once when a service's process is gone, and
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
async function pass(context: StepContext, args: Args, asked: GateCheck): Promise<Passed> {
  const { health } = asked;
  const check = { ...asked, hide: await hideOf(context, asked) };
  const scene = await sceneOf(context, check);
  const begun = context.up();
  const end = Math.min(
    context.deadlineUp ?? begun + args.withinMs,
    begun + Math.min(args.withinMs, health.withinMs),
  );
  const settled = Math.min(begun + health.settleMs, end);

  await waitAlive(context, check, settled);
  let bad = 0;
  for (let tries = 1; ; tries += 1) {
    const said = await askOnce(health, scene);
    const answer = { ...said, text: check.hide(said.text) };
    context.signal.throwIfAborted();
    expectAlive(context, check, answer);
    if (answer.verdict === 'good') return passedAs(check, answer, tries);

    bad = answer.verdict === 'bad' ? bad + 1 : 0;
    if (bad > health.retries) throw gateFailed(context, check, answer.text);
    if (context.up() >= end) throw gateFailed(context, check, answer.text);
    await waitAlive(context, check, Math.min(context.up() + health.intervalMs, end));
  }
}

/** Lets time pass, and throws as soon as the service's process is gone. */
async function waitAlive(context: StepContext, check: Asked, until: number): Promise<void> {
  expectAlive(context, check, null);
  for (let left = until - context.up(); left > 0; left = until - context.up()) {
    await pause(Math.min(left, LOOK_MS), undefined, { signal: context.signal });
    expectAlive(context, check, null);
  }
}

function expectAlive(context: StepContext, check: Asked, answer: Answer | null): void {
  const instance = instanceOf(context, check);
  if (instance !== null && findService(realpathSync(context.root), instance) !== null) return;
  const after = answer === null ? '' : `, its last answer was: ${answer.text}`;
  throw gateFailed(context, check, `its process has ended${after}`);
}

function instanceOf({ applied }: StepContext, check: GateCheck): ProcessInstance | null {
  return applied.chutes[check.chute]?.services[check.service]?.instance ?? null;
}

async function hideOf(context: StepContext, check: GateCheck): Promise<Hide> {
  return hidingSecretsOf(environmentOf(context, check), (ref) => context.secret(ref));
}

function environmentOf({ applied }: StepContext, check: GateCheck): ProcessSpec['environment'] {
  return applied.chutes[check.chute]?.services[check.service]?.spec?.environment ?? {};
}

async function sceneOf(context: StepContext, check: GateCheck): Promise<HealthScene> {
  const root = realpathSync(context.root);
  return {
    directory: below(root, check.directory),
    environment: await serviceEnvironment(
      { root, secret: (ref) => context.secret(ref) },
      environmentOf(context, check),
    ),
    signal: context.signal,
  };
}

function passedAs(check: GateCheck, answer: Answer, tries: number): Passed {
  const { chute, service, health } = check;
  return { chute, service, check: describeCheck(health), answer: answer.text, tries };
}

function gateFailed(context: StepContext, check: Asked, answer: string): RipcordError {
  const { chute, service, health, hide } = check;
  const applied = context.applied.chutes[chute]?.services[service];
  const log =
    applied?.spec && applied.instance
      ? lastLines(
          context.root,
          { chute, service, mark: applied.instance.mark, log: applied.spec.log },
          hide,
        )
      : [];
  return new RipcordError(
    'RIPCORD_GATE_FAILED',
    `cannot confirm that service ${service} of ${chute} is well (${describeCheck(health)}): ${answer}`,
    {
      details: { chute, service, check: describeCheck(health), answer, log },
      hint: `ripcord logs ${chute} ${service}`,
    },
  );
}
