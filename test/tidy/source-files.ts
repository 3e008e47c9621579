import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';

/** The roots that hold code. Each has one job: docs/architecture.md. */
const ROOTS = ['journal', 'replay', 'src', 'bench', 'test'] as const;

/** What is published; everything else is reached by the file that defines it. */
export const ENTRY_POINTS = [
  'journal/index.ts',
  'replay/index.ts',
  'src/index.ts',
  'src/testing/index.ts',
];

export type SourceFile = { readonly path: string; readonly text: string };

/** Every file below `folder` whose name ends in `suffix`; none when there is no such folder. */
export function filesBelow(folder: string, suffix: string): readonly SourceFile[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith(suffix) && !name.includes('node_modules'))
    .toSorted()
    .map((name) => join(folder, name))
    .map((path) => ({ path, text: readFileSync(path, 'utf8') }));
}

/** All our TypeScript. */
export const SOURCES: readonly SourceFile[] = ROOTS.flatMap((root) => filesBelow(root, '.ts'));

/** What a file names in static, type-only, side-effect, re-export and dynamic imports. */
export function importsOf({ text }: SourceFile): readonly string[] {
  const named = /\bfrom\s+'([^']+)'|\bimport\s+'([^']+)'|\bimport\(\s*'([^']+)'/g;
  return [...withoutComments(text).matchAll(named)].flatMap(([, from, bare, dynamic]) => {
    const target = from ?? bare ?? dynamic;
    return target === undefined ? [] : [target];
  });
}

/** The file that a relative import means, from the top of the repository. */
export function targetOf(path: string, specifier: string): string {
  return normalize(join(dirname(path), specifier));
}

/** Whether `path` is `folder` or lies in it. */
export function isBelow(path: string, folder: string): boolean {
  return path === folder || path.startsWith(`${folder}/`);
}

/** The code alone: examples in comments import what they like. The formatter gives comments lines. */
export function withoutComments(text: string): string {
  return text
    .split('\n')
    .filter((line) => !/^\s*(\/\/|\/\*|\*)/.test(line))
    .join('\n');
}
