import type { ServiceLimits } from '../../core/applied.ts';
import type { ContainerInstance } from '../../core/container.ts';
import type { StepContext } from '../../core/driver.ts';
import { asking, engineForProbe, engineOf } from './engine.ts';

/** What the kernel gives to everybody who was given nothing else. */
const SHARES_DEFAULT = 1024;
/** More than any device has: an engine takes no word for a limit that is lifted while a container runs. */
const NO_MEMORY_LIMIT = 2 ** 50;
const NO_SWAP_LIMIT = -1;

/** Limits a container while it runs. One that is gone has nothing to be limited. */
export async function limitContainer(
  context: StepContext,
  { container }: ContainerInstance,
  { shares, memory }: ServiceLimits,
): Promise<void> {
  await asking('limit a container', async () => {
    const engine = engineOf(context);
    if ((await engine.container(container)) === null) return;
    await engine.updateContainer(container, {
      CpuShares: shares ?? SHARES_DEFAULT,
      Memory: memory ?? NO_MEMORY_LIMIT,
      MemorySwap: NO_SWAP_LIMIT,
    });
  });
}

/** Whether a container has these limits. */
export async function isContainerLimited(
  context: StepContext,
  { container }: ContainerInstance,
  { shares, memory }: ServiceLimits,
): Promise<boolean> {
  return asking('look at a container', async () => {
    const found = await engineForProbe(context).container(container);
    if (found === null) return false;
    const { CpuShares, Memory } = found.HostConfig;
    const hasShares = (CpuShares || SHARES_DEFAULT) === (shares ?? SHARES_DEFAULT);
    return hasShares && (Memory || NO_MEMORY_LIMIT) === (memory ?? NO_MEMORY_LIMIT);
  });
}
