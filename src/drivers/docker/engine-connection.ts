import { setTimeout as pause } from 'node:timers/promises';

import { admit, type Bond } from './bond.ts';
import { type EngineAnswer, type EngineCall, sendTo } from './engine-call.ts';
import { EngineError } from './engine-error.ts';
import type { EngineInfo, EngineVersion } from './engine-types.ts';
import { type Progress, progressOf } from './progress.ts';

/** The versions of the API that this client speaks: Debian's 20.10 up to what 29 asks for, and Podman. */
const OLDEST = '1.41';
const NEWEST = '1.44';

const ANSWER_BYTES_MAX = 32 * 1024 * 1024;
const SILENCE_MS = 30_000;
/** Unpacking a large layer, a step of a build: nothing is told for long. */
const LONG_SILENCE_MS = 300_000;

/** A request as a method of the API puts it. */
type Asked = Pick<EngineCall, 'method' | 'path'> &
  Partial<Pick<EngineCall, 'body' | 'silenceMs'>> & {
    readonly query?: Readonly<Record<string, string | undefined>>;
    /** Statuses of 400 and more that are answers rather than refusals. */
    readonly also?: readonly number[];
  };

/** How long callers wait. */
export type EngineLimits = {
  /** Gives up every call. */
  readonly signal?: AbortSignal;
  /** How long to wait for an engine that is not there: one that is restarted is back in a second. */
  readonly patienceMs?: number;
  /** Whose engine it has to be; absent: anybody's. */
  readonly bond?: Bond | null;
};

const AWAY = new Set(['ENOENT', 'ECONNREFUSED']);
/** It ended while it was asked: a question does no harm twice. */
const ENDED = new Set(['ECONNRESET', 'EPIPE']);
const LOOK_MS = 100;

/**
 * Requests in the newest version of the API that the engine and this client both speak. Nothing is
 * kept between them but that version.
 */
export class EngineConnection {
  readonly #socket: string;
  readonly #limits: Required<EngineLimits>;
  #version: Promise<string> | undefined;

  constructor(socket: string, limits: EngineLimits) {
    this.#socket = socket;
    this.#limits = { signal: new AbortController().signal, patienceMs: 0, bond: null, ...limits };
  }

  async version(): Promise<EngineVersion> {
    return (await this.json(
      await this.#send({ method: 'GET', path: '/version' }),
    )) as EngineVersion;
  }

  async get(path: string, query: Asked['query'] = {}): Promise<unknown> {
    return await this.json(await this.ask({ method: 'GET', path, query }));
  }

  async find(path: string): Promise<unknown> {
    const answer = await this.ask({ method: 'GET', path, also: [404] });
    return answer.status === 404 ? (await allOf(answer), null) : await this.json(answer);
  }

  async do(asked: Asked): Promise<void> {
    await allOf(await this.ask(asked));
  }

  async follow(asked: Asked, on?: (line: Progress) => void): Promise<void> {
    const answer = await this.ask({ ...asked, silenceMs: LONG_SILENCE_MS });
    for await (const line of progressOf(answer.bytes)) on?.(line);
  }

  async json(answer: EngineAnswer): Promise<unknown> {
    const text = (await allOf(answer)).toString('utf8');
    try {
      return JSON.parse(text);
    } catch (error) {
      throw new EngineError('unknown', `it said what is no JSON: ${text.slice(0, 200)}`, {
        cause: error,
      });
    }
  }

  async ask(asked: Asked): Promise<EngineAnswer> {
    // A failed negotiation is no reason to fail for ever.
    this.#version ??= this.#negotiate().catch((error: unknown) => {
      this.#version = undefined;
      throw error;
    });
    return await this.#send({ ...asked, path: `/v${await this.#version}${asked.path}` });
  }

  async #send({ query = {}, also = [], ...asked }: Asked): Promise<EngineAnswer> {
    const given = Object.entries(query).filter(
      (pair): pair is [string, string] => pair[1] !== undefined,
    );
    const search = new URLSearchParams(given).toString();
    const answer = await this.#patiently({
      silenceMs: SILENCE_MS,
      ...asked,
      path: search === '' ? asked.path : `${asked.path}?${search}`,
      signal: this.#limits.signal,
    });
    if (answer.status < 400 || also.includes(answer.status)) return answer;
    const { status } = answer;
    throw new EngineError('refused', reasonOf((await allOf(answer)).toString('utf8'), status), {
      status,
    });
  }

  /** What was never sent may be sent again. */
  async #patiently(call: EngineCall): Promise<EngineAnswer> {
    const end = performance.now() + this.#limits.patienceMs;
    for (;;) {
      try {
        return await sendTo(this.#socket, call);
      } catch (error) {
        const code = (error instanceof EngineError && error.code) || '';
        const isAway = AWAY.has(code) || (call.method === 'GET' && ENDED.has(code));
        if (!isAway || performance.now() >= end) throw error;
        await pause(LOOK_MS, undefined, { signal: call.signal }).catch(() => {
          throw error;
        });
      }
    }
  }

  /** The newest version that both sides speak. Throws RIPCORD_DOCKER_FOREIGN. */
  async #negotiate(): Promise<string> {
    const version = await this.version();
    const spoken = spokenWith(version);
    const { bond } = this.#limits;
    if (bond !== null)
      await admit(bond, this.#socket, async () => ({
        version,
        info: (await this.json(
          await this.#send({ method: 'GET', path: `/v${spoken}/info` }),
        )) as EngineInfo,
      }));
    return spoken;
  }
}

/** The newest version that both sides speak. Pure. */
function spokenWith({ Version, ApiVersion, MinAPIVersion = OLDEST }: EngineVersion): string {
  const version = isNewer(ApiVersion, NEWEST) ? NEWEST : ApiVersion;
  if (isNewer(MinAPIVersion, version) || isNewer(OLDEST, version)) {
    throw new EngineError(
      'refused',
      `version ${Version} speaks API ${MinAPIVersion} to ${ApiVersion}, and ripcord ${OLDEST} to ${NEWEST}`,
    );
  }
  return version;
}

/** Whether one version of the API is newer than another. Pure. */
function isNewer(version: string, than: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const [thanMajor = 0, thanMinor = 0] = than.split('.').map(Number);
  return major === thanMajor ? minor > thanMinor : major > thanMajor;
}

function reasonOf(text: string, status: number): string {
  try {
    const { message } = JSON.parse(text) as { readonly message?: string };
    if (typeof message === 'string' && message !== '') return message.trim();
  } catch {
    // Some refusals are plain text.
  }
  return text.trim() === '' ? `status ${status}` : text.trim().slice(0, 500);
}

/** The whole of an answer. */
export async function allOf({ bytes }: EngineAnswer): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of bytes) {
    length += chunk.length;
    if (length > ANSWER_BYTES_MAX) throw new EngineError('unknown', 'its answer is too long');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
