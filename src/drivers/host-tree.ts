import { existsSync, readdirSync, readFileSync, realpathSync } from 'node:fs';
import { join } from 'node:path';

/** The files in which the kernel tells of its host: those of this machine, or of another on paper. */
export class HostTree {
  readonly #top: string;

  /** `top` is where `/sys`, `/proc`, `/lib` and `/boot` are found. */
  constructor(top = '/') {
    this.#top = top;
  }

  /** The path of a file of the host. Pure. */
  path(...parts: readonly string[]): string {
    return join(this.#top, ...parts);
  }

  /** The text of a file without the white space around it; null where it cannot be read. */
  read(...parts: readonly string[]): string | null {
    return (
      this.bytes(...parts)
        ?.toString('utf8')
        .trim() ?? null
    );
  }

  /** The bytes of a file; null where it cannot be read. */
  bytes(...parts: readonly string[]): Buffer | null {
    try {
      return readFileSync(this.path(...parts));
    } catch {
      return null;
    }
  }

  /** The names in a directory, in order; none where it cannot be read. */
  names(...parts: readonly string[]): readonly string[] {
    try {
      return readdirSync(this.path(...parts)).toSorted();
    } catch {
      return [];
    }
  }

  /** Whether something is there. */
  has(...parts: readonly string[]): boolean {
    return existsSync(this.path(...parts));
  }

  /** Where a link leads to in the end; null where it leads nowhere. */
  real(...parts: readonly string[]): string | null {
    try {
      return realpathSync(this.path(...parts));
    } catch {
      return null;
    }
  }
}
