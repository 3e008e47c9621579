import type { ChuteName } from '../chute.ts';
import type { Json, JsonObject } from '../json.ts';
import type { Redirect } from '../network.ts';
import { pointer } from '../patch.ts';
import { textOrder } from '../text-order.ts';
import { textOf } from './json-text.ts';
import { naturalOrder } from './natural-order.ts';
import type { PlainRefusal, PlainWarning } from './refusal.ts';
import type { Allocations } from './surroundings.ts';

/** An interface that a redirect may lead to. */
type Target = Pick<Allocations[string], 'inside' | 'chuteAddress'>;

/** The rules of one chute, and what they are resolved against. */
export type RedirectRequest = {
  readonly chute: ChuteName;
  /** As a definition holds them, by name. */
  readonly rules: Readonly<Record<string, JsonObject>>;
  readonly interfaces: Readonly<Record<string, Target>>;
  /**
   * Ports of the host that are published or redirected, by `80/tcp`, and by whom, in words; under
   * EVERY_PORT who redirects all that nobody else has.
   */
  readonly portsTaken: Readonly<Record<string, string>>;
};

/** Redirects in the order of their names, or every reason why there are none. */
export type RedirectsResolved =
  | { readonly redirects: readonly Redirect[]; readonly warnings: readonly PlainWarning[] }
  | { readonly refusals: readonly PlainRefusal[] };

/** Stands for all ports among those that are taken. */
export const EVERY_PORT = '*';

const OUTSIDE = '@host.lan';

const HINT = `a redirect goes, for example, from: '${OUTSIDE}:9000', to: '<interface>:80'`;

/** Turns the rules of a chute into redirects to the addresses of its interfaces. Pure. */
export function resolveRedirects({
  chute,
  rules,
  interfaces,
  portsTaken,
}: RedirectRequest): RedirectsResolved {
  const redirects: Redirect[] = [];
  const refusals: PlainRefusal[] = [];
  for (const [name, rule] of Object.entries(rules).toSorted(([left], [right]) =>
    textOrder(left, right),
  )) {
    const resolved = resolve(name, rule, interfaces);
    const wrong =
      'wrong' in resolved
        ? resolved
        : (portTaken(resolved, portsTaken) ?? sameAs(resolved, redirects));
    if (wrong) refusals.push(refuse(chute, name, wrong));
    else if ('name' in resolved) redirects.push(resolved);
  }
  if (refusals.length > 0) return { refusals };
  return { redirects, warnings: redirects.flatMap((each) => swallowed(chute, each, portsTaken)) };
}

const SWALLOWED_SHOWN = 3;

/** What comes from outside to any port is redirected before anybody else sees it. */
function swallowed(
  chute: ChuteName,
  { name, fromPort }: Redirect,
  taken: Readonly<Record<string, string>>,
): readonly PlainWarning[] {
  const others = Object.entries(taken).filter(([key]) => key !== EVERY_PORT);
  if (fromPort !== null || others.length === 0) return [];
  const shown = others
    .toSorted(([left], [right]) => naturalOrder(left, right))
    .slice(0, SWALLOWED_SHOWN)
    .map(([key, who]) => `${key} of ${who}`);
  const more =
    others.length > SWALLOWED_SHOWN ? ` and ${others.length - SWALLOWED_SHOWN} more` : '';
  return [
    {
      message: `redirect ${name} of ${chute} takes all that comes in by the uplink, also to ${shown.join(', ')}${more}`,
      path: pointer('firewall', name, 'from'),
      hint: `redirect single ports, as from: '${OUTSIDE}:9000'`,
    },
  ];
}

type Wrong = {
  readonly wrong: string;
  readonly field: 'type' | 'from' | 'to';
  readonly hint?: string;
  readonly code?: string;
};

function resolve(
  name: string,
  rule: JsonObject,
  interfaces: RedirectRequest['interfaces'],
): Redirect | Wrong {
  const { type } = rule;
  if (type !== undefined && type !== 'redirect')
    return { wrong: `its type is unknown: ${JSON.stringify(type)}`, field: 'type' };
  const from = endOf(rule['from']);
  const to = endOf(rule['to']);
  if ('wrong' in from) return { ...from, field: 'from' };
  if ('wrong' in to) return { ...to, field: 'to' };
  const refused = wrongDirection(from.place, to.place);
  if (refused) return refused;
  const found = Object.values(interfaces)
    .toSorted((left, right) => textOrder(left.inside, right.inside))
    .find(({ inside }) => matches(to.place, inside));
  if (!found) {
    const known = Object.keys(interfaces).toSorted(textOrder).join(', ');
    const hint = known === '' ? 'it has none' : `it has ${known}`;
    return { wrong: `the chute has no interface ${to.place}`, field: 'to', hint };
  }
  if (found.chuteAddress === null)
    return { wrong: `interface ${found.inside} has no address`, field: 'to' };
  return {
    name,
    fromInterface: 'host.lan',
    fromPort: from.port,
    toAddress: found.chuteAddress,
    toPort: to.port,
  };
}

/** Only from outside to the chute: nothing else was ever done by such a rule. */
function wrongDirection(from: string, to: string): Wrong | null {
  const unknown = [from, to].find((place) => place.startsWith('@') && place !== OUTSIDE);
  if (unknown !== undefined)
    return {
      wrong: `${unknown} is no place outside that there is`,
      field: unknown === from ? 'from' : 'to',
    };
  if (from === OUTSIDE && to === OUTSIDE)
    return { wrong: `from ${from} to ${to}: both are outside of the chute`, field: 'to' };
  if (from === OUTSIDE) return null;
  if (to === OUTSIDE)
    return {
      wrong: `from ${from} to ${to}: from a chute to the host is not supported`,
      field: 'from',
    };
  return {
    wrong: `from ${from} to ${to}: between interfaces of a chute is not supported`,
    field: 'from',
  };
}

type End = { readonly place: string; readonly port: number | null };

function endOf(given: Json | undefined): End | Omit<Wrong, 'field'> {
  const text = textOf(given)?.trim() ?? '';
  const [place = '', port, ...rest] = text.split(':');
  if (place === '')
    return { wrong: text === '' ? 'it is missing' : `it names no interface: ${text}` };
  if (port === undefined) return { place, port: null };
  const number = /^\d{1,5}$/.test(port) ? Number(port) : 0;
  if (rest.length > 0 || number < 1 || number > 65_535)
    return { wrong: `${text} has no port from 1 to 65535 behind its colon` };
  return { place, port: number };
}

/** A redirect catches what comes to its port, tcp and udp alike. */
function portTaken({ fromPort }: Redirect, taken: Readonly<Record<string, string>>): Wrong | null {
  if (fromPort === null) {
    const by = Object.hasOwn(taken, EVERY_PORT) ? taken[EVERY_PORT] : undefined;
    if (by === undefined) return null;
    return {
      wrong: `everything is redirected by ${by} already`,
      field: 'from',
      code: 'RIPCORD_PORT_TAKEN',
      hint: `redirect single ports, as from: '${OUTSIDE}:9000'`,
    };
  }
  const key = ['tcp', 'udp']
    .map((protocol) => `${fromPort}/${protocol}`)
    .find((each) => Object.hasOwn(taken, each));
  if (key === undefined) return null;
  return {
    wrong: `port ${key} is taken by ${taken[key]}`,
    field: 'from',
    code: 'RIPCORD_PORT_TAKEN',
    hint: 'redirect another port',
  };
}

function sameAs({ fromPort }: Redirect, before: readonly Redirect[]): Wrong | null {
  const other = before.find((each) => each.fromPort === fromPort);
  if (!other) return null;
  const what = fromPort === null ? 'everything' : `port ${fromPort}`;
  return { wrong: `${what} is redirected by ${other.name} already`, field: 'from' };
}

/** Whether a name is meant by a pattern of the shell: `*`, `?`, `[abc]`, `[!abc]`. */
function matches(pattern: string, name: string): boolean {
  const source = pattern.replaceAll(
    /\*+|\?|\[(!?)([^\]]+)\]|[\s\S]/g,
    (token: string, not: string | undefined, set: string | undefined) => {
      if (token.startsWith('*')) return '.*';
      if (token === '?') return '.';
      if (set === undefined) return escaped(token);
      return `[${not === '!' ? '^' : ''}${set.replaceAll(/[\\\]^[]/g, String.raw`\$&`)}]`;
    },
  );
  try {
    return new RegExp(`^${source}$`, 's').test(name);
  } catch {
    // A range that runs backwards: such a pattern means no name.
    return false;
  }
}

const escaped = (text: string): string => text.replaceAll(/[\\^$.*+?()[\]{}|/-]/g, String.raw`\$&`);

const refuse = (
  chute: ChuteName,
  name: string,
  { wrong, field, hint, code }: Wrong,
): PlainRefusal => ({
  code: code ?? 'RIPCORD_DEFINITION_INVALID',
  message: `cannot add redirect ${name} of ${chute}: ${wrong}`,
  path: pointer('firewall', name, field),
  hint: hint ?? HINT,
});
