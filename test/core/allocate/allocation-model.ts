import {
  allocateInterfaces,
  type Allocated,
  type AllocationContext,
  type AllocationRequest,
} from '../../../src/core/allocate/allocate.ts';
import { heldByAll } from '../../../src/core/allocate/held.ts';
import type { Allocations } from '../../../src/core/allocate/surroundings.ts';
import type { JsonObject } from '../../../src/core/json.ts';
import type { InterfaceAllocation } from '../../../src/core/network.ts';
import { host, ROUTER } from './host-model.ts';

/** An access point that a chute was given. */
export function given(changed: Partial<InterfaceAllocation> = {}): InterfaceAllocation {
  return {
    kind: 'wifi-ap',
    service: 'main',
    inside: 'wlan0',
    outside: 'vwlan0000',
    device: 'w0',
    radio: {},
    vlanId: null,
    subnet: '10.128.0.0/24',
    hostAddress: '10.128.0.1',
    chuteAddress: '10.128.0.2',
    wireless: { ssid: 'x', encryption: 'none' },
    dhcp: null,
    l3bridge: null,
    ...changed,
  };
}

/** One service's interfaces. */
export type Interfaces = Readonly<Record<string, JsonObject>>;

/** An access point with dhcp; its ssid is its own. */
export function ap(ssid: string, changed: JsonObject = {}): JsonObject {
  const dhcp = { leasetime: '12h', start: 10, limit: 100 };
  return { type: 'wifi-ap', wireless: { ssid }, dhcp, ...changed };
}

export function request(
  chute: string,
  interfaces: Interfaces,
  before: Allocations = {},
): AllocationRequest {
  return { chute, services: { main: { interfaces } }, before };
}

/** The host, and what other chutes have of it. */
type Around = Partial<Omit<AllocationContext, 'held'>> & {
  readonly held?: Readonly<Record<string, Allocations>>;
};

export function allocate(
  requests: readonly AllocationRequest[],
  { held = {}, ...context }: Around = {},
): Readonly<Record<string, Allocated>> {
  return allocateInterfaces(requests, {
    facts: ROUTER,
    host: host(),
    ...context,
    held: heldByAll(held),
  });
}

/** What a chute is given. Throws when it is refused. */
export function allocated(
  requests: readonly AllocationRequest[],
  chute: string,
  context: Around = {},
): Allocations {
  const answer = allocate(requests, context)[chute];
  if (answer && 'interfaces' in answer) return answer.interfaces;
  throw new Error(`refused: ${answer?.refusals.map(({ message }) => message).join('; ')}`);
}

/** Why a chute is given nothing: places and words. */
export function refusedFor(
  requests: readonly AllocationRequest[],
  chute: string,
  context: Around = {},
): readonly string[] {
  const answer = allocate(requests, context)[chute];
  return answer && 'refusals' in answer
    ? answer.refusals.map(({ path, message }) => `${path}: ${message}`)
    : [];
}
