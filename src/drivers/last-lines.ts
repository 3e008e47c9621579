import type { ChuteName, ServiceName } from '../core/chute.ts';
import type { RootPath } from '../core/step.ts';
import { type Hide, LEFT_OUT } from './hide-secrets.ts';
import { tailLog } from './log-file.ts';
import { below } from './service-environment.ts';
import { logStartOf } from './witness.ts';

const LINES_MAX = 40;

/**
 * The last lines that one process of a service printed, for the journal. Not those of processes before
 * it in the same log: they may hold secrets that nobody here knows any more.
 */
export function lastLines(
  root: string,
  process: {
    readonly chute: ChuteName;
    readonly service: ServiceName;
    readonly mark: string;
    readonly log: RootPath;
  },
  hide: Hide,
): readonly string[] {
  const from = logStartOf(root, process) ?? 0;
  const lines = tailLog(below(root, process.log), LINES_MAX, from).map(hide);
  return lines[0] === LEFT_OUT ? [LEFT_OUT] : lines;
}
