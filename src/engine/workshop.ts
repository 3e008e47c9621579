import type { Logger } from 'pino';

import type { AppendOptions, Journal } from '../../journal/journal.ts';
import type { Recorded } from '../../journal/record.ts';
import type { Drivers } from '../core/driver.ts';
import type { ChuteEvent } from '../core/events.ts';
import type { Sha256 } from '../core/json.ts';
import type { Planner } from '../core/plan.ts';
import type { State, UpdateState } from '../core/state.ts';
import type { Clock } from './clock.ts';
import type { Deadlines } from './deadlines.ts';
import type { Faults } from './faults.ts';
import type { Host } from './host.ts';
import type { RetryPolicy } from './retry.ts';
import type { Turns } from './turns.ts';

/** Everything the lanes of one engine work with. */
export interface Workshop {
  readonly root: string;
  readonly journal: Journal<ChuteEvent>;
  readonly drivers: Drivers;
  readonly planners: readonly Planner[];
  readonly host: Host;
  readonly clock: Clock;
  /** The hard times of what runs now. */
  readonly deadlines: Deadlines;
  /** Updates are planned one at a time, so that each sees what the one before was promised. */
  readonly planning: Turns;
  /** Stuck steps are settled one at a time, so that nobody settles what somebody else just has. */
  readonly resolving: Turns;
  /** Whether an update is not to be planned yet: what should run at boot comes first. */
  isHeldBack(update: UpdateState): boolean;
  readonly faults: Faults;
  readonly retry: RetryPolicy;
  readonly sha256: Sha256;
  readonly logger: Logger;
  /** Steps of one update that may run at the same time. */
  readonly concurrencyMax: number;
  /** The state after the last flush. */
  state(): State;
  /** On disk on return: nothing may be done on the strength of an event before that. */
  append(
    events: readonly ChuteEvent[],
    options?: AppendOptions,
  ): Promise<readonly Recorded<ChuteEvent>[]>;
}
