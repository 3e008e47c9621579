import type { BuiltInKind } from './step.ts';

/**
 * The place of every built-in kind in the order, by ParaDrop's phase numbers where one lives on:
 *
 *   6 download files · 8–14 gather what there is · 45 reload on back-out · 50 volumes · 51–62 write
 *   configuration · 63 reload · 71–77 files · 86 stop · 87 start, behind what it may take · 95 save · 89 cleanup, which here
 *   comes behind the commit and so is 99.
 *
 * Preparation, which nobody notices, comes before 50. A kind without a place does not compile.
 */
export const ORDER: { readonly [K in BuiltInKind]: number } = {
  'directory.create@1': 5,
  'release.fetch@1': 6,
  'port.check@1': 9,
  'secret.check@1': 9,
  'image.pull@1': 30,
  'image.build@1': 30,
  'image.check@1': 31,
  'config.check@1': 40,
  'config.restore@1': 45,
  'volume.create@1': 50,
  'config.write@1': 53,
  'config.reload@1': 63,
  'release.switch@1': 71,
  'network.create@1': 85,
  'process.stop@1': 86,
  'container.stop@1': 86,
  'resource.limit@1': 87,
  'process.start@1': 87,
  'container.start@1': 87,
  'gate.check@1': 94,
  'chute.save@1': 95,
  'host.save@1': 95,
  'container.keep@1': 96,
  'container.remove@1': 98,
  'network.remove@1': 99,
  'image.drop@1': 99,
  'volume.remove@1': 99,
  'release.drop@1': 99,
  'directory.remove@1': 99,
};

const HOUR_MS = 3_600_000;

/** How long a step of this kind may take when its planner does not say. Pure. */
export function timeoutOf(kind: string): number {
  const noun = kind.split('.')[0] ?? '';
  if (['process', 'gate', 'container', 'network'].includes(noun)) return 60_000;
  // Fetching depends on the link, not on us; what stalls is the driver's to notice.
  if (kind.startsWith('release.fetch@')) return 600_000;
  // An image over a slow link takes hours and tells of each bit; what tells nothing is given up soon.
  if (kind.startsWith('image.pull@')) return 6 * HOUR_MS;
  if (kind.startsWith('image.build@')) return 2 * HOUR_MS;
  return kind.startsWith('image.') ? 60_000 : 10_000;
}

/** How often a failed step is tried again when its planner does not say. */
export const RETRIES = 2;
