import { release } from 'node:os';
import { gunzipSync } from 'node:zlib';

import type { HostTree } from './host-tree.ts';

/** A part of the kernel that can be built in, or loaded when it is needed. */
export type KernelPart = {
  readonly module: string;
  /** Its option in the kernel's configuration, without CONFIG_. */
  readonly option: string;
  /** A file that is there when it is in use. */
  readonly sign?: string;
};

export type KernelParts = (part: KernelPart) => 'there' | 'missing' | 'unknown';

/**
 * Looks for parts of the running kernel, without root. It reads what it needs to and each file once:
 * most parts show below /sys, the others in the list of modules or in the kernel's configuration.
 */
export function openKernel(tree: HostTree, version: string = release()): KernelParts {
  const modules = once(() => modulesOf(tree, version));
  const options = once(() => optionsOf(tree, version));
  return ({ module, option, sign }) => {
    if (tree.has('sys/module', module) || (sign !== undefined && tree.has(sign))) return 'there';
    const listed = modules();
    if (listed?.includes(`/${module}.ko`)) return 'there';
    const chosen = options();
    if (chosen?.includes(`\nCONFIG_${option}=y\n`)) return 'there';
    // To be loadable it would have to be in the list of modules.
    if (listed !== null) return 'missing';
    if (chosen === null || chosen.includes(`\nCONFIG_${option}=m\n`)) return 'unknown';
    return 'missing';
  };
}

/** What is built in and what can be loaded, a path a line; null where there is no such list. */
function modulesOf(tree: HostTree, version: string): string | null {
  const directory = `lib/modules/${version}`;
  const builtIn = tree.read(directory, 'modules.builtin');
  const loadable = tree.read(directory, 'modules.dep');
  if (builtIn === null && loadable === null) return null;
  // Behind the colon is what a module needs: that is in the list itself.
  return `/${builtIn ?? ''}\n${(loadable ?? '').replaceAll(/:.*$/gm, '')}`;
}

function optionsOf(tree: HostTree, version: string): string | null {
  const packed = tree.bytes('proc/config.gz');
  const text =
    packed === null
      ? tree.read('boot', `config-${version}`)
      : gunzipSync(packed).toString('latin1');
  return text === null ? null : `\n${text}\n`;
}

function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | null = null;
  return () => (made ??= { value: make() }).value;
}
