import type { HostConfig, InterfaceAllocation, NetworkFacts } from '../network.ts';
import type { Held } from './held.ts';
import type { WantedInterface } from './interfaces.ts';

/** What a chute was given, by the name inside. */
export type Allocations = Readonly<Record<string, InterfaceAllocation>>;

/** What a chute's interfaces are chosen beside. */
export type Surroundings = {
  readonly facts: NetworkFacts;
  readonly host: HostConfig;
  readonly others: readonly Held[];
  /** Names on the host that chutes have or had: what is seen there is what we put there. */
  readonly ours: ReadonlySet<string>;
  /** Interfaces of chutes whose turn has not come: the networks that they name are not given away. */
  readonly later: readonly WantedInterface[];
};
