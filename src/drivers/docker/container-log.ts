import type { ContainerSpec } from '../../core/container.ts';
import type { StepContext } from '../../core/driver.ts';
import { type Hide, hidingSecretsOf, LEFT_OUT } from '../hide-secrets.ts';
import type { EngineApi } from './engine-api.ts';

const LINES_MAX = 40;

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
  const lines = (await engine.logs(id, LINES_MAX)).map(hide);
  return lines[0] === LEFT_OUT ? [LEFT_OUT] : lines;
}
