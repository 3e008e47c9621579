import type { DeviceRequest } from '../../../src/core/allocate/devices.ts';
import {
  hostRadioUses,
  type DeviceContext,
  type DeviceUse,
} from '../../../src/core/allocate/radios.ts';
import type { HostConfig, NetworkFacts, RadioSettings } from '../../../src/core/network.ts';
import { host, ROUTER } from './host-model.ts';

export type Asked = DeviceUse['mode'] | readonly [DeviceUse['mode'], RadioSettings];

export const request = (asked: Asked, at: number, mine: string | null = null): DeviceRequest => {
  const [mode, requirements] = typeof asked === 'string' ? [asked, {}] : asked;
  return {
    name: `i${String(at).padStart(2, '0')}`,
    mode,
    requirements,
    holder: `i${at} of c`,
    mine,
  };
};

export const use = (
  device: string,
  mode: DeviceUse['mode'],
  settings: RadioSettings = {},
): DeviceUse => ({
  device,
  mode,
  holder: `x on ${device}`,
  settings,
});

export type Given = {
  readonly on?: NetworkFacts;
  readonly as?: HostConfig;
  readonly uses?: readonly DeviceUse[];
};

export const contextOf = ({ on = ROUTER, as = host(), uses = [] }: Given): DeviceContext => ({
  facts: on,
  host: as,
  uses: [...hostRadioUses(on, as), ...uses],
});
