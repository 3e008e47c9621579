import type { BuiltInKind } from '../../core/step.ts';

/**
 * How long a step of each kind takes on a small gateway, in milliseconds: rough figures, for telling a
 * minute from an hour. A gate takes as long as its services need to settle besides.
 */
const RUN_MS: { readonly [K in BuiltInKind]: number } = {
  'directory.create@1': 5,
  'directory.remove@1': 50,
  'release.fetch@1': 2000,
  'release.switch@1': 10,
  'release.drop@1': 50,
  'volume.create@1': 5,
  'volume.remove@1': 50,
  'port.check@1': 10,
  'secret.check@1': 5,
  'process.stop@1': 500,
  'process.start@1': 300,
  'resource.limit@1': 5,
  // What is there already is found at once: how long the others take, their drivers add.
  'image.pull@1': 10,
  'image.build@1': 20,
  'image.check@1': 5,
  'image.drop@1': 500,
  'network.create@1': 100,
  'network.remove@1': 200,
  'container.stop@1': 500,
  'container.start@1': 400,
  'container.keep@1': 10,
  'container.remove@1': 50,
  'gate.check@1': 500,
  'config.check@1': 100,
  'config.restore@1': 0,
  'config.write@1': 10,
  'config.reload@1': 400,
  'chute.save@1': 0,
  'host.save@1': 0,
};

/** Where undoing takes another time than doing. */
const UNDO_MS: Readonly<Record<string, number>> = {
  'release.fetch@1': 50,
  'image.pull@1': 100,
  'image.build@1': 20,
  // Its undo is what loads the files that are back.
  'config.restore@1': 400,
};

/** How long a call usually takes, in milliseconds; 0 for a kind that is none of ours. Pure. */
export function usualMs(kind: string, on: 'run' | 'undo'): number {
  const run: Readonly<Record<string, number>> = RUN_MS;
  return (on === 'undo' ? UNDO_MS[kind] : undefined) ?? run[kind] ?? 0;
}
