import type { Health, Service } from '../chute.ts';
import { splitWords } from '../words.ts';
import { LANGUAGES_HINT, LIGHT_LANGUAGES } from './build-recipe.ts';
import type { Report } from './complaint.ts';
import type { KeepSecret } from './environment.ts';
import { normaliseEnvironment } from './environment.ts';
import { HEALTH_DEFAULTS } from './health.ts';
import { listOf, normaliseInterfaces } from './interfaces.ts';
import { nearest } from './nearest.ts';
import { normalisePorts, portNumber } from './ports.ts';
import type { SourceReference } from './source-reference.ts';
import { sourceReference } from './source-reference.ts';
import { volumesOf } from './volumes.ts';
import type { WrittenHealth, WrittenService } from './written.ts';

export type Context = {
  readonly report: Report;
  readonly keep: KeepSecret;
  /** Whether this is an old definition, where only its name tells that a value is a secret. */
  readonly secretNames: boolean;
};

/** A service with everything filled in but the digest of its source, which nobody has looked at. */
export function normaliseService(
  written: WrittenService,
  path: string,
  context: Context & { readonly webPort: number | null },
): { service: Service; source: SourceReference | null } {
  const { report } = context;
  const type = typeOf(written, path, report);
  const dockerfile = written.dockerfile ?? written.build?.dockerfile;
  if (type === 'inline' && dockerfile === undefined) {
    report.complain('field-missing', path, 'an inline service needs a dockerfile', { spot: 'key' });
  }
  const command = commandOf(written.command, path, report);
  const build = buildOf(written.build, path, report);
  const health = healthWritten(written.health, path, context);
  const service: Service = {
    type,
    ...(written.image === undefined ? {} : { image: imageOf(written.image, path, report) }),
    ...(command === undefined ? {} : { command }),
    ...(type === 'inline' && dockerfile !== undefined
      ? { dockerfile: typeof dockerfile === 'string' ? dockerfile : dockerfile.join('\n') }
      : {}),
    ...(build === undefined ? {} : { build }),
    environment: normaliseEnvironment(written.environment, `${path}/environment`, context),
    interfaces: normaliseInterfaces(written.interfaces, `${path}/interfaces`, context),
    ports: normalisePorts(
      written.requests?.['port-bindings'],
      `${path}/requests/port-bindings`,
      report,
    ),
    volumes: volumesOf(written.volumes, path, report),
    requests: requestsOf(written.requests, path, report),
    dns: addressesOf(written.dns, `${path}/dns`, report),
    needs: [...new Set(listOf(written.needs))].toSorted(),
    ...(health === undefined ? {} : { health }),
    stop: stopOf(written.stop, path, report),
  };
  return { service, source: sourceOf(written, type, path, report) };
}

function typeOf(written: WrittenService, path: string, report: Report): Service['type'] {
  const { image } = written;
  const isLanguage = image !== undefined && LIGHT_LANGUAGES.some((name) => name === image);
  if (written.type === undefined) {
    if (written.dockerfile !== undefined || written.build?.dockerfile !== undefined)
      return 'inline';
    return image === undefined || isLanguage ? 'light' : 'image';
  }
  if (written.type === 'light' && image !== undefined && !isLanguage) {
    const meant = nearest(image, LIGHT_LANGUAGES);
    report.complain('language-unknown', `${path}/image`, `is no light language: ${image}`, {
      hint: meant === null ? LANGUAGES_HINT : `did you mean ${meant}? ${LANGUAGES_HINT}`,
    });
  }
  // A command may be all there is to it: what runs processes needs no language, what builds images
  // refuses while planning (`buildRecipe`).
  if (written.type === 'light' && image === undefined && written.command === undefined) {
    const hint = LANGUAGES_HINT;
    const message = 'is missing, and there is no command: what is to run, and in which language?';
    report.complain('field-missing', `${path}/image`, message, { hint });
  }
  if (written.type === 'image' && image === undefined) {
    report.complain('field-missing', `${path}/image`, 'is missing: which image is to run?');
  }
  return written.type;
}

function imageOf(image: string, path: string, report: Report): string {
  if (!/^[A-Za-z0-9][\w./:@-]*$/.test(image)) {
    report.complain('value-invalid', `${path}/image`, `is not the name of an image: ${image}`);
  }
  return image;
}

function commandOf(
  written: WrittenService['command'],
  path: string,
  report: Report,
): string | readonly string[] | undefined {
  if (written === undefined) return undefined;
  const command = typeof written === 'string' ? written.trim() : written.map(String);
  const all = typeof command === 'string' ? command : command.join('');
  if (all === '' || command[0] === '' || all.includes('\0')) {
    const reason = all.includes('\0') ? 'holds a NUL character' : 'is no command';
    report.complain('value-invalid', `${path}/command`, reason);
  }
  if (typeof command === 'string' && splitWords(command) === null) {
    report.complain('value-invalid', `${path}/command`, 'has a quote that is never closed');
  }
  return command;
}

function buildOf(
  written: WrittenService['build'],
  path: string,
  report: Report,
): Service['build'] | undefined {
  const packages = [...new Set(written?.packages)];
  for (const [index, name] of packages.entries()) {
    // Package names end up in a build script: nothing that a shell would read as more than a word.
    if (/^[A-Za-z0-9@][A-Za-z0-9@+.:_/=~^-]*$/.test(name)) continue;
    const at = `${path}/build/packages/${index}`;
    report.complain('value-invalid', at, `is not the name of a package: ${name}`);
  }
  const version = written?.image_version;
  // It becomes part of the first line of that script.
  if (version !== undefined && !/^\w[\w.-]{0,127}$/.test(String(version))) {
    const at = `${path}/build/image_version`;
    report.complain('value-invalid', at, `is not the version of an image: ${version}`);
  }
  const build = {
    ...(written?.image_source === undefined ? {} : { imageSource: written.image_source }),
    ...(version === undefined ? {} : { imageVersion: String(version) }),
    ...(packages.length === 0 ? {} : { packages }),
  };
  return Object.keys(build).length === 0 ? undefined : build;
}

function requestsOf(
  written: WrittenService['requests'],
  path: string,
  report: Report,
): Service['requests'] {
  const memory = memoryBytes(written?.memory, `${path}/requests/memory`, report);
  const fraction = written?.['cpu-fraction'];
  return {
    ...(written?.['as-root'] === true ? { asRoot: true } : {}),
    ...(written?.privileged === true ? { privileged: true } : {}),
    ...(written?.['network-mode'] === 'host' ? { networkMode: 'host' } : {}),
    ...(fraction === undefined ? {} : { cpuFraction: fraction }),
    ...(memory === null ? {} : { memory }),
    ...(written?.priority === 'high' ? { priority: 'high' as const } : {}),
  };
}

const MEBIBYTE = 1024 * 1024;

function memoryBytes(
  given: number | string | undefined,
  path: string,
  report: Report,
): number | null {
  if (given === undefined) return null;
  const found = /^(\d+(?:\.\d+)?)\s*([kmgt]?)(?:i?b)?$/i.exec(String(given).trim());
  const power = ['', 'k', 'm', 'g', 't'].indexOf((found?.[2] ?? '').toLowerCase());
  const bytes = found === null ? Number.NaN : Math.round(Number(found[1]) * 1024 ** power);
  if (bytes >= 6 * MEBIBYTE && Number.isSafeInteger(bytes)) return bytes;
  const small = bytes < 6 * MEBIBYTE;
  const message = small ? `is too little to run in: ${bytes} bytes` : `is no amount: ${given}`;
  report.complain('value-invalid', path, message, { hint: 'for example 64M or 1G' });
  return null;
}

function addressesOf(
  written: string | readonly string[] | undefined,
  path: string,
  report: Report,
): string[] {
  const addresses = listOf(written);
  for (const [index, address] of addresses.entries()) {
    if (isAddress(address)) continue;
    const at = typeof written === 'string' ? path : `${path}/${index}`;
    report.complain('value-invalid', at, `is not an IP address: ${address}`);
  }
  return addresses;
}

function isAddress(text: string): boolean {
  const parts = text.split('.');
  if (parts.length === 4)
    return parts.every((part) => /^\d{1,3}$/.test(part) && Number(part) < 256);
  return text.includes(':') && /^[0-9a-f:]{2,39}$/i.test(text);
}

function healthWritten(
  written: WrittenHealth | undefined,
  path: string,
  { report, webPort }: Context & { readonly webPort: number | null },
): Health | undefined {
  if (written === undefined) return undefined;
  const at = `${path}/health`;
  const { http, tcp, exec, ...times } = written;
  const named = Object.entries({ http, tcp, exec }).filter(([, check]) => check !== undefined);
  if (named.length > 1) {
    const names = named.map(([name]) => name).join(' and ');
    report.complain('field-conflicting', at, `names ${names}: a service has one check`);
  }
  const common = { ...HEALTH_DEFAULTS, ...defined(times) };
  if (http !== undefined) {
    const target = http.path ?? '/';
    if (!/^\/[\x21-\x7e]*$/.test(target)) {
      const hint = 'a path begins with / and holds no white space';
      report.complain('path-invalid', `${at}/http/path`, `is not a path: ${target}`, { hint });
    }
    const port = portNumber(http.port, `${at}/http/port`, report) ?? 1;
    return { check: { type: 'http', port, path: target }, ...common };
  }
  if (tcp !== undefined) {
    const port = portNumber(tcp.port, `${at}/tcp/port`, report) ?? 1;
    return { check: { type: 'tcp', port }, ...common };
  }
  if (exec !== undefined) {
    if (exec[0] === '' || exec.some((word) => word.includes('\0'))) {
      const reason = exec[0] === '' ? 'is no command' : 'holds a NUL character';
      report.complain('value-invalid', `${at}/exec`, reason);
    }
    return { check: { type: 'exec', command: exec }, ...common };
  }
  return webPort === null
    ? { check: { type: 'alive' }, ...common }
    : { check: { type: 'tcp', port: webPort }, ...common };
}

/** Without members that are undefined: spread over defaults, they would erase them. */
function defined<T extends object>(value: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(value).filter(([, member]) => member !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>;
  };
}

const SIGNALS = ['TERM', 'INT', 'HUP', 'QUIT', 'KILL', 'USR1', 'USR2', 'WINCH', 'ALRM', 'ABRT'];

function stopOf(written: WrittenService['stop'], path: string, report: Report): Service['stop'] {
  const given = written?.signal ?? 'SIGTERM';
  const short = given.toUpperCase().replace(/^SIG/, '');
  if (!SIGNALS.includes(short)) {
    const meant = nearest(short, SIGNALS);
    report.complain('value-invalid', `${path}/stop/signal`, `is not a signal: ${given}`, {
      hint: meant === null ? 'for example SIGTERM' : `did you mean SIG${meant}?`,
    });
  }
  return { signal: `SIG${short}`, graceMs: written?.graceMs ?? 10_000 };
}

function sourceOf(
  written: WrittenService,
  type: Service['type'],
  path: string,
  report: Report,
): SourceReference | null {
  const at = `${path}/source`;
  if (type === 'image') {
    if (written.source !== undefined) {
      report.warn('field-ignored', at, 'has no effect: an image brings its own files');
    }
    return null;
  }
  if (written.source !== undefined) return sourceReference(written.source, at, report);
  return type === 'inline' ? null : { type: 'local', path: '.' };
}
