import { addressText, type Network, networkAround, parseAddress } from '../allocate/ipv4.ts';
import { unrenderable } from './rendered.ts';

/** The text itself if it is an IPv4 address. Pure. Throws RIPCORD_PLAN_INVALID otherwise. */
export function address(text: string, what: string): string {
  if (parseAddress(text) === null) throw unrenderable(what, `${quoted(text)} is not an address`);
  return text;
}

/** The IPv4 network that is written. Pure. Throws RIPCORD_PLAN_INVALID for anything else. */
export function network(text: string, what: string): Network {
  const found = networkAround(text);
  if (found === null) throw unrenderable(what, `${quoted(text)} is not a network`);
  return found;
}

/** The mask of a network, e.g. 255.255.255.0. Pure. */
export function netmask({ prefix }: Network): string {
  return addressText(2 ** 32 - 2 ** (32 - prefix));
}

/** Whether every address of `inner` is in `outer`. Pure. */
export function contains(outer: Network, inner: Network): boolean {
  return outer.first <= inner.first && inner.last <= outer.last;
}

/** The first and last address that DHCP gives. Pure. Throws RIPCORD_PLAN_INVALID. */
export function leaseRange(
  subnet: Network,
  { start, limit }: { readonly start: number; readonly limit: number },
  what: string,
): { readonly first: string; readonly last: string } {
  const whole = Number.isInteger(start) && Number.isInteger(limit) && start >= 0 && limit >= 1;
  if (!whole || subnet.first + start + limit - 1 > subnet.last) {
    throw unrenderable(what, `a range of ${limit} from ${start} is not in its network`);
  }
  const first = subnet.first + start;
  return { first: addressText(first), last: addressText(first + limit - 1) };
}

const quoted = (text: string): string => JSON.stringify(text);
