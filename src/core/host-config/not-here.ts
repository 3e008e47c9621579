import { networkAround, networkText, overlap } from '../allocate/ipv4.ts';
import { subnetPool, uplinkAddresses } from '../allocate/subnets.ts';
import type { JsonObject } from '../json.ts';
import type { HostConfig, NetworkFacts } from '../network.ts';
import type { Refusal, Warning } from '../plan.ts';
import { type HostDocument, section, textOf } from './document.ts';
import type { ResolvedHost } from './resolve-host.ts';
import { refuse, warning } from './told.ts';

type Answers = { readonly refusals: readonly Refusal[]; readonly warnings: readonly Warning[] };

/**
 * What a host configuration names that this host does not have, and what it would cut off: an uplink
 * that becomes a port of the LAN. Pure.
 */
export function notHere(
  { missing, config }: ResolvedHost,
  document: HostDocument,
  network: NetworkFacts,
): Answers {
  const radios = missingRadios(missing, document);
  const ports = wrongPorts(document, network);
  const networks = wrongNetworks(config, network);
  return {
    refusals: [...networks.refusals, ...ports.refusals, ...radios.refusals],
    warnings: [...networks.warnings, ...ports.warnings, ...radios.warnings],
  };
}

/** What goes with the document alone is known when it is read: this goes with the uplink. */
function wrongNetworks(config: HostConfig, network: NetworkFacts): Answers {
  const uplinks = uplinkAddresses(network);
  const pool = networkAround(subnetPool(config, uplinks));
  const { chutePrefixSize: size } = config.system;
  const { ipaddr, netmask } = config.lan;
  const lan = ipaddr === null ? null : networkAround(`${ipaddr}/${netmask ?? 24}`);
  const uplink = uplinks.map(networkAround).find((each) => each && lan && overlap(each, lan));
  const refusals = [];
  const warnings = [];
  if (pool && size < pool.prefix)
    refusals.push(
      refuse('RIPCORD_HOST_INVALID', {
        path: '/system/chutePrefixSize',
        message: `cannot configure the host: no network of /${size} fits into the pool ${networkText(pool)}`,
        hint: `set system.chutePrefixSize to at least ${pool.prefix}, or a larger system.chuteSubnetPool`,
      }),
    );
  // The uplink's network may be another one tomorrow.
  if (uplink && lan)
    warnings.push(
      warning(
        '/lan/ipaddr',
        `the LAN ${networkText(lan)} overlaps ${networkText(uplink)}, the network of the uplink: what is there cannot be reached`,
        'give the LAN a network of its own, or lan.proto: auto',
      ),
    );
  return { refusals, warnings };
}

function missingRadios(missing: ResolvedHost['missing'], document: HostDocument): Answers {
  const system = document['system'] as JsonObject;
  const hint = 'ripcord doctor lists the radios of this host';
  const left = missing
    .filter(({ name }, at) => missing.findIndex((each) => each.name === name) === at)
    .map(({ name, path }) => ({ name, path, hint }));
  switch (system['onMissingWiFi']) {
    case 'ignore':
      return { refusals: [], warnings: [] };
    case 'reboot':
      return {
        warnings: [],
        refusals: left.map(({ name, path }) =>
          refuse('RIPCORD_RESOURCE_MISSING', {
            path,
            message: `cannot configure radio ${name} of the host: it is not there, and onMissingWiFi: reboot cannot be done by this version`,
            hint: `${hint}; system.onMissingWiFi: warn goes on without it`,
          }),
        ),
      };
    default:
      return {
        refusals: [],
        warnings: left.map(({ name, path }) =>
          warning(
            path,
            `the host has no radio ${name}: what is configured for it is left out`,
            hint,
          ),
        ),
      };
  }
}

function wrongPorts(document: HostDocument, { ports, uplink }: NetworkFacts): Answers {
  const given = section(document, 'lan')['interfaces'];
  const lan = (Array.isArray(given) ? (given as readonly string[]) : []).map((name, at) => ({
    name,
    path: `/lan/interfaces/${at}`,
  }));
  const asked = textOf(section(document, 'wan')['interface']);
  const wan = asked === '' ? (uplink?.interface ?? null) : asked;
  const named = asked === '' ? lan : [...lan, { name: asked, path: '/wan/interface' }];
  // Of a host without any ports nothing is known.
  const isKnown = Object.keys(ports).length > 0;
  const absent = isKnown ? named.filter(({ name }) => !Object.hasOwn(ports, name)) : [];
  // Nothing else comes up in place of the present uplink.
  const isCut = absent.some(({ name }) => name === asked);
  return {
    refusals: lan
      .filter(({ name }) => name === wan || (isCut && name === uplink?.interface))
      .map(({ name, path }) =>
        refuse('RIPCORD_HOST_INVALID', {
          path,
          message: `cannot configure the host: ${name} is its uplink and cannot be a port of its LAN`,
          hint: 'name another port, or another wan.interface',
        }),
      ),
    warnings: absent.map(({ name, path }) =>
      warning(
        path,
        `the host has no port ${name}: what is configured for it waits until it has`,
        'ripcord doctor lists the ports of this host',
      ),
    ),
  };
}
