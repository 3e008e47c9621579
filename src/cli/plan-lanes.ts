import type { HostFacts } from '../core/facts.ts';
import { spelledOut } from '../core/host-config/spelled-out.ts';
import { sharersOf } from '../core/in-the-way.ts';
import type { Planned } from '../core/make-plan.ts';
import type { State, UpdateState } from '../core/state.ts';
import type { Step } from '../core/step.ts';
import { subjectsOf } from '../core/subjects.ts';
import type { Asked, Said } from '../engine/asked.ts';
import { partsOf } from '../engine/lanes.ts';
import type { Context } from './context.ts';
import { EXIT } from './exit-code.ts';
import { planScene } from './plan-request.ts';
import { type Detail, planText, planValue } from './plan-text.ts';

/** The plan of one chute of a request that is carried out chute by chute. */
export type LanePlan = {
  readonly chute: string;
  readonly planned: Planned;
  /** The chutes before it with which it shares something: it is planned anew behind them. */
  readonly behind: readonly string[];
};

type Mate = Pick<UpdateState, 'id' | 'seq' | 'phase' | 'stuck'> & { readonly request: Asked };

/**
 * What each chute of a request would be planned as on the device as it is, in the order in which they
 * are asked for; ports are promised to one after the other. Reads only.
 */
export async function planLanes(
  root: string,
  state: State,
  { asked, facts }: { readonly asked: Said; readonly facts?: HostFacts | undefined },
): Promise<readonly LanePlan[]> {
  const lanes: LanePlan[] = [];
  const mates: Record<string, Mate> = {};
  const promised: Step[] = [];
  for (const [at, part] of partsOf({ ...spelledOut(asked, state), perChute: true }).entries()) {
    const scene = await planScene(root, state, part, { facts, promised });
    const id = `u${state.nextUpdate + at}`;
    const place = { id, seq: state.seq + 1 + at, phase: 'requested', stuck: [] } as const;
    const mate: Mate = { ...place, request: scene.asked };
    const sharers = sharersOf(mate, {
      ...state,
      facts: { seq: 0, facts: scene.facts },
      updates: mates,
    });
    const { planned } = scene;
    const behind = sharers.flatMap((other) => subjectsOf(other.request).map(({ chute }) => chute));
    lanes.push({ chute: subjectsOf(part)[0]?.chute ?? '', planned, behind });
    if (!('plan' in planned)) continue;
    promised.push(...planned.plan.steps);
    mates[id] = mate;
  }
  return lanes;
}

/** The plans of all lanes, for people. */
export function lanePlansText(
  context: Context,
  lanes: readonly LanePlan[],
  detail: Detail,
): string {
  const { bold, dim } = context.terminal;
  return lanes
    .map(({ chute, planned, behind }, at) => {
      const place = bold(`${at + 1} of ${lanes.length}  ${chute}`);
      const waits =
        behind.length === 0
          ? ''
          : dim(`  behind ${behind.join(', ')}: planned anew on what they leave\n`);
      return `${place}\n${waits}${planText(context, planned, detail)}`;
    })
    .join('\n');
}

/** `plan --per-chute -o json`. Pure. */
export function lanePlansValue(lanes: readonly LanePlan[]): {
  readonly lanes: readonly (ReturnType<typeof planValue> & Pick<LanePlan, 'chute' | 'behind'>)[];
} {
  return {
    lanes: lanes.map(({ chute, behind, planned }) => ({ chute, behind, ...planValue(planned) })),
  };
}

/** Whether any of them would change something, and whether any is refused. Pure. */
export function lanePlansExit(lanes: readonly LanePlan[], tellsChanges: boolean): number {
  if (lanes.some(({ planned }) => 'refusals' in planned)) return EXIT.refused;
  const changes = lanes.some(({ planned }) => 'plan' in planned);
  return changes && tellsChanges ? EXIT.differs : EXIT.ok;
}
