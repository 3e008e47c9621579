import { basename } from 'node:path';

import { describe, expect, test } from 'vitest';

import { bareCode } from './bare-code.ts';
import {
  ENTRY_POINTS,
  importsOf,
  isBelow,
  SOURCES,
  type SourceFile,
  targetOf,
  withoutComments,
} from './source-files.ts';

type Layer = {
  readonly name: string;
  /** Files and folders of ours; a layer may always import from itself. */
  readonly ours: readonly string[];
  readonly packages: readonly string[];
};

/** Who may import whom, lowest layer first. The order is the law: nobody imports upwards. */
const LAYERS: readonly Layer[] = [
  { name: 'journal', ours: [], packages: ['node:', 'level'] },
  {
    name: 'src/core',
    ours: ['journal/record.ts'],
    packages: ['immer', 'fast-json-patch', 'zod', 'yaml'],
  },
  {
    name: 'replay',
    ours: ['src/core', 'journal'],
    packages: ['node:', 'immer', 'fast-json-patch'],
  },
  { name: 'src/engine', ours: ['src/core', 'journal'], packages: ['node:', 'pino', 'immer'] },
  { name: 'src/drivers', ours: ['src/core'], packages: ['node:', 'tar'] },
  { name: 'src/testing', ours: ['src/core', 'journal', 'src/drivers/sim'], packages: ['node:'] },
  {
    name: 'src/server',
    ours: ['src/core', 'src/engine', 'replay', 'journal'],
    packages: ['node:', 'pino'],
  },
  {
    name: 'src/library',
    ours: ['src/core', 'src/engine', 'src/drivers', 'replay', 'journal'],
    packages: ['node:', 'pino'],
  },
  {
    name: 'src/index.ts',
    ours: ['src/core', 'src/engine', 'src/library', 'replay', 'journal'],
    packages: [],
  },
  {
    name: 'src/cli',
    ours: ['src', 'replay', 'journal'],
    packages: ['node:', 'commander', 'picocolors', 'pino', 'yaml'],
  },
];

/** Code that may see everything: it is not part of what is published. */
const FREE = ['test', 'bench'];

const published = SOURCES.filter(({ path }) => !FREE.some((root) => isBelow(path, root)));

/** What is wrong with the imports of one file, in sentences. */
function wrongImports(file: SourceFile): readonly string[] {
  const layer = LAYERS.find(({ name }) => isBelow(file.path, name));
  if (!layer) return [`${file.path} lies in no layer`];
  return importsOf(file).flatMap((specifier) => {
    if (specifier.startsWith('.')) {
      const target = targetOf(file.path, specifier);
      const may = [layer.name, ...layer.ours];
      if (may.some((allowed) => isBelow(target, allowed))) return [];
      return [
        `${file.path} must not import ${target}: ${layer.name} may use ${layer.ours.join(', ')}`,
      ];
    }
    if (layer.packages.some((allowed) => isPackage(specifier, allowed))) return [];
    return [
      `${file.path} must not import ${specifier}: ${layer.name} may use ${layer.packages.join(', ')}`,
    ];
  });
}

function isPackage(specifier: string, allowed: string): boolean {
  return allowed.endsWith(':') ? specifier.startsWith(allowed) : isBelow(specifier, allowed);
}

test('imports point down', () => {
  expect(published.flatMap(wrongImports)).toEqual([]);
});

test('the table itself points down', () => {
  const upwards = LAYERS.flatMap(({ name, ours }, at) =>
    LAYERS.slice(at + 1)
      .filter((higher) => ours.some((allowed) => isBelow(allowed, higher.name)))
      .map((higher) => `${name} → ${higher.name}`),
  );
  expect(upwards).toEqual([]);
});

describe('the table refuses', () => {
  test.each([
    ['src/core/bad.ts', "import { Engine } from '../engine/engine.ts';"],
    ['src/core/bad.ts', "import type { Engine } from '../engine/engine.ts';"],
    ['src/core/bad.ts', "import { chain } from '../../journal/chain.ts';"],
    ['src/core/bad.ts', "import { readFileSync } from 'node:fs';"],
    ['src/core/bad.ts', "import pino from 'pino';"],
    ['src/engine/bad.ts', "export { builtInDrivers } from '../drivers/all.ts';"],
    ['src/server/bad.ts', "import '../cli/main.ts';"],
    ['src/server/bad.ts', "const drivers = await import('../drivers/all.ts');"],
    ['src/server/bad.ts', "let driver: import('../drivers/all.ts').Driver;"],
    ['src/library/bad.ts', "import { serve } from '../server/serve.ts';"],
    ['replay/bad.ts', "import { Engine } from '../src/engine/engine.ts';"],
    ['journal/bad.ts', "import type { ChuteEvent } from '../src/core/events.ts';"],
    ['lost/bad.ts', ''],
  ])('%s: %s', (path, text) => {
    expect(wrongImports({ path, text })).toHaveLength(1);
  });
});

test('drivers do not reach into each other', () => {
  const wrong = published.flatMap((file) => {
    const own = folderOf(file.path);
    if (own === null) return [];
    return importsOf(file)
      .filter((specifier) => specifier.startsWith('.'))
      .map((specifier) => targetOf(file.path, specifier))
      .filter((target) => (folderOf(target) ?? own) !== own)
      .map((target) => `${file.path} must not import ${target}`);
  });
  expect(wrong).toEqual([]);
});

/** The world that a driver's file belongs to; null for what all of them share. */
function folderOf(path: string): string | null {
  return /^src\/drivers\/([^/]+)\//.exec(path)?.[1] ?? null;
}

test('the core names the journal by its types only', () => {
  const core = published.filter(({ path }) => isBelow(path, 'src/core'));
  const wrong = core.filter(({ text }) =>
    /import (?!type\b)[^;]*'[^']*journal\/record\.ts'/.test(withoutComments(text)),
  );
  expect(wrong.map(({ path }) => path)).toEqual([]);
});

test('index.ts exists at the published entry points only', () => {
  const found = published.filter(({ path }) => basename(path) === 'index.ts');
  expect(ENTRY_POINTS).toEqual(expect.arrayContaining(found.map(({ path }) => path)));
});

test('index.ts re-exports and does nothing else', () => {
  const entries = published.filter(({ path }) => ENTRY_POINTS.includes(path));
  const wrong = entries.flatMap(({ path, text }) => {
    const rest = withoutComments(text).replaceAll(/export (type )?\{[^}]*\} from '[^']+';/g, '');
    return rest.trim() === '' ? [] : [`${path}: ${rest.trim()}`];
  });
  expect(wrong).toEqual([]);
});

test('index.ts is never imported from within its own root', () => {
  const wrong = published.flatMap((file) =>
    importsOf(file)
      .filter((specifier) => specifier.startsWith('.'))
      .map((specifier) => targetOf(file.path, specifier))
      .filter((target) => ENTRY_POINTS.includes(target))
      .filter((target) => rootOf(target) === rootOf(file.path))
      .map((target) => `${file.path} imports ${target}`),
  );
  expect(wrong).toEqual([]);
});

function rootOf(path: string): string {
  return path.split('/')[0] ?? path;
}

test('every import can be read off the text', () => {
  const computed = published.filter(
    ({ text }) =>
      /\bimport\(\s*[^'\s]/.test(withoutComments(text)) ||
      /\brequire\(|\bcreateRequire\b/.test(bareCode(text)),
  );
  // It runs the script that was made of files which are all checked here.
  expect(computed.map(({ path }) => path)).toEqual(['src/cli/bundle.ts']);
});
