import type { BuiltInDrivers } from '../core/driver.ts';
import { chuteSave } from './chute-save.ts';
import { configCheck } from './config/config-check.ts';
import { configReload, configRestore } from './config/config-reload.ts';
import { configWrite } from './config/config-write.ts';
import { containerKeep } from './docker/container-keep.ts';
import { containerRemove } from './docker/container-remove.ts';
import { containerStart } from './docker/container-start.ts';
import { containerStop } from './docker/container-stop.ts';
import { imageBuild } from './docker/image-build.ts';
import { imageCheck } from './docker/image-check.ts';
import { imageDrop } from './docker/image-drop.ts';
import { imagePull } from './docker/image-pull.ts';
import { networkCreate, networkRemove } from './docker/network.ts';
import { directoryCreate, directoryRemove } from './files/directory.ts';
import { releaseDrop } from './files/release-drop.ts';
import { releaseFetch } from './files/release-fetch.ts';
import { releaseSwitch } from './files/release-switch.ts';
import { volumeCreate, volumeRemove } from './files/volume.ts';
import { gateCheck } from './gate/gate.ts';
import { hostSave } from './host-save.ts';
import { portCheck } from './port-check.ts';
import { secretCheck } from './process/secret-check.ts';
import { processStart } from './process/start.ts';
import { processStop } from './process/stop.ts';
import { resourceLimit } from './resource-limit.ts';

/** The drivers of both runtimes: one for every built-in kind of step. */
export function builtInDrivers(): BuiltInDrivers {
  return {
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
    'chute.save@1': chuteSave,
    'host.save@1': hostSave,
  };
}
