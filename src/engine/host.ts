import type { Applied, ServiceState } from '../core/applied.ts';
import type { ChuteName, SecretRef, ServiceName } from '../core/chute.ts';
import type { ServiceInstance } from '../core/container.ts';
import type { HostFacts } from '../core/facts.ts';
import type { Json } from '../core/json.ts';
import type { Step } from '../core/step.ts';

/** What a look at the world says of one service. */
export type ObservedService = {
  readonly chute: ChuteName;
  readonly service: ServiceName;
  readonly state: ServiceState;
  readonly instance: ServiceInstance | null;
  readonly evidence: Json;
};

/** The engine's eyes: read-only looks at the world outside of any step. */
export interface Host {
  facts(): Promise<HostFacts>;
  /** Services of the named chutes as the world has them, whether `applied` knows of it or not. */
  observe(applied: Applied, chutes: readonly ChuteName[]): Promise<readonly ObservedService[]>;
  /** The value behind a secret's mark. Throws RIPCORD_SECRET_MISSING. */
  secret(ref: SecretRef): Promise<string>;
  /**
   * Sees that there is room for what the steps of an update bring. A host without it has room.
   *
   * Throws RIPCORD_DISK_FULL, saying what is needed and what is there.
   */
  checkRoom?(steps: readonly Step[]): Promise<void>;
  /**
   * Makes durable what a step did, whoever did it: an attempt before may have died, or be late, right
   * before its sync. A host without it has nothing that the power could take.
   */
  secure?(step: Step): Promise<void>;
  /** Keeps a value that must not be journaled, and gives its mark. On disk on return. */
  keepSecret(value: string): Promise<SecretRef>;
}
