import { expect, test } from 'vitest';

import { buildRecipe } from '../../../src/core/definition/build-recipe.ts';
import { complaintText } from '../../../src/core/definition/complaint.ts';
import type { JsonObject } from '../../../src/core/json.ts';
import { accepted, complaintsOf, parse } from '../definition/parse.ts';
import { service } from '../plan-model.ts';
import { vectors } from './vectors.ts';

const LANGUAGES = 'light languages are go, gradle, maven, node, python2, python3';

const light = (fields: JsonObject): string =>
  JSON.stringify({ name: 'hello', services: { main: { type: 'light', ...fields } } });

test.each(vectors('files', 'light image for'))('$name', ({ given, expected }) => {
  const { image } = given as { image: string };
  const recipe = buildRecipe(service({ type: 'light', image, command: 'app' }));
  const { base } = expected as { base: string };
  expect(recipe).toMatchObject({ from: 'text', base });
  expect(recipe).toHaveProperty('dockerfile', expect.stringMatching(`^FROM ${base}\n`));
});

test.each(['go', 'maven', 'python2'])('%s is a language too', (image) => {
  const bases = { go: 'golang:1.11', maven: 'maven:3.5', python2: 'python:2.7' };
  const recipe = buildRecipe(service({ type: 'light', image, command: 'app' }));
  expect(recipe).toHaveProperty('base', bases[image as keyof typeof bases]);
});

test.each(vectors('files', 'light service'))('$name', ({ given, expected }) => {
  const text = light(given as JsonObject);
  const parsed = parse(text);
  expect(parsed.ok).toBe(expected === 'accepted');
});

test('a light service of nothing is told the languages', () => {
  const [complaint, ...others] = complaintsOf(light({}));
  expect(others).toEqual([]);
  expect(complaint && complaintText(complaint)).toContain(
    `services.main.image: is missing, and there is no command: what is to run, and in which language? (${LANGUAGES})`,
  );
  const [older] = complaintsOf('name: hello\ntype: light\n');
  expect(older && complaintText(older)).toContain(' use: is missing, and there is no command');
});

test.each([
  ['no language', { command: 'app' }, { field: 'image', reason: 'it names no language' }],
  ['no known one', { image: 'ruby', command: 'app' }, { field: 'image', hint: LANGUAGES }],
  ['no command', { image: 'go' }, { field: 'command', reason: 'it has no command' }],
] as const)('a light service of %s is not built', (_what, fields, lacks) => {
  const { command: _command, image: _image, ...plain } = service();
  expect(buildRecipe({ ...plain, type: 'light', ...fields })).toMatchObject({ lacks });
});

test('a light image is built with its packages, and runs as a user of its own', () => {
  const { services } = accepted(
    light({
      image: 'python3',
      command: 'python3 -m quart "run"',
      build: { packages: ['iptables', 'curl'], image_version: 3.12 },
    }),
  ).definition;
  const recipe = services['main'] && buildRecipe(services['main']);
  expect(recipe).toEqual({
    from: 'text',
    base: 'python:3.12',
    dockerfile: `FROM python:3.12
USER root
RUN useradd --system --non-unique --uid 999 --create-home --home-dir /home/paradrop paradrop && mkdir -p /opt/paradrop/app
WORKDIR /opt/paradrop/app
RUN apt-get update && apt-get install -y --no-install-recommends iptables curl && rm -rf /var/lib/apt/lists/*
RUN find / -xdev -perm /6000 -type f -exec chmod a-s {} + || true
COPY . /opt/paradrop/app/
RUN if [ -f requirements.txt ]; then pip install --requirement requirements.txt; fi
RUN chown -R paradrop /opt/paradrop/app /home/paradrop
USER paradrop
CMD ["/bin/sh","-c","python3 -m quart \\"run\\""]
`,
  });
});

test.each([
  ['a list runs as it is', { command: ['a', 'b\nRUN evil'] }, 'CMD ["a","b\\nRUN evil"]'],
  ['no text ends its line', { command: 'a\nRUN evil' }, 'CMD ["/bin/sh","-c","a\\nRUN evil"]'],
] as const)('of the command %s', (_what, fields, last) => {
  const recipe = buildRecipe(service({ type: 'light', image: 'node', ...fields }));
  const lines = 'dockerfile' in recipe ? recipe.dockerfile.trimEnd().split('\n') : [];
  expect(lines.at(-1)).toBe(last);
});

test('who asks for root is given it', () => {
  const asked = service({ image: 'node', command: 'a', requests: { asRoot: true } });
  const recipe = buildRecipe(asked);
  expect('dockerfile' in recipe && recipe.dockerfile).not.toMatch(/^USER paradrop/m);
});

test.each([
  ['an image is pulled', { type: 'image', image: 'redis:7' }, { from: 'image', image: 'redis:7' }],
  ['its own text', { type: 'inline', dockerfile: 'FROM x' }, { dockerfile: 'FROM x', base: null }],
  ['the Dockerfile of the files', { type: 'normal' }, { from: 'file', path: 'Dockerfile' }],
  ['no image', { type: 'image' }, { lacks: { field: 'image' } }],
  ['no text', { type: 'inline' }, { lacks: { field: 'dockerfile' } }],
] as const)('of other types: %s', (_what, fields, expected) => {
  const { command: _command, image: _image, ...plain } = service();
  expect(buildRecipe({ ...plain, ...fields })).toMatchObject(expected);
});

test('a version of an image that would end its line is refused', () => {
  const text = light({ image: 'node', build: { image_version: '8\nRUN evil' } });
  const [complaint] = complaintsOf(text);
  expect(complaint).toMatchObject({ path: '/services/main/build/image_version' });
});

test.each(vectors('files', 'source'))('$name', ({ given, expected }) => {
  const { method } = expected as { method: string };
  const { sources } = accepted(light({ image: 'node', command: 'a', source: given }));
  // A repository of github is fetched by its commit, which is found out while observing.
  expect(sources['main']?.type).toBe(method === 'http tar' ? 'http' : 'git');
});

test.each(vectors('files', 'a name at the top'))('$name', ({ given, expected }) => {
  // Names of ours have two letters at least.
  const longer = (json: unknown): string => JSON.stringify(json).replaceAll(/"([ab])"/g, '"$1$1"');
  const { documents } = JSON.parse(longer(given)) as { documents: readonly JsonObject[] };
  const names = documents.map((document) => {
    const parsed = parse(JSON.stringify({ use: 'node', command: 'x', ...document }));
    return parsed.ok ? parsed.definition.name : { refused: parsed.complaints[0]?.path };
  });
  const wanted = JSON.parse(longer(expected)) as readonly unknown[];
  expect(names).toEqual([...wanted.slice(0, 2), { refused: '/name' }]);
});
