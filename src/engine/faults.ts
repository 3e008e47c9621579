import type { JournalFaults } from '../../journal/journal.ts';
import { RipcordError } from '../core/errors.ts';
import type { Step } from '../core/step.ts';

/** The fault switch as the engine and the journal meet it. */
export interface Faults {
  readonly journal: JournalFaults;
  /** Before every call of a driver's `run` or `undo`; returns which one it is, counted from 1. */
  beforeEffect(): number;
  /** After that call, whatever it came to, before anything of it is journaled. */
  afterEffect(effect: number): void;
  /** Throws, class transient, when this attempt is to fail before its effect. */
  failStep(update: string, step: Step, attempt: number): void;
  failAfterStep(update: string, step: Step, attempt: number): void;
  failUndo(update: string, step: Step, attempt: number): void;
  hangs(update: string, step: Step): boolean;
}

type Rule = { readonly fault: string; readonly glob: RegExp; readonly attempts: number };

/**
 * The faults that a text such as `kill@append=3,fail@step=*process.start*2` asks for (DESIGN §9).
 *
 * K counts from 1 in this process. Throws RIPCORD_USAGE_INVALID for words it does not know, because a
 * fire drill that silently does nothing teaches the wrong thing.
 */
export function parseFaults(text: string, die: () => void = killSelf): Faults {
  const counts: Record<string, number> = {};
  const rules: Rule[] = [];
  for (const part of text.split(',').filter((each) => each.trim() !== '')) {
    const [, fault, value] = /^\s*([a-z-]+@[a-z-]+)=(.+?)\s*$/.exec(part) ?? [];
    if (fault !== undefined && value !== undefined && COUNTED.has(fault) && /^\d+$/.test(value))
      counts[fault] = Number(value);
    else if (fault !== undefined && value !== undefined && MATCHED.has(fault))
      rules.push(ruleOf(fault, value));
    else throw unknownFault(part);
  }
  const seen: Record<string, number> = {};
  const hits = (fault: string, occasion: string): boolean =>
    counts[fault] !== undefined && counts[fault] === seen[occasion];
  const count = (occasion: string): void => {
    seen[occasion] = (seen[occasion] ?? 0) + 1;
  };
  const fail = (fault: string, update: string, step: Step, attempt: number): void => {
    const rule = rules.find((each) => each.fault === fault && matches(each, update, step));
    if (rule && attempt <= rule.attempts) throw injected(fault, step);
  };
  return {
    journal: {
      beforeFlush(): void {
        count('append');
        if (hits('kill@before-append', 'append')) die();
        if (hits('enospc@append', 'append')) throw errno('ENOSPC', 'no space left on device');
      },
      beforeSync(): void {
        count('sync');
        if (hits('eio@sync', 'sync')) throw errno('EIO', 'i/o error');
      },
      afterFlush(): void {
        if (hits('kill@append', 'append')) die();
      },
    },
    beforeEffect(): number {
      count('effect');
      if (hits('kill@before-effect', 'effect')) die();
      return seen['effect'] ?? 0;
    },
    // Effects run side by side: more may have begun when this one ends.
    afterEffect(effect): void {
      if (counts['kill@effect'] === effect) die();
    },
    failStep: (update, step, attempt) => fail('fail@step', update, step, attempt),
    failAfterStep: (update, step, attempt) => fail('fail-after@step', update, step, attempt),
    failUndo: (update, step, attempt) => fail('fail@undo', update, step, attempt),
    hangs: (update, step) =>
      rules.some((rule) => rule.fault === 'hang@step' && matches(rule, update, step)),
  };
}

/** No faults at all: what every engine without the variable runs with. */
export const NO_FAULTS: Faults = parseFaults('');

const COUNTED = new Set([
  'kill@append',
  'kill@before-append',
  'kill@effect',
  'kill@before-effect',
  'enospc@append',
  'eio@sync',
]);
const MATCHED = new Set(['fail@step', 'fail-after@step', 'fail@undo', 'hang@step']);

function ruleOf(fault: string, value: string): Rule {
  const [, times] = /\*(\d+)$/.exec(value) ?? [];
  const glob = times === undefined ? value : value.slice(0, -times.length - 1);
  const source = glob
    .replaceAll(/[.+^${}()|[\]\\]/g, String.raw`\$&`)
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  return {
    fault,
    glob: new RegExp(`^${source}$`),
    attempts: times === undefined ? Number.POSITIVE_INFINITY : Number(times),
  };
}

function matches({ glob }: Rule, update: string, { id, n, kind }: Step): boolean {
  const kindName = kind.split('@')[0] ?? kind;
  return [id, `${update}.s${n}`, kind, kindName].some((name) => glob.test(name));
}

function injected(fault: string, { id }: Step): RipcordError {
  const message = `cannot carry out ${id}: the fault switch asked for ${fault}`;
  return new RipcordError('RIPCORD_FAULT_INJECTED', message, { class: 'transient' });
}

function unknownFault(part: string): RipcordError {
  const known = [...COUNTED]
    .map((each) => `${each}=K`)
    .concat([...MATCHED].map((each) => `${each}=GLOB`));
  return new RipcordError(
    'RIPCORD_USAGE_INVALID',
    `cannot read RIPCORD_FAULT: '${part}' is not a fault`,
    {
      hint: `known are ${known.join(', ')}`,
    },
  );
}

function errno(code: string, message: string): Error {
  return Object.assign(new Error(`${code}: ${message} (fault switch)`), { code });
}

/** SIGKILL itself: no exit handler runs, nothing is flushed. */
function killSelf(): void {
  process.kill(process.pid, 'SIGKILL');
  // The signal is delivered asynchronously: nothing may happen in the meantime.
  for (;;) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
}
