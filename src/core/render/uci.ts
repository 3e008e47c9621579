import type { ChuteName } from '../chute.ts';
import type { HostConfig, NetworkPlan, Radio } from '../network.ts';
import { address, netmask, network } from './addresses.ts';
import { leasesFile, leaseTime, relayPair, upstream } from './dnsmasq.ts';
import { vlanId } from './links.ts';
import { redirectsOf } from './nftables.ts';
import { type UsedRadio, usedRadios } from './radios.ts';
import { HASH_HEADER, unrenderable } from './rendered.ts';
import { secretToken } from './tokens.ts';
import { type UciSection, uciSectionText } from './uci-text.ts';
import { HOST_BRIDGE, identifier, linkName, type Wiring, wiringsOf } from './wiring.ts';

/** Every section of ours is named `ripcord__…`: by that it is found again. */
export const UCI_OWNER = 'ripcord';
