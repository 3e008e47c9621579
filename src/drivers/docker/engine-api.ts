import { allOf, EngineConnection, type EngineLimits } from './engine-connection.ts';
import type {
  Container,
  ContainerBody,
  ContainerSummary,
  EngineInfo,
  EngineVersion,
  ExecState,
  HostConfig,
  Image,
  ImageSummary,
  Labels,
  Network,
  NetworkSpec,
} from './engine-types.ts';
import { linesOfFrames, textOfFrames } from './log-frames.ts';
import type { Progress } from './progress.ts';

const SILENCE_MS = 30_000;
const START_SILENCE_MS = 120_000;

/**
 * The Engine API of Docker and Podman over a socket of this device. Every method settles, and throws
 * EngineError saying what the engine may have done. Nothing is kept between calls but the version.
 */
export class EngineApi {
  readonly #engine: EngineConnection;

  /** Nothing is sent before the first call. */
  constructor(socket: string, limits: EngineLimits = {}) {
    this.#engine = new EngineConnection(socket, limits);
  }

  async version(): Promise<EngineVersion> {
    return await this.#engine.version();
  }

  async info(): Promise<EngineInfo> {
    return (await this.#engine.get('/info')) as EngineInfo;
  }

  async containers(labels: Labels): Promise<readonly ContainerSummary[]> {
    const query = { all: '1', filters: filtersOf(labels) };
    return (await this.#engine.get('/containers/json', query)) as readonly ContainerSummary[];
  }

  /** By id or name; null when there is none. */
  async container(id: string): Promise<Container | null> {
    return (await this.#engine.find(
      `/containers/${encodeURIComponent(id)}/json`,
    )) as Container | null;
  }

  async createContainer(name: string, spec: ContainerBody): Promise<string> {
    const answer = await this.#engine.ask({
      method: 'POST',
      path: '/containers/create',
      query: { name },
      body: { json: spec },
    });
    return ((await this.#engine.json(answer)) as { readonly Id: string }).Id;
  }

  /** Started already is success. */
  async startContainer(id: string): Promise<void> {
    await this.#engine.do({
      method: 'POST',
      path: `/containers/${id}/start`,
      silenceMs: START_SILENCE_MS,
    });
  }

  /** Its own stop signal, then SIGKILL after the grace. Stopped already, or gone, is success. */
  async stopContainer(id: string, graceMs: number): Promise<void> {
    await this.#engine.do({
      method: 'POST',
      path: `/containers/${id}/stop`,
      query: { t: String(Math.ceil(graceMs / 1000)) },
      silenceMs: graceMs + SILENCE_MS,
      also: [404],
    });
  }

  /** Also one that runs; its anonymous volumes with it. Gone already is success. */
  async removeContainer(id: string): Promise<void> {
    await this.#engine.do({
      method: 'DELETE',
      path: `/containers/${id}`,
      query: { force: '1', v: '1' },
      also: [404],
    });
  }

  async renameContainer(id: string, name: string): Promise<void> {
    await this.#engine.do({ method: 'POST', path: `/containers/${id}/rename`, query: { name } });
  }

  async updateContainer(
    id: string,
    change: Pick<HostConfig, 'RestartPolicy' | 'CpuShares' | 'Memory' | 'MemorySwap'>,
  ): Promise<void> {
    await this.#engine.do({
      method: 'POST',
      path: `/containers/${id}/update`,
      body: { json: change },
    });
  }

  /** What a container printed last, at most so many lines; nothing when it is gone. */
  async logs(id: string, linesMax: number): Promise<readonly string[]> {
    const answer = await this.#engine.ask({
      method: 'GET',
      path: `/containers/${id}/logs`,
      query: { stdout: '1', stderr: '1', tail: String(linesMax) },
      also: [404],
    });
    const bytes = await allOf(answer);
    if (answer.status === 404) return [];
    const lines = textOfFrames(bytes).split('\n');
    return (lines.at(-1) === '' ? lines.slice(0, -1) : lines).slice(-linesMax);
  }

  /** What a container prints from now on, until it ends. */
  async *followLogs(id: string): AsyncGenerator<string, void, undefined> {
    const { bytes } = await this.#engine.ask({
      method: 'GET',
      path: `/containers/${id}/logs`,
      query: { stdout: '1', stderr: '1', follow: '1', tail: '0' },
      silenceMs: 0,
    });
    yield* linesOfFrames(bytes);
  }

  /** Runs a command in a running container to its end; `on` is told its id before it starts. */
  async exec(
    id: string,
    command: readonly string[],
    timeoutMs: number,
    on?: (exec: string) => void,
  ): Promise<{ readonly code: number | null; readonly output: string }> {
    const made = (await this.#engine.json(
      await this.#engine.ask({
        method: 'POST',
        path: `/containers/${id}/exec`,
        body: { json: { Cmd: command, AttachStdout: true, AttachStderr: true } },
      }),
    )) as { readonly Id: string };
    on?.(made.Id);
    const answer = await this.#engine.ask({
      method: 'POST',
      path: `/exec/${made.Id}/start`,
      body: { json: { Detach: false, Tty: false } },
      silenceMs: timeoutMs,
    });
    const output = textOfFrames(await allOf(answer));
    const { ExitCode } = await this.execState(made.Id);
    return { code: ExitCode, output };
  }

  /** What has become of a command that was to run in a container. */
  async execState(exec: string): Promise<ExecState> {
    return (await this.#engine.get(`/exec/${exec}/json`)) as ExecState;
  }

  /** By id or reference; null when there is none. */
  async image(reference: string): Promise<Image | null> {
    return (await this.#engine.find(`/images/${pathOf(reference)}/json`)) as Image | null;
  }

  async images(labels: Labels): Promise<readonly ImageSummary[]> {
    const query = { filters: filtersOf(labels) };
    return (await this.#engine.get('/images/json', query)) as readonly ImageSummary[];
  }

  async imagesNamed(repository: string): Promise<readonly ImageSummary[]> {
    const query = { filters: JSON.stringify({ reference: [repository] }) };
    return (await this.#engine.get('/images/json', query)) as readonly ImageSummary[];
  }

  /** Whether a container stands on an image, or on one that was built of it. */
  async isImageUsed(id: string): Promise<boolean> {
    const query = { all: '1', filters: JSON.stringify({ ancestor: [id] }) };
    return ((await this.#engine.get('/containers/json', query)) as readonly unknown[]).length > 0;
  }

  /** Brings an image from its registry; resolves when all of it is there. */
  async pullImage(reference: string, on?: (line: Progress) => void): Promise<void> {
    const { name, tag } = splitReference(reference);
    await this.#engine.follow(
      { method: 'POST', path: '/images/create', query: { fromImage: name, tag } },
      on,
    );
  }

  /** Builds an image from a build context. Returns the id of the image. */
  async buildImage(
    context: () => AsyncIterable<Uint8Array>,
    options: { readonly tag: string; readonly labels: Labels; readonly dockerfile?: string },
    on?: (line: Progress) => void,
  ): Promise<string | null> {
    let id: string | null = null;
    await this.#engine.follow(
      {
        method: 'POST',
        path: '/build',
        query: {
          t: options.tag,
          labels: JSON.stringify(options.labels),
          dockerfile: options.dockerfile,
          rm: '1',
          forcerm: '1',
        },
        body: { tar: context },
      },
      (line) => {
        id = line.aux?.ID ?? id;
        on?.(line);
      },
    );
    return id;
  }

  /** Reads images from what `docker save` wrote. */
  async loadImages(archive: () => AsyncIterable<Uint8Array>): Promise<void> {
    await this.#engine.follow({ method: 'POST', path: '/images/load', body: { tar: archive } });
  }

  async tagImage(reference: string, as: string): Promise<void> {
    const { name: repo, tag } = splitReference(as);
    await this.#engine.do({
      method: 'POST',
      path: `/images/${pathOf(reference)}/tag`,
      query: { repo, tag },
    });
  }

  /** A name of an image, and the image with its last one. Gone already is success. */
  async removeImage(reference: string): Promise<void> {
    await this.#engine.do({ method: 'DELETE', path: `/images/${pathOf(reference)}`, also: [404] });
  }

  /** By id or name; null when there is none. */
  async network(id: string): Promise<Network | null> {
    return (await this.#engine.find(`/networks/${encodeURIComponent(id)}`)) as Network | null;
  }

  /** Those whose name has this in it; engines may know several of one name. */
  async networksNamed(name: string): Promise<readonly Network[]> {
    const query = { filters: JSON.stringify({ name: [name] }) };
    return (await this.#engine.get('/networks', query)) as readonly Network[];
  }

  async createNetwork(spec: NetworkSpec): Promise<string> {
    const answer = await this.#engine.ask({
      method: 'POST',
      path: '/networks/create',
      body: { json: spec },
    });
    return ((await this.#engine.json(answer)) as { readonly Id: string }).Id;
  }

  /** Gone already is success. */
  async removeNetwork(id: string): Promise<void> {
    await this.#engine.do({ method: 'DELETE', path: `/networks/${id}`, also: [404] });
  }
}

/** `busybox` is `busybox:latest`; a colon before the last slash belongs to a port. Pure. */
function splitReference(reference: string): { readonly name: string; readonly tag: string } {
  const digest = reference.indexOf('@');
  if (digest !== -1) return { name: reference.slice(0, digest), tag: reference.slice(digest + 1) };
  const colon = reference.lastIndexOf(':');
  if (colon > reference.lastIndexOf('/')) {
    return { name: reference.slice(0, colon), tag: reference.slice(colon + 1) };
  }
  return { name: reference, tag: 'latest' };
}

const pathOf = (reference: string): string =>
  reference.split('/').map(encodeURIComponent).join('/');

const filtersOf = (labels: Labels): string =>
  JSON.stringify({ label: Object.entries(labels).map(([name, value]) => `${name}=${value}`) });
