import type { ChuteName } from '../chute.ts';
import type { Requester } from '../events.ts';
import { chuteDirectory, dataDirectory, releasesDirectory, systemDirectory } from '../layout.ts';
import { ORDER } from '../phases.ts';
import type { Change, Planner } from '../plan.ts';
import type { RootPath, StepDraft, StepId } from '../step.ts';
import { signatureRefusals } from './signature.ts';
import type { PlainRefusal } from './unsupported.ts';

/** What a requester may be, from least to most. */
const ROLES = ['guest', 'user', 'trusted', 'admin', 'owner'];

/**
 * Who may change a chute, whose signature it takes, and the directories that are its own.
 *
 * A chute is changed by its owner or by an admin of the device; a new one is installed by those who
 * are trusted. Its data and volumes outlive it unless it is purged.
 */
export const name: Planner = {
  name: 'name',
  version: 1,
  plan(change, context) {
    const refusal = denied(change, context.by);
    if (refusal) return { refusals: [refusal] };
    const unsigned = signatureRefusals(change, context);
    if (unsigned.length > 0) return { refusals: unsigned };
    if (!change.desired) return { steps: removals(change) };
    return { steps: change.before?.definition ? [] : directories(change) };
  },
};

function denied(change: Change, by: Requester): PlainRefusal | null {
  const { chute, operation, before, desired } = change;
  const rank = ROLES.indexOf(by.role);
  if (rank >= ROLES.indexOf('admin')) return null;
  const who = `${by.user} (${by.role})`;
  const installed = before?.definition;
  if (!installed) {
    const mine = desired?.definition.owner === by.user;
    if (rank >= ROLES.indexOf('trusted') && (mine || !desired)) return null;
    const reason =
      rank < ROLES.indexOf('trusted')
        ? `${who} is not trusted to install chutes`
        : `${who} cannot install it for ${desired?.definition.owner}`;
    return refuse(`cannot ${operation} ${chute}: ${reason}`, 'ask an admin of this device');
  }
  // A chute without an owner is the device's: nobody equals a missing owner.
  const { owner } = installed;
  if (owner === undefined || owner !== by.user) {
    const whose = owner === undefined ? 'the device' : owner;
    return refuse(
      `cannot ${operation} ${chute}: it belongs to ${whose}, and ${who} is neither its owner nor an admin`,
      `ask ${owner === undefined ? '' : `${owner} or `}an admin of this device`,
    );
  }
  if (!desired || desired.definition.owner === owner) return null;
  return refuse(
    `cannot ${operation} ${chute}: only an admin gives it from ${owner} to ${desired.definition.owner}`,
    'leave its owner as it is',
  );
}

const refuse = (message: string, hint: string): PlainRefusal => ({
  code: 'RIPCORD_ACCESS_DENIED',
  message,
  path: '/owner',
  hint,
});

/**
 * The steps that make a chute's directories, if the plan of this change has them. Whatever is put into
 * them stands on them: taking a directory back takes all that is in it. Pure.
 */
export function directoryIdsOf({
  chute,
  before,
  desired,
}: Pick<Change, 'chute' | 'before' | 'desired'>): readonly StepId[] {
  if (!desired || before?.definition) return [];
  const own = directoryId(chute);
  return [own, ...inside(chute).map(([what]) => `${own}:${what}`)];
}

const directoryId = (chute: ChuteName): StepId => `${chute}/directory.create`;

const inside = (chute: ChuteName): readonly (readonly [string, RootPath])[] => [
  ['data', dataDirectory(chute)],
  ['system', systemDirectory(chute)],
];

function directories({ chute }: Change): readonly StepDraft[] {
  const own = directoryId(chute);
  return [
    {
      id: own,
      phase: ORDER['directory.create@1'],
      kind: 'directory.create@1',
      args: { path: chuteDirectory(chute) },
      title: `make the directory of ${chute}`,
      undo: 'remove it if it was not there',
    },
    // Behind the chute's own: that one makes the chute's place in what is applied.
    ...inside(chute).map(([what, path]): StepDraft => ({
      id: `${own}:${what}`,
      phase: ORDER['directory.create@1'],
      kind: 'directory.create@1',
      args: { path },
      needs: [own],
      title: `make the ${what} directory of ${chute}`,
      undo: 'remove it if it was not there',
    })),
  ];
}

function removals({ chute, purge }: Change): readonly StepDraft[] {
  const own = chuteDirectory(chute);
  const gone: readonly (readonly [string, RootPath])[] = purge
    ? [['everything', own]]
    : [
        ['releases', releasesDirectory(chute)],
        ['services', `${own}/services`],
        ['system', systemDirectory(chute)],
      ];
  return gone.map(([what, path]) => ({
    id: `${chute}/directory.remove:${what}`,
    phase: ORDER['directory.remove@1'],
    kind: 'directory.remove@1',
    args: { path },
    title: purge ? `remove all files of ${chute}` : `remove the ${what} of ${chute}`,
    afterCommit: true,
  }));
}
