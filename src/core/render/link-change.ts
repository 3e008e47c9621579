import { canonical } from '../json.ts';
import type { Link, Links } from './links.ts';

/** What has to be done to get from some links to others. */
export type LinkChange = {
  /** In the order in which they are removed: the last made first. */
  readonly remove: readonly Link[];
  /** In the order in which they are made. */
  readonly add: readonly Link[];
  /** Settings of the kernel that are new or other than before. */
  readonly sysctl: Readonly<Record<string, string>>;
};

/**
 * The difference of two sets of links. A device that is made anew takes with it what is built on it,
 * so that is made anew as well. Pure.
 */
export function changeLinks(before: Links, after: Links): LinkChange {
  const old = new Map(before.links.map((link) => [link.name, canonical(link)]));
  const anew = new Set<string>();
  for (const link of after.links) {
    const builtOn = [masterOf(link), link.kind === 'vlan' ? link.parent : null];
    const kept = old.get(link.name) === canonical(link);
    if (!kept || builtOn.some((name) => name !== null && anew.has(name))) anew.add(link.name);
  }
  const stays = new Set(after.links.map(({ name }) => name).filter((name) => !anew.has(name)));
  return {
    remove: before.links.filter(({ name }) => !stays.has(name)).toReversed(),
    add: after.links.filter(({ name }) => anew.has(name)),
    sysctl: Object.fromEntries(
      Object.entries(after.sysctl).filter(([key, value]) => before.sysctl[key] !== value),
    ),
  };
}

const masterOf = (link: Link): string | null => (link.kind === 'bridge' ? null : link.master);

/**
 * The change as lines for `ip -batch`; wireless devices are not `ip`'s to make. Pure.
 *
 * A batch is not atomic: it stops at the first line that fails and keeps what it did.
 */
export function ipBatch({ remove, add }: Pick<LinkChange, 'remove' | 'add'>): string {
  const lines = [...remove.flatMap(removeLines), ...add.flatMap(addLines)];
  return lines.map((line) => `${line}\n`).join('');
}

function removeLines(link: Link): readonly string[] {
  switch (link.kind) {
    case 'bridge':
    case 'vlan':
    case 'veth':
      return [`link delete dev ${link.name}`];
    case 'port':
      return [`link set dev ${link.name} nomaster`];
    case 'wireless':
      return [];
  }
}

function addLines(link: Link): readonly string[] {
  const { name } = link;
  const finish = [`link set dev ${name} alias ${link.alias}`, `link set dev ${name} up`];
  switch (link.kind) {
    case 'bridge': {
      // Without a delay: the first packets of a client would be lost for half a minute.
      const lines = [`link add name ${name} type bridge forward_delay 0`];
      if (link.address !== null) lines.push(`address add ${link.address} broadcast + dev ${name}`);
      return [...lines, ...finish];
    }
    case 'vlan':
      return [
        `link add link ${link.parent} name ${name} type vlan id ${link.id}`,
        `link set dev ${name} master ${link.master}`,
        ...finish,
      ];
    case 'veth':
      return [
        `link add name ${name} type veth peer name ${link.peer}`,
        `link set dev ${name} master ${link.master}`,
        ...finish,
      ];
    case 'port':
      return [`link set dev ${name} master ${link.master}`, `link set dev ${name} up`];
    case 'wireless':
      return [];
  }
}

/** What `iw` is asked for to make the wireless devices of a change, as its arguments. Pure. */
export function iwCommands({
  remove,
  add,
}: Pick<LinkChange, 'remove' | 'add'>): readonly (readonly string[])[] {
  return [
    ...remove.flatMap(madeByIw).map(({ name }) => ['dev', name, 'del']),
    ...add.flatMap(madeByIw).map((link) => {
      const phy = link.phy ?? link.radio;
      return ['phy', phy, 'interface', 'add', link.name, 'type', IW_TYPES[link.mode]];
    }),
  ];
}

const IW_TYPES = { ap: '__ap', managed: 'managed', monitor: 'monitor' };

function madeByIw(link: Link): readonly (Link & { readonly kind: 'wireless' })[] {
  return link.kind === 'wireless' && link.madeBy === 'iw' ? [link] : [];
}
