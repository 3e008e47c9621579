import type { JsonObject } from '../json.ts';
import type { NetworkFacts } from '../network.ts';
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
  { missing }: Pick<ResolvedHost, 'missing'>,
  document: HostDocument,
  network: NetworkFacts,
): Answers {
  const radios = missingRadios(missing, document);
  const ports = wrongPorts(document, network);
  return {
    refusals: [...ports.refusals, ...radios.refusals],
    warnings: [...ports.warnings, ...radios.warnings],
  };
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
  return {
    refusals: lan
      .filter(({ name }) => name === wan)
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
