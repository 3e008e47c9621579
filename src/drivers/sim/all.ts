import type { BuiltInDrivers } from '../../core/driver.ts';
import type { BuiltInKind } from '../../core/step.ts';
import { configCheck, configReload, configRestore, configWrite } from './config-drivers.ts';
import {
  containerKeep,
  containerRemove,
  containerStart,
  containerStop,
  networkCreate,
  networkRemove,
} from './container-drivers.ts';
import type { SimDevice } from './device.ts';
import {
  directoryCreate,
  directoryRemove,
  releaseDrop,
  releaseFetch,
  releaseSwitch,
  type SimDriverOf,
  volumeCreate,
  volumeRemove,
} from './file-drivers.ts';
import { imageBuild, imageCheck, imageDrop, imagePull } from './image-drivers.ts';
import { gateCheck, portCheck, processStart, processStop, secretCheck } from './process-drivers.ts';
import { resourceLimit } from './resource-driver.ts';
import { type SimDriver, simulated } from './simulated.ts';

/** What each built-in kind does on a simulated device: the compiler finds the missing one. */
const SIM_DRIVERS: { readonly [K in BuiltInKind]: SimDriverOf<K> } = {
  'directory.create@1': directoryCreate,
  'directory.remove@1': directoryRemove,
  'release.fetch@1': releaseFetch,
  'release.switch@1': releaseSwitch,
  'release.drop@1': releaseDrop,
  'volume.create@1': volumeCreate,
  'volume.remove@1': volumeRemove,
  'port.check@1': portCheck,
  'secret.check@1': secretCheck,
  'process.stop@1': processStop,
  'resource.limit@1': resourceLimit,
  'process.start@1': processStart,
  'image.pull@1': imagePull,
  'image.build@1': imageBuild,
  'image.check@1': imageCheck,
  'image.drop@1': imageDrop,
  'network.create@1': networkCreate,
  'network.remove@1': networkRemove,
  'container.stop@1': containerStop,
  'container.start@1': containerStart,
  'container.keep@1': containerKeep,
  'container.remove@1': containerRemove,
  'gate.check@1': gateCheck,
  'config.check@1': configCheck,
  'config.restore@1': configRestore,
  'config.write@1': configWrite,
  'config.reload@1': configReload,
  // These two say what is applied now; the world is as it was.
  'chute.save@1': { effect: false, run: (_scene, { patch }) => ({ result: null, patch }) },
  'host.save@1': { effect: false, run: (_scene, { patch }) => ({ result: null, patch }) },
};

/** The drivers of a simulated device: one for every built-in kind of step. */
export function simDrivers(device: SimDevice): BuiltInDrivers {
  const drivers = Object.entries(SIM_DRIVERS).map(([kind, driver]) => [
    kind,
    simulated(device, driver as SimDriver<never, never, unknown>),
  ]);
  return Object.fromEntries(drivers) as BuiltInDrivers;
}
