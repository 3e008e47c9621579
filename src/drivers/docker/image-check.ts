import type { DriverOf } from '../../core/driver.ts';
import { RipcordError } from '../../core/errors.ts';
import { asking, engineOf } from './engine.ts';

/** Sees that images are there and were made for this machine. */
export const imageCheck: DriverOf<'image.check@1'> = {
  effect: false,

  async run(context, { images }) {
    context.signal.throwIfAborted();
    return asking('look at images', async () => {
      const engine = engineOf(context);
      const { Arch, Os } = await engine.version();
      const found: Record<string, string> = {};
      for (const name of images) {
        const image = await engine.image(name);
        if (image === null) {
          throw new RipcordError(
            'RIPCORD_RESOURCE_MISSING',
            `cannot use image ${name}: it is not there`,
            {
              details: { image: name },
            },
          );
        }
        if (image.Os !== Os || image.Architecture !== Arch) {
          const reason = `it is made for ${image.Os}/${image.Architecture}, this is ${Os}/${Arch}`;
          throw new RipcordError(
            'RIPCORD_RUNTIME_UNSUPPORTED',
            `cannot use image ${name}: ${reason}`,
            {
              details: { image: name, id: image.Id },
            },
          );
        }
        found[name] = image.Id;
      }
      return { result: { images: found } };
    });
  },
};
