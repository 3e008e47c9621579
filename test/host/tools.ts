import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** What a tool said, and how it ended. */
export type Said = { readonly code: number | null; readonly output: string };

/** Runs a program to its end, at most 10 s. */
export function run(argv: readonly string[]): Said {
  const [program = '', ...rest] = argv;
  const path = `${process.env['PATH'] ?? ''}:/usr/sbin:/sbin`;
  const { status, stdout, stderr, error } = spawnSync(program, rest, {
    encoding: 'utf8',
    timeout: 10_000,
    env: { ...process.env, PATH: path, LANG: 'C' },
  });
  return { code: status, output: error ? error.message : `${stdout}${stderr}` };
}

/** Runs shell commands in a network of their own: nothing of this machine is touched. */
export function runApart(script: string): Said {
  return run(['unshare', '--net', 'sh', '-ec', script]);
}

/** Why a tool cannot be asked here, or null; prints the reason. */
export function missing(tool: string, probe: readonly string[]): string | null {
  const { code, output } = run(probe);
  if (code === 0) return null;
  const reason = output.trim().split('\n')[0] ?? '';
  process.stdout.write(`skipped: ${tool} cannot be asked here: ${reason}\n`);
  return reason;
}

/** Writes files for as long as somebody looks at them. */
export async function withFiles<T>(
  contents: readonly string[],
  look: (paths: readonly string[]) => T | Promise<T>,
): Promise<T> {
  const directory = mkdtempSync(join(tmpdir(), 'ripcord-render-'));
  try {
    const paths = contents.map((content, at) => {
      const path = join(directory, `file-${at}`);
      writeFileSync(path, content);
      return path;
    });
    return await look(paths);
  } finally {
    rmSync(directory, { recursive: true });
  }
}
