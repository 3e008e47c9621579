import type { ContainerSpec } from '../../core/container.ts';
import type { StepContext } from '../../core/driver.ts';
import { type Hide, hidingSecretsOf, LEFT_OUT } from '../hide-secrets.ts';
import type { EngineApi } from './engine-api.ts';
import { EngineError } from './engine-error.ts';

const LINES_MAX = 40;
const TEXT_MAX = 64 * 1024;

/** The last lines that a container of this service printed, as they may be journaled. */
export async function lastLinesOf(
  engine: EngineApi,
  context: Pick<StepContext, 'secret'>,
  { id, spec }: { readonly id: string; readonly spec: ContainerSpec },
): Promise<readonly string[]> {
  const hide = await hidingSecretsOf(spec.environment, (ref) => context.secret(ref));
  return linesOf(engine, id, hide);
}

/** The last lines that a container printed; none when it is gone. */
export async function linesOf(
  engine: EngineApi,
  id: string,
  hide: Hide,
): Promise<readonly string[]> {
  const lines = (await printedBy(engine, id)).map(hide);
  return lines[0] === LEFT_OUT ? [LEFT_OUT] : shortened(lines);
}

/** A log that an engine cannot read must not keep anybody from stopping what wrote it. */
async function printedBy(engine: EngineApi, id: string): Promise<readonly string[]> {
  try {
    return await engine.logs(id, LINES_MAX);
  } catch (error) {
    if (error instanceof EngineError && error.outcome === 'refused') return [];
    throw error;
  }
}

/** The end of what is too long for a journal; without secrets by now, so that none is cut in two. Pure. */
export function shortened(lines: readonly string[]): readonly string[] {
  const text = lines.join('\n');
  return text.length <= TEXT_MAX ? lines : text.slice(-TEXT_MAX).split('\n');
}
