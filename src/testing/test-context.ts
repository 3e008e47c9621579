import { NOTHING_APPLIED } from '../core/applied.ts';
import type { StepContext } from '../core/driver.ts';
import { RipcordError } from '../core/errors.ts';
import type { Json } from '../core/json.ts';

/** What a test says about the step whose driver it calls; the rest has a sensible value. */
export type TestContext = Partial<Omit<StepContext, 'note'>> & {
  readonly root: string;
  readonly kind: string;
  readonly args: Json;
  /** Values of secrets by their mark. */
  readonly secrets?: Readonly<Record<string, string>>;
  /** Gets every fact the driver notes. */
  readonly onNote?: (fact: Json) => void;
};

/** The context of one step as an engine would give it, for calling a driver on its own. */
export function testContext(given: TestContext): StepContext {
  const { kind, args, secrets, onNote, ...rest } = given;
  const id = `hello/${kind.split('@')[0] ?? kind}`;
  const update = given.update ?? 'u1';
  const kept = new Map(Object.entries(secrets ?? {}));
  return {
    update,
    attempt: 1,
    mark: `${update}/${id}`,
    signal: new AbortController().signal,
    applied: NOTHING_APPLIED,
    deadlineUp: null,
    step: {
      n: 1,
      id,
      chute: 'hello',
      module: 'test',
      phase: 0,
      level: 0,
      kind,
      args,
      title: `test ${kind}`,
      timeoutMs: 60_000,
      retries: 0,
    },
    async note(fact) {
      onNote?.(fact);
    },
    async secret(ref) {
      const mark =
        '$token' in ref ? given.applied?.chutes[ref.$token]?.token?.$secret : ref.$secret;
      const value = mark === undefined ? '' : kept.get(mark);
      if (value === undefined) {
        throw new RipcordError('RIPCORD_SECRET_MISSING', `cannot read secret ${mark}`);
      }
      return value;
    },
    async keepSecret(value) {
      const mark = `kept-${kept.size + 1}`;
      kept.set(mark, value);
      return { $secret: mark };
    },
    up: () => Math.floor(performance.now()),
    ...rest,
  };
}
