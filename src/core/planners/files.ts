import type { AppliedChute } from '../applied.ts';
import type { ChuteName } from '../chute.ts';
import { releaseName } from '../layout.ts';
import { ORDER } from '../phases.ts';
import type { Change, Desired, Planner } from '../plan.ts';
import type { StepDraft, StepId } from '../step.ts';
import { textOrder } from '../text-order.ts';
import { directoryIdsOf } from './name.ts';
import { unpinnedRefusals } from './unpinned.ts';

/**
 * The files that services run: each content is fetched once, a service is switched to it in one go,
 * and what it ran before is kept until the update is through.
 */
export const files: Planner = {
  name: 'files',
  version: 1,
  plan(change, context) {
    const { chute, before, desired, sources } = change;
    if (!desired) return { steps: [] };
    const unpinned = unpinnedRefusals(change, context);
    if (unpinned.length > 0) return { refusals: unpinned };
    const wanted = releasesOf(desired);
    const had = new Set(Object.values(before?.releases ?? {}));
    const missing = distinct(wanted.values()).filter((digest) => !had.has(digest));
    const nowhere = missing.filter((digest) => !sources[digest]);
    if (nowhere.length > 0)
      return {
        refusals: nowhere.map((digest) => ({
          code: 'RIPCORD_SOURCE_UNREACHABLE',
          message: `cannot fetch the files of ${chute}: nobody says where ${digest} is`,
          path: '/services',
          hint: 'apply the definition from its directory again',
        })),
      };
    const fetches = missing.flatMap((digest): readonly StepDraft[] => {
      const location = sources[digest];
      if (!location) return [];
      return [
        {
          id: fetchId(chute, digest),
          phase: ORDER['release.fetch@1'],
          kind: 'release.fetch@1',
          args: { chute, digest, location },
          needs: directoryIdsOf(change),
          title: `fetch release ${short(digest)} of ${chute}`,
          undo: 'drop it if it was not there',
        },
      ];
    });
    return { steps: [...fetches, ...switches(change, wanted), ...drops(change, wanted)] };
  },
};

const fetchId = (chute: ChuteName, digest: string): string =>
  `${chute}/release.fetch:${short(digest)}`;

/** The step that fetches a release, if the plan of this change has one. Pure. */
export function fetchIdsOf(
  chute: ChuteName,
  before: AppliedChute | null,
  digest: string | null | undefined,
): readonly StepId[] {
  if (digest == null || Object.values(before?.releases ?? {}).includes(digest)) return [];
  return [fetchId(chute, digest)];
}

/** The release each service shall run. */
function releasesOf({ definition }: NonNullable<Desired>): ReadonlyMap<string, string> {
  return new Map(
    Object.entries(definition.services).flatMap(([service, { source }]) =>
      source ? [[service, source.digest] as const] : [],
    ),
  );
}

function switches(change: Change, wanted: ReadonlyMap<string, string>): readonly StepDraft[] {
  const { chute, before } = change;
  const had: AppliedChute['releases'] = before?.releases ?? {};
  const services = distinct([...Object.keys(had), ...wanted.keys()]);
  return services.flatMap((service): readonly StepDraft[] => {
    const digest = wanted.get(service) ?? null;
    const previous = had[service] ?? null;
    if (digest === previous) return [];
    return [
      {
        id: `${chute}/${service}/release.switch`,
        phase: ORDER['release.switch@1'],
        kind: 'release.switch@1',
        args: { chute, service, digest },
        // What `current` points at has to be there for as long as it does.
        needs: [...directoryIdsOf(change), ...fetchIdsOf(chute, before, digest)],
        title: digest
          ? `switch ${service} of ${chute} to release ${short(digest)}`
          : `let go of the release of ${service} of ${chute}`,
        undo: previous ? `switch back to release ${short(previous)}` : 'let go of it',
      },
    ];
  });
}

function drops({ chute, before }: Change, wanted: ReadonlyMap<string, string>): StepDraft[] {
  const now = distinct(wanted.values());
  const old = Object.values(before?.releases ?? {});
  if (old.every((digest) => now.includes(digest))) return [];
  // What ran until now stays for one more change: going back must not depend on where it came from.
  const keep = distinct([...now, ...old]);
  return [
    {
      id: `${chute}/release.drop`,
      phase: ORDER['release.drop@1'],
      kind: 'release.drop@1',
      args: { chute, keep },
      title: `drop releases of ${chute} older than the one before`,
      afterCommit: true,
    },
  ];
}

/** Enough of a digest to tell releases of one chute apart. */
const short = (digest: string): string => releaseName(digest).slice(0, 12);

const distinct = (texts: Iterable<string>): readonly string[] =>
  [...new Set(texts)].toSorted(textOrder);
