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
  const inherited = inheritedDescriptors();
  const last = Math.max(2, ...inherited);
  return Array.from({ length: last + 1 }, (_, descriptor) => {
    if (descriptor === 0) return 'ignore';
    if (descriptor <= 2) return log;
    return inherited.includes(descriptor) ? nothing : 'ignore';
  });
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
