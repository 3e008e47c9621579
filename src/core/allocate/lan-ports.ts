import type { Port, RadioSettings } from '../network.ts';
import { naturalOrder } from './natural-order.ts';
import { isCalled, namesAsked, withoutNames } from './radio-settings.ts';
import { inUse, type DeviceContext, type DeviceOffers } from './radios.ts';

/** Interfaces that are no devices: loopback, tunnels, bridges, and ends and parts of others. */
const NOT_PHYSICAL = /^(lo$|veth|br|docker|sit)|\./;

/** The kernel takes more, the files of other programs do not. */
const NAMEABLE = /^[A-Za-z0-9][A-Za-z0-9_.@-]{0,14}$/;

/** Whether an interface of the host is a device that can be given away. Pure. */
export function isPhysical(name: string): boolean {
  return !NOT_PHYSICAL.test(name);
}

/**
 * Ports for one interface, each for itself alone, in the order of their names. Pure.
 *
 * `mine` is the port that the interface has now: an address of ours makes it look like the host's.
 */
export function portOffers(
  requirements: RadioSettings,
  context: DeviceContext,
  mine: string | null,
): DeviceOffers {
  const radios = Object.values(context.facts.radios).map((radio) => radio.interface);
  const ports = Object.values(context.facts.ports)
    .filter((port) => isPhysical(port.interface) && !radios.includes(port.interface))
    .toSorted((left, right) => naturalOrder(left.interface, right.interface));
  const told = ports.map((port) => ({
    device: port.interface,
    settings: {},
    reason: wrongPort(port, requirements, { ...context, mine }),
  }));
  return {
    offers: told
      .filter(({ reason }) => reason === null)
      .map(({ device, settings }) => ({ device, settings })),
    reasons: told.flatMap(({ device, reason }) => (reason === null ? [] : [`${device} ${reason}`])),
  };
}

function wrongPort(
  port: Port,
  requirements: RadioSettings,
  { facts, host, uses, mine }: DeviceContext & { readonly mine: string | null },
): string | null {
  const name = port.interface;
  if (!NAMEABLE.test(name)) return 'has a name that configuration files cannot hold';
  const other = namesAsked(requirements).find((each) => !isCalled(port, each));
  if (other !== undefined) return `is not ${other}`;
  const [setting] = Object.keys(withoutNames(requirements));
  if (setting !== undefined) return `has no ${setting}`;
  if (port.role === 'wan' || name === host.wan.interface || name === facts.uplink?.interface)
    return 'is the uplink';
  const seen = port.role === 'lan' && name !== mine;
  if (seen || port.bridged || host.lan.interfaces.includes(name)) return "is in the host's LAN";
  return inUse(uses.filter(({ device }) => device === name));
}
