import { readdirSync, readFileSync } from 'node:fs';

type Stdio = ('ignore' | number)[];

/**
 * What a service gets as its descriptors: nothing to read, its log for both outputs, and `nothing` in
 * the place of whatever else this process would hand down.
 *
 * A caller's pipe, or a file of the index (LevelDB opens without close-on-exec), would otherwise stay
 * open for as long as the service lives: whoever reads that pipe waits for years.
 */
export function serviceStdio(log: number, nothing: number): Stdio {
  const all = inheritedDescriptors();
  // Beyond the limit there is no place for it to be put: better it is handed down than nothing starts.
  const inherited = all.filter((each) => each + all.length + SPARE < descriptorsMax());
  const last = Math.max(2, ...inherited);
  return Array.from({ length: last + 1 }, (_, descriptor) => {
    if (descriptor === 0) return 'ignore';
    if (descriptor <= 2) return log;
    return inherited.includes(descriptor) ? nothing : 'ignore';
  });
}

/** How many descriptors a start needs beside those it hands down. */
const SPARE = 8;

/** How many descriptors this process may have. */
function descriptorsMax(): number {
  const limits = readFileSync('/proc/self/limits', 'utf8');
  const [, max = ''] = /^Max open files\s+(\d+)/m.exec(limits) ?? [];
  return max === '' ? Number.POSITIVE_INFINITY : Number(max);
}

/** The open descriptors of this process that survive an exec. */
function inheritedDescriptors(): readonly number[] {
  return readdirSync('/proc/self/fdinfo').map(Number).filter(survivesExec);
}

function survivesExec(descriptor: number): boolean {
  try {
    const info = readFileSync(`/proc/self/fdinfo/${descriptor}`, 'utf8');
    const [, flags = '0'] = /^flags:\s+([0-7]+)$/m.exec(info) ?? [];
    return (Number.parseInt(flags, 8) & CLOSE_ON_EXEC) === 0;
  } catch {
    // Closed since it was listed, as the one that listed it.
    return false;
  }
}

/** O_CLOEXEC of Linux, in the flags of fdinfo. */
const CLOSE_ON_EXEC = 0o2000000;
