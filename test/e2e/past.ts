import { run } from './checks.ts';
import type { Device } from './device.ts';
import { device, slowChute } from './shell.ts';

/**
 * A device with a past: hello in version 1 (u1) and 2 (u2), one that failed (u3), stopped (u4) and
 * started (u5); and another chute (u6).
 */
export async function deviceWithPast(): Promise<Device> {
  const on = await device();
  await on.install('hello', '-m', 'to begin with');
  await on.install('hello-v2');
  await run(on, 'apply hello-broken -y', 4);
  await run(on, 'stop hello', 0);
  await run(on, 'start hello', 0);
  const other = await slowChute(on, 'other');
  other.finish();
  await on.install(other.directory);
  return on;
}
