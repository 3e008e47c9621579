import type { Seq } from '../journal/record.ts';
import type { Json } from '../src/core/json.ts';
import { pointer } from '../src/core/patch.ts';
import { pathChanges, standingChange } from './path-changes.ts';
import type { Replay } from './replay.ts';
import { storyOf } from './story.ts';
import { askedBy, entry, type Why, type WhyEntry } from './why-answer.ts';

/** A port, and the protocol when it was said. */
export type PortSubject = { readonly port: number; readonly protocol: string | null };

/** Who listens on which port, by `8080/tcp`, beside the services of chutes: as somebody looked just now. */
export type Listening = Readonly<Record<string, string>>;

/** `port:8080`, `port:8080/udp` or `8080/tcp`; null for every other text. Pure. */
export function parsePort(text: string): PortSubject | null {
  const [, marked, bare, protocol] =
    /^(?:port:(\d{1,5})|(\d{1,5})(?=\/))(?:\/(tcp|udp))?$/.exec(text) ?? [];
  const port = Number(marked ?? bare);
  return port >= 1 && port <= 65_535 ? { port, protocol: protocol ?? null } : null;
}

/** Why a port is taken or free, and which updates it stood in the way of. */
export async function whyPort(
  replay: Replay,
  subject: PortSubject,
  asked: { readonly subject: string; readonly deep: boolean; readonly listening?: Listening },
): Promise<Why> {
  const keys = (subject.protocol === null ? ['tcp', 'udp'] : [subject.protocol]).map(
    (protocol) => `${subject.port}/${protocol}`,
  );
  const parts = await Promise.all(keys.map((key) => holderOf(replay, key, asked.listening)));
  const sent = await redirectsOf(replay, subject.port);
  const held = [...parts.filter(({ is }) => is !== 'free'), ...sent];
  const answers = held.length > 0 ? held : parts.slice(0, 1);
  const refusals = await refusalsOf(replay, subject.port);
  const shown = asked.deep ? refusals : refusals.slice(-3);
  const last = shown.at(-1)?.update;
  const [holder] = held.filter(({ is }) => is === 'chute');
  return {
    subject: asked.subject,
    is: 'port',
    text: answers.map(({ text }) => text).join('; ') + '.',
    chain: [...answers.flatMap(({ chain }) => chain), ...shown],
    next: holder?.next ?? (last === undefined ? 'ripcord status' : `ripcord why ${last}`),
  };
}

type Holder = {
  readonly is: 'chute' | 'foreign' | 'free';
  readonly text: string;
  readonly chain: readonly WhyEntry[];
  readonly next: string | null;
};

async function holderOf(replay: Replay, key: string, listening?: Listening): Promise<Holder> {
  const { applied } = replay.state;
  const held = applied.reservations.ports[key];
  const place = pointer('reservations', 'ports', key);
  const changes = await pathChanges(replay, place);
  const setter = standingChange(changes);
  const by = setter?.update ? await storyOf(replay, setter.update) : null;
  const seqs: readonly (Seq | null)[] = by && setter ? [by.requestedSeq, setter.seq] : [];
  const about = by && setter ? { update: by.id, n: setter.n } : {};
  if (held) {
    const who = `${held.chute}/${held.service}`;
    const since = by ? ` since ${by.id}` : '';
    const how = by ? [entry(`${by.id} gave ${key} to ${who} (${askedBy(by)})`, seqs, about)] : [];
    const text = `port ${key} is held by ${who}${since}`;
    return { is: 'chute', text, chain: how, next: `ripcord why ${who}` };
  }
  const freed = by
    ? [
        entry(
          `${by.id} freed ${key}, which ${ownerIn(setter?.before)} had (${askedBy(by)})`,
          seqs,
          about,
        ),
      ]
    : [];
  const look = lookAt(replay, key, listening);
  if (look === null) {
    const text = `port ${key} is free: no chute has it`;
    return { is: 'free', text, chain: freed, next: null };
  }
  const { taken, when, seqs: seen } = look;
  const link = entry(`${taken ?? 'nobody'} ${when}`, seen);
  const text =
    taken === null
      ? `port ${key} is free: no chute has it, and nobody else listens on it`
      : `port ${key} is taken by ${taken}, which is no chute`;
  const chain = [...freed, link];
  return { is: taken === null ? 'free' : 'foreign', text, chain, next: null };
}

/** What is known of others at a port: by a look just now, else by the last one on record. */
function lookAt(
  { state }: Replay,
  key: string,
  listening: Listening | undefined,
): { readonly taken: string | null; readonly when: string; readonly seqs: readonly Seq[] } | null {
  if (listening) return { taken: listening[key] ?? null, when: `listens on ${key} now`, seqs: [] };
  if (!state.facts) return null;
  const { seq, facts } = state.facts;
  const when = `listened on ${key} when the host was looked at last`;
  return { taken: facts.portsTaken[key] ?? null, when, seqs: [seq] };
}

function ownerIn(value: Json | undefined): string {
  const { chute, service } = (value ?? {}) as {
    readonly chute?: string;
    readonly service?: string;
  };
  return chute === undefined ? 'somebody' : `${chute}/${service ?? ''}`;
}

/** Chutes that what comes in at a port of the host is sent on to. */
async function redirectsOf(replay: Replay, port: number): Promise<readonly Holder[]> {
  const chutes = Object.entries(replay.state.applied.chutes);
  const found = chutes.flatMap(([chute, { redirects }]) =>
    redirects
      .filter(({ fromPort }) => fromPort === port)
      .map(({ name, toAddress, toPort }) => ({
        chute,
        name,
        to: `${toAddress}:${toPort ?? port}`,
      })),
  );
  return await Promise.all(
    found.map(async ({ chute, name, to }): Promise<Holder> => {
      const setter = standingChange(
        await pathChanges(replay, pointer('chutes', chute, 'redirects')),
      );
      const by = setter?.update ? await storyOf(replay, setter.update) : null;
      const text = `port ${port} of host.lan is redirected to ${chute} (${name}, ${to})${by ? ` since ${by.id}` : ''}`;
      const chain =
        by && setter
          ? [
              entry(
                `${by.id} set the redirects of ${chute} (${askedBy(by)})`,
                [by.requestedSeq, setter.seq],
                { update: by.id, n: setter.n },
              ),
            ]
          : [];
      return { is: 'chute', text, chain, next: `ripcord why ${chute}.redirects` };
    }),
  );
}

/** Refusals and failures that name the port. */
async function refusalsOf(replay: Replay, port: number): Promise<readonly WhyEntry[]> {
  const named = new RegExp(`(?<![\\d.])${port}(?!\\d)`);
  const entries: WhyEntry[] = [];
  for await (const record of replay.journal.read(1, replay.head.seq)) {
    const { seq } = record;
    if (record.type === 'update.rejected') {
      const texts = record.refusals.map(({ message }) => message);
      for (const message of texts.length > 0 ? texts : [record.message])
        if (isAboutPort(message, named))
          entries.push(
            entry(`${record.update} was refused: ${message}`, [seq], { update: record.update }),
          );
    } else if (record.type === 'step.failed' || record.type === 'gate.failed') {
      const { update, n, error, final } = record;
      if (final && isAboutPort(error.message, named))
        entries.push(entry(`${update}.s${n} failed: ${error.message}`, [seq], { update, n }));
    }
  }
  return entries;
}

const isAboutPort = (message: string, named: RegExp): boolean =>
  /port|listen|address/i.test(message) && named.test(message);
