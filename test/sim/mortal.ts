import { setMaxListeners } from 'node:events';

import type { Disk } from '../../journal/disk.ts';
import type { Drivers } from '../../src/core/driver.ts';
import type { Clock } from '../../src/engine/clock.ts';
import type { Host } from '../../src/engine/host.ts';

/** What a process that was killed meets, should anything of it still run. */
class Dead extends Error {}

const never = async <T>(): Promise<T> => await new Promise<T>(() => undefined);

/**
 * The life of one process: once it is over, nothing that belongs to it does anything any more. What it
 * was waiting for never comes.
 */
export class Mortal {
  readonly #death = new AbortController();
  /** Resolves when it dies. */
  readonly died: Promise<void>;
  /** What is about to kill it, counted down; null: nothing. */
  #fate: { readonly at: string; left: number } | null;

  constructor(fate: { readonly at: string; readonly left: number } | null) {
    this.#fate = fate === null ? null : { ...fate };
    setMaxListeners(0, this.#death.signal);
    this.died = new Promise((resolve) => {
      this.#death.signal.addEventListener('abort', () => resolve(), { once: true });
    });
  }

  get isDead(): boolean {
    return this.#death.signal.aborted;
  }

  /** A place where it may die. Throws when it does, or is dead. */
  readonly pass = (at: string): void => {
    const fate = this.#fate;
    if (fate?.at === at && !this.isDead) {
      fate.left -= 1;
      if (fate.left < 0) this.die();
    }
    if (this.isDead) throw new Dead(`died at ${at}`);
  };

  readonly die = (): void => this.#death.abort();

  /** A disk that only the living can use. */
  disk(disk: Disk): Disk {
    return new Proxy(disk, {
      get: (target, name) => {
        const value: unknown = Reflect.get(target, name);
        if (typeof value !== 'function') return value;
        return (...given: readonly unknown[]): unknown => {
          this.pass('disk');
          return Reflect.apply(value, target, given) as unknown;
        };
      },
    });
  }

  drivers(drivers: Drivers): Drivers {
    return Object.fromEntries(
      Object.entries(drivers).map(([kind, driver]) => [
        kind,
        Object.fromEntries(
          Object.entries(driver).map(([name, member]: [string, unknown]) => [
            name,
            typeof member === 'function' ? this.#answers(member.bind(driver) as Call) : member,
          ]),
        ),
      ]),
    ) as unknown as Drivers;
  }

  host(host: Host): Host {
    return {
      facts: this.#answers(async () => await host.facts()),
      observe: this.#answers(async (applied, chutes) => await host.observe(applied, chutes)),
      keepSecret: async () => ({ $secret: 'kept' }),
      secret: this.#answers(async (ref) => await host.secret(ref)),
    };
  }

  clock(clock: Clock): Clock {
    const { signal: death } = this.#death;
    return {
      boot: clock.boot,
      now: () => clock.now(),
      up: () => clock.up(),
      sleep: async (ms, signal) => {
        if (this.isDead) await never();
        try {
          await clock.sleep(ms, signal ? AbortSignal.any([signal, death]) : death);
        } catch (error) {
          if (this.isDead) await never();
          throw error;
        }
      },
    };
  }

  /** A call whose answer never comes once it is dead, and that has no effect then. */
  #answers<Given extends readonly unknown[], T>(
    call: (...given: Given) => Promise<T>,
  ): (...given: Given) => Promise<T> {
    return async (...given) => {
      if (this.isDead) return await never<T>();
      try {
        const value = await call(...given);
        return this.isDead ? await never<T>() : value;
      } catch (error) {
        if (this.isDead) return await never<T>();
        throw error;
      }
    };
  }
}

type Call = (...given: readonly unknown[]) => Promise<unknown>;
