import type { Service } from '../chute.ts';

/** The languages of light services. */
export const LIGHT_LANGUAGES = ['go', 'gradle', 'maven', 'node', 'python2', 'python3'] as const;

type Language = (typeof LIGHT_LANGUAGES)[number];

/** Where the program is inside an image that is built. */
const APP = '/opt/paradrop/app';

/** Who runs it there unless it asks for root. */
const USER = { name: 'paradrop', uid: 999, home: '/home/paradrop' } as const;

/** How an image of a service comes to be. */
export type BuildRecipe =
  /** It is there already, and is pulled. */
  | { readonly from: 'image'; readonly image: string }
  /** It is built by this text from the files of the service's source; without one from nothing. */
  | {
      readonly from: 'text';
      readonly dockerfile: string;
      /** What a light service begins with; null where the text says it by itself. */
      readonly base: string | null;
    }
  /** It is built by the Dockerfile that is among the files of the service's source. */
  | { readonly from: 'file'; readonly path: 'Dockerfile' };

/** Why there is no recipe: the field of the service, and what to do about it. */
export type UnbuildableService = {
  readonly field: 'command' | 'dockerfile' | 'image';
  readonly reason: string;
  readonly hint: string;
};

/**
 * How the image of a service is built, or what of the service keeps it from being built. Pure: equal
 * services give equal text, so that what was built already is found again.
 */
export function buildRecipe(
  service: Service,
): BuildRecipe | { readonly lacks: UnbuildableService } {
  const { type, image, dockerfile } = service;
  switch (type) {
    case 'image':
      return image === undefined
        ? lacks('image', 'it does not say which image is to run', 'for example image: redis:7')
        : { from: 'image', image };
    case 'inline':
      return dockerfile === undefined
        ? lacks('dockerfile', 'it has no dockerfile', 'write dockerfile: with the lines of one')
        : { from: 'text', dockerfile, base: null };
    case 'normal':
      return { from: 'file', path: 'Dockerfile' };
    case 'light':
      return lightRecipe(service);
  }
}

/** The languages in words, where one of them has to be named. */
export const LANGUAGES_HINT: string = `light languages are ${LIGHT_LANGUAGES.join(', ')}`;

type LanguageImage = {
  readonly image: string;
  /** The version that ParaDrop's light services were written for; `build.image_version` names another. */
  readonly version: string;
  readonly environment?: Readonly<Record<string, string>>;
  /** What is run once among the files, by the shell. */
  readonly build: string;
};

const MAVEN_ENVIRONMENT = { MAVEN_CONFIG: '/opt/paradrop/.m2' };
const PIP = 'if [ -f requirements.txt ]; then pip install --requirement requirements.txt; fi';

const IMAGES: Readonly<Record<Language, LanguageImage>> = {
  // A program in Go is compiled to one file, which its command calls `app`.
  go: {
    image: 'golang',
    version: '1.11',
    environment: { GOPATH: '/opt/paradrop/go' },
    build:
      'if [ -f go.mod ]; then go mod download; else go get -d; fi && go build -o app && cp app /usr/local/bin/',
  },
  gradle: {
    image: 'gradle',
    version: '4.2',
    environment: MAVEN_ENVIRONMENT,
    build: 'if [ -f build.gradle ]; then gradle build --no-daemon; fi',
  },
  maven: {
    image: 'maven',
    version: '3.5',
    environment: MAVEN_ENVIRONMENT,
    build: 'mvn --batch-mode -Dmaven.test.skip=true package',
  },
  node: {
    image: 'node',
    version: '8.13',
    environment: { npm_config_loglevel: 'warn' },
    build: 'if [ -f package.json ]; then npm install; fi',
  },
  python2: { image: 'python', version: '2.7', build: PIP },
  python3: { image: 'python', version: '3.7', build: PIP },
};

function lightRecipe(service: Service): BuildRecipe | { readonly lacks: UnbuildableService } {
  const { image, command, build = {}, requests } = service;
  const language = LIGHT_LANGUAGES.find((name) => name === image);
  if (language === undefined) {
    const reason = image === undefined ? 'it names no language' : `no light language is ${image}`;
    return lacks('image', reason, LANGUAGES_HINT);
  }
  if (command === undefined)
    return lacks('command', 'it has no command', 'for example command: node main.js');
  const known = IMAGES[language];
  const base = `${known.image}:${build.imageVersion ?? known.version}`;
  const { packages = [] } = build;
  const lines = [
    `FROM ${base}`,
    // Images of some languages begin as a user of their own.
    'USER root',
    `RUN useradd --system --non-unique --uid ${USER.uid} --create-home --home-dir ${USER.home} ${USER.name} && mkdir -p ${APP}`,
    `WORKDIR ${APP}`,
    ...Object.entries(known.environment ?? {}).map(([name, value]) => `ENV ${name}=${value}`),
    ...(packages.length > 0 ? [installed(packages)] : []),
    // Nothing in the image makes anybody more than they are.
    'RUN find / -xdev -perm /6000 -type f -exec chmod a-s {} + || true',
    `COPY . ${APP}/`,
    `RUN ${known.build}`,
    `RUN chown -R ${USER.name} ${APP} ${USER.home}`,
    ...(requests.asRoot === true ? [] : [`USER ${USER.name}`]),
    `CMD ${commandLine(command)}`,
  ];
  return { from: 'text', dockerfile: `${lines.join('\n')}\n`, base };
}

/** Their names are checked when a definition is read: none is more than a word to the shell. */
const installed = (packages: readonly string[]): string =>
  `RUN apt-get update && apt-get install -y --no-install-recommends ${packages.join(' ')} && rm -rf /var/lib/apt/lists/*`;

/** A list is run as it is, a text by the shell; written so that no text can end its line. */
const commandLine = (command: string | readonly string[]): string =>
  JSON.stringify(typeof command === 'string' ? ['/bin/sh', '-c', command] : command);

const lacks = (
  field: UnbuildableService['field'],
  reason: string,
  hint: string,
): { readonly lacks: UnbuildableService } => ({ lacks: { field, reason, hint } });
