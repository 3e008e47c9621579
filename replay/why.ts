import { nearest } from '../src/core/definition/nearest.ts';
import { RipcordError } from '../src/core/errors.ts';
import { HOST } from '../src/core/host-config/document.ts';
import { parseRef, type Ref } from './ref.ts';
import type { Replay } from './replay.ts';
import { resolveRef } from './resolve-ref.ts';
import type { Why } from './why-answer.ts';
import { whyChute } from './why-chute.ts';
import { whyPath } from './why-path.ts';
import { type Place, placeOf } from './why-place.ts';
import { type Listening, parsePort, whyPort } from './why-port.ts';
import { whyService } from './why-service.ts';
import { whyStep } from './why-step.ts';
import { whyUpdate } from './why-update.ts';

/**
 * Why something is as it is, from the changed field over planner and step to the outcome. The subject is
 * a chute (`hello`), a service (`hello/main`), an update (`u43`), a step (`u43.s7`), a revision
 * (`hello@r41`), a record (`@1287`), a port (`port:8080/tcp`) or a place of what is applied
 * (`hello.services.main.environment.LOG_LEVEL`, a file of the host, a JSON pointer). `deep` leaves nothing out; with
 * `listening` a port is told of as it is now and not as it was when the host was looked at last.
 *
 * Throws RIPCORD_REF_UNKNOWN naming what is nearest.
 */
export async function why(
  replay: Replay,
  subject: string,
  { deep = false, listening }: { readonly deep?: boolean; readonly listening?: Listening } = {},
): Promise<Why> {
  const port = parsePort(subject);
  if (port) return await whyPort(replay, port, { subject, deep, ...(listening && { listening }) });
  if (subject.startsWith('container:')) throw noContainer(subject);
  const { updates } = await replay.chronicle();
  const chutes = [...new Set(updates.flatMap((each) => each.chutes))];
  const name = subject === 'host' && !chutes.includes(subject) ? HOST : subject;
  if (chutes.includes(name)) {
    const answer = await whyChute(replay, name, deep);
    if (answer) return answer;
  }
  if (subject === 'host' || subject === HOST) return byDefault(subject);
  const ref = refOf(subject);
  if (ref) return await whyRef(replay, ref, { subject, deep });
  const [, chute, service] = /^([^/.]+)\/([^/.]+)$/.exec(subject) ?? [];
  if (chute !== undefined && service !== undefined && chutes.includes(chute)) {
    const answer = await whyService(replay, { chute, service }, deep);
    if (answer) return answer;
  }
  const { applied } = replay.state;
  const place = placeOf(applied, chutes, subject);
  const answer = place && (await whyPath(replay, place.pointer, { subject, deep }));
  if (answer) return answer;
  throw unknown(replay, { subject, chutes, place });
}

/** A device that nobody has configured. */
function byDefault(subject: string): Why {
  const text = 'the host is configured by default: nobody asked for anything else.';
  return { subject, is: 'chute', text, chain: [], next: 'ripcord status' };
}

/** Points in time that are about an update or a step; null for every other text. */
function refOf(subject: string): Ref | null {
  if (!/^(?:u[1-9]\d*(?:$|[.^/])|@\d+$|[^/]+@r\d+$)/.test(subject)) return null;
  try {
    return parseRef(subject);
  } catch {
    return null;
  }
}

async function whyRef(
  replay: Replay,
  ref: Ref,
  { subject, deep }: { readonly subject: string; readonly deep: boolean },
): Promise<Why> {
  if (ref.is === 'update' || ref.is === 'before') return await whyUpdate(replay, ref.update, deep);
  if (ref.is === 'step') return await whyStep(replay, ref, deep);
  const { seq } = await resolveRef(replay, subject);
  const record = await replay.recordAt(seq);
  if (record && 'n' in record && ref.is === 'record')
    return await whyStep(replay, { update: record.update, step: record.n }, deep);
  if (record && 'update' in record) return await whyUpdate(replay, record.update, deep);
  throw new RipcordError(
    'RIPCORD_REF_UNKNOWN',
    `cannot explain ${subject}: it is about no update`,
    {
      hint: `ripcord show ${subject}`,
    },
  );
}

function noContainer(subject: string): RipcordError {
  const name = subject.slice('container:'.length);
  return new RipcordError(
    'RIPCORD_REF_UNKNOWN',
    `cannot explain ${subject}: this device runs services as processes, not as containers`,
    {
      hint: `ripcord why CHUTE/SERVICE tells of a process${name === '' ? '' : `, like ${name.replace('-', '/')}`}`,
    },
  );
}

function unknown(
  replay: Replay,
  asked: {
    readonly subject: string;
    readonly chutes: readonly string[];
    readonly place: Place | null;
  },
): RipcordError {
  const { subject, chutes, place } = asked;
  const { applied, nextUpdate } = replay.state;
  const names = chutes.filter((chute) => chute !== HOST);
  const services = Object.entries(applied.chutes).flatMap(([chute, { services: each }]) =>
    Object.keys(each).map((service) => `${chute}/${service}`),
  );
  const files = Object.keys(applied.host.files);
  const ports = Object.keys(applied.reservations.ports).map((key) => `port:${key}`);
  const near = place?.nearest ?? nearest(subject, [...names, ...services, ...files, ...ports]);
  const beside = place?.known ?? [];
  const there = beside.length > 0 ? `, there are ${beside.slice(0, 8).join(', ')}` : '';
  const meant = near === null ? there : `, did you mean ${near}?`;
  const kinds = 'a chute, CHUTE/SERVICE, uN, uN.sM, CHUTE.path.of.a.field or port:N';
  const known =
    names.length > 0 ? `chutes are ${names.slice(0, 8).join(', ')}` : 'no chute was ever asked for';
  const newest = nextUpdate > 1 ? `, the newest update is u${nextUpdate - 1}` : '';
  return new RipcordError(
    'RIPCORD_REF_UNKNOWN',
    `cannot explain ${subject}: nothing of that name was ever there${meant}`,
    { hint: `ask about ${kinds}; ${known}${newest}` },
  );
}
