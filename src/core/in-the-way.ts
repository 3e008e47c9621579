import type { Definition } from './chute.ts';
import type { UpdateRequest } from './events.ts';
import type { State, UpdateState } from './state.ts';

type Asking = { readonly request: Pick<UpdateRequest, 'chutes' | 'host' | 'atBoot'> };
type Numbered = Asking & Pick<UpdateState, 'id' | 'seq'> & Partial<Pick<UpdateState, 'phase'>>;
/** What tells whether updates get in each other's way. */
type Placed = Numbered & Pick<UpdateState, 'phase' | 'stuck'> & Partial<Pick<UpdateState, 'plan'>>;
type Scene = Pick<State, 'applied' | 'facts'> & {
  readonly updates: Readonly<Record<string, Placed>>;
};

/** The unfinished updates before this one that touch one of its chutes, oldest first. Pure. */
export function blockersOf<U extends Numbered>(
  update: Numbered,
  { updates }: { readonly updates: Readonly<Record<string, U>> },
): readonly U[] {
  return before(update, updates).filter((other) => shareChute(update, other));
}

/**
 * The unfinished updates before this one that change what it changes too although it is no chute of
 * theirs: the configuration of the host, which holds what every chute is given, and the division of
 * the cpus; and those that change what the device asks of definitions, where it brings one. Oldest
 * first. Pure.
 *
 * Planned side by side, each would write what is there without the other. One behind its commit, or
 * stuck at something of its own, is in nobody's way; nor is one that is stuck at what they share in the
 * way of what only has to run again, which nobody but a person could end.
 */
export function sharersOf(update: Numbered, scene: Scene): readonly Placed[] {
  const others = before(update, scene.updates).filter(isInTheWay);
  if (!runsAgain(update.request, scene)) return alikeOf(update, others, scene);
  return alikeOf(
    update,
    others.filter(({ phase }) => phase !== 'stuck'),
    scene,
  );
}

/** Those that are stuck at what an update would share with them, if it came to that. Pure. */
export function stuckSharersOf(update: Numbered, scene: Scene): readonly Placed[] {
  const others = before(update, scene.updates).filter(isInTheWay);
  return alikeOf(
    update,
    others.filter(({ phase }) => phase === 'stuck'),
    scene,
  );
}

function alikeOf(update: Numbered, others: readonly Placed[], scene: Scene): readonly Placed[] {
  if (others.length === 0) return [];
  const networked = touchesNetwork(update.request, scene);
  const isJudged = update.request.chutes.some(({ definition }) => definition !== null);
  const alike = others.filter(
    (other) =>
      (networked && isAtTheHost(other, scene)) ||
      (isJudged && setsPolicy(other)) ||
      dividesCpus([update.request, other.request], scene),
  );
  return alike.filter((other) => !shareChute(update, other));
}

/**
 * Whether what is owed to the host is for this update to load: not while another one that comes first, or
 * that has begun, is at work on it. What is owed then is that one's own, and its files are half written.
 * Pure.
 */
export function paysDebts(update: Numbered, scene: Scene): boolean {
  return !Object.values(scene.updates).some(
    (other) =>
      other.id !== update.id &&
      isInTheWay(other) &&
      (hasBegun(other) || isBefore(other, update)) &&
      isAtTheHost(other, scene),
  );
}

/** Whether two updates touch one chute, or both the device itself; a reset touches all there is. Pure. */
function shareChute(left: Asking, right: Asking): boolean {
  return isReset(left) || isReset(right) || nameAlike(left, right);
}

/** Whether an update that says so takes the place of one before it: not that of a whole reset. Pure. */
export function takesPlaceOf(newer: Asking, older: Asking): boolean {
  return isReset(newer) || nameAlike(newer, older);
}

const isReset = ({ request }: Asking): boolean => request.host?.operation === 'reset';

function nameAlike(left: Asking, right: Asking): boolean {
  if (left.request.host && right.request.host) return true;
  return left.request.chutes.some(({ chute }) =>
    right.request.chutes.some((each) => each.chute === chute),
  );
}

/** Whether an update has a plan: before that it has promised nothing and touched nothing. Pure. */
export function hasBegun({ phase }: Partial<Pick<UpdateState, 'phase'>>): boolean {
  return phase !== undefined && phase !== 'requested' && phase !== 'queued';
}

function before<U extends Numbered>(
  update: Numbered,
  updates: Readonly<Record<string, U>>,
): readonly U[] {
  return Object.values(updates)
    .filter((other) => other.id !== update.id && isBefore(other, update))
    .toSorted((a, b) => a.seq - b.seq);
}

/** In the order in which they were asked for; what is started at boot before what has not begun. */
function isBefore(other: Numbered, update: Numbered): boolean {
  const { atBoot = false } = other.request;
  if (atBoot !== (update.request.atBoot ?? false) && !hasBegun(atBoot ? update : other))
    return atBoot;
  return other.seq < update.seq;
}

function isInTheWay({ phase, stuck }: Placed): boolean {
  if (phase === 'committed') return false;
  return phase !== 'stuck' || stuck.some(({ step }) => step.startsWith('host/'));
}

/** Whether an update changes, or may change, files of the host: also to load what others left owed. */
const isAtTheHost = ({ request, plan }: Placed, scene: Pick<State, 'applied'>): boolean =>
  touchesNetwork(request, scene) ||
  (plan?.steps.some(({ kind }) => kind.startsWith('config.')) ?? false);

/** Whether an update only has services run again that should: its chutes keep what they have of the host. */
const runsAgain = (
  { chutes, host }: Asking['request'],
  { applied }: Pick<State, 'applied'>,
): boolean =>
  host === undefined &&
  chutes.every(
    ({ chute, operation, definition }) =>
      (operation === 'start' || operation === 'restart') &&
      definition === null &&
      applied.chutes[chute]?.run === 'running',
  );

/** Whether an update may change whose definitions the device takes; one that is stuck has not. */
const setsPolicy = ({ request, phase }: Placed): boolean =>
  request.host !== undefined && phase !== 'stuck';

/** Whether a request changes, or may change, what the host's network is configured to. */
function touchesNetwork(
  { chutes, host }: Asking['request'],
  { applied }: Pick<State, 'applied'>,
): boolean {
  if (host) return true;
  return chutes.some(({ chute, definition }) => {
    const installed = applied.chutes[chute];
    return [definition, installed?.definition].some(
      (each) =>
        each &&
        (Object.keys(each.firewall).length > 0 ||
          Object.values(each.services).some(
            ({ interfaces }) => Object.keys(interfaces).length > 0,
          )),
    );
  });
}

/**
 * Whether the cpus are divided by both: their sum must not be over all there is, and where the host
 * enforces shares one that asks for a part changes that of every service. A limit of memory counts as
 * well: limits are planned for all services at once. Pure.
 */
function dividesCpus(
  requests: readonly Asking['request'][],
  { applied, facts }: Pick<State, 'applied' | 'facts'>,
): boolean {
  const asking = requests.map(({ chutes }) =>
    chutes.some(({ chute, definition }) =>
      asksForLimits(definition ?? applied.chutes[chute]?.definition ?? null),
    ),
  );
  if (facts && !facts.facts.capabilities.includes('cpu-shares')) return asking.every(Boolean);
  const installed = Object.values(applied.chutes);
  return asking.some(Boolean) || installed.some(({ definition }) => asksForLimits(definition));
}

const asksForLimits = (definition: Definition | null): boolean =>
  Object.values(definition?.services ?? {}).some(
    ({ requests: { cpuFraction = 0, memory } }) => cpuFraction > 0 || memory !== undefined,
  );
