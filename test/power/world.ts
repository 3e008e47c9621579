/** What the journal says was done has been done: the disk below a root against the state it folds to. */
import {
  currentLink,
  currentTarget,
  releaseDirectory,
  releasesDirectory,
  volumeDirectory,
} from '../../src/core/layout.ts';
import type { State } from '../../src/core/state.ts';
import type { Image } from './image.ts';

/** Marks of steps whose effect is there, in part, or not: only the world knows. */
const OPEN = /[i?prfoOR]/;

const LINK = /^root\/(chutes\/([^/]+)\/services\/([^/]+)\/current)$/;

/** Where `applied` says something of the disk that is not so, steps that are under way left aside. */
export function worldProblems(image: Image, state: State): readonly string[] {
  const open = new Set(openPlaces(state));
  const problems: string[] = [];
  const expectThere = (path: string, why: string): void => {
    const isOpen = [...open].some((place) => path === place || path.startsWith(`${place}/`));
    if (!isOpen && !image.has(`root/${path}`)) problems.push(`${path} is missing: ${why}`);
  };
  for (const [chute, applied] of Object.entries(state.applied.chutes)) {
    for (const [service, digest] of Object.entries(applied.releases)) {
      const link = currentLink(chute, service);
      expectThere(releaseDirectory(chute, digest), `${chute}/${service} is switched to it`);
      expectThere(link, `${chute}/${service} has a release`);
      const found = image.get(`root/${link}`);
      if (!open.has(link) && found?.kind === 'link' && found.target !== currentTarget(digest))
        problems.push(`${link} leads to ${found.target}, not to ${digest}`);
    }
    for (const volume of Object.keys(applied.volumes))
      expectThere(volumeDirectory(chute, volume), `${chute} has this volume`);
  }
  const files = new Set(Object.keys(state.applied.host.files));
  for (const path of files) expectThere(path, 'it is applied as a file of the host');
  for (const path of hostFiles(image))
    if (!files.has(path) && !open.has(path)) problems.push(`${path} is there and not applied`);
  for (const { path, why } of doneSteps(state)) expectThere(path, why);
  for (const path of image.keys()) {
    const [, link = '', chute = '', service = ''] = LINK.exec(path) ?? [];
    // What a chute leaves behind when it goes is removed behind its commit.
    const { releases } = state.applied.chutes[chute] ?? {};
    if (releases !== undefined && releases[service] === undefined && !open.has(link))
      problems.push(`${link} is there, and its service has no release`);
  }
  if (open.size === 0)
    for (const path of image.keys())
      if (/\/\.gone-[^/]+$/.test(path)) problems.push(`${path} is left of what was removed`);
  return problems;
}

/** Files of the host as they were written, by their paths in the root; none that are on their way. */
export function hostFiles(image: Image): readonly string[] {
  return [...image]
    .filter(([path, { kind }]) => kind === 'file' && /^root\/host\/(?!running\/)/.test(path))
    .map(([path]) => path.slice('root/'.length))
    .filter((path) => !path.endsWith('.new'));
}

/** What steps that are done and not undone have made. */
function doneSteps(state: State): readonly { readonly path: string; readonly why: string }[] {
  return Object.values(state.updates).flatMap(({ plan, marks }) =>
    (plan?.steps ?? [])
      .filter(({ n }) => marks[n - 1] === 'd')
      .flatMap(({ kind, id, args }) => {
        const { path, chute, digest } = args as Readonly<Record<string, string | undefined>>;
        const why = `${id} is done`;
        if (kind === 'directory.create@1' && path !== undefined) return [{ path, why }];
        if (kind !== 'release.fetch@1' || chute === undefined || digest === undefined) return [];
        return [{ path: releaseDirectory(chute, digest), why }];
      }),
  );
}

/** Paths that a step under way may be changing. */
function openPlaces(state: State): readonly string[] {
  return Object.values(state.updates).flatMap(({ plan, marks }) =>
    (plan?.steps ?? [])
      .filter(({ n }) => OPEN.test(marks[n - 1] ?? '.'))
      .flatMap(({ kind, args }) => {
        const { path, chute, service, digest, volume } = args as Readonly<
          Record<string, string | undefined>
        >;
        if (path !== undefined) return [path];
        if (kind === 'release.switch@1') return [currentLink(chute ?? '', service ?? '')];
        if (kind === 'release.fetch@1') return [releaseDirectory(chute ?? '', digest ?? '')];
        if (kind === 'release.drop@1') return [releasesDirectory(chute ?? '')];
        return volume === undefined ? [] : [volumeDirectory(chute ?? '', volume)];
      }),
  );
}
