import { pointer } from '../definition/complaint.ts';
import type { JsonObject } from '../json.ts';
import { type HostDocument, isMap, withDefaults } from './document.ts';
import { FORMAT } from './format.ts';
import { read, type ReadContext } from './shape.ts';
import { wrongIn } from './wrong-in.ts';

/**
 * A host configuration as it is compared and stored, from one as it was written, or null when
 * complaints were made. `path` is where it stands in what was written. Pure but for `keep`.
 */
export function readDocument(
  written: JsonObject,
  path: string,
  context: ReadContext,
): HostDocument | null {
  const { report } = context;
  const made = read(FORMAT, written, path, context);
  if (made === undefined || report.complaints.length > 0) return null;
  const { kind: _kind, ...sections } = made as JsonObject;
  const document = withDefaults({
    ...sections,
    ...(isMap(sections['lan']) && { lan: servedLan(sections['lan']) }),
  });
  for (const { keys, message, hint } of wrongIn(document))
    report.complain('value-invalid', `${path}${pointer(...keys)}`, message, { hint });
  return report.complaints.length > 0 ? null : document;
}

/** ParaDrop says `lease` where dnsmasq says `leasetime`. */
function servedLan(lan: JsonObject): JsonObject {
  const { dhcp } = lan;
  if (!isMap(dhcp) || dhcp['lease'] === undefined) return lan;
  const { lease, ...rest } = dhcp;
  return { ...lan, dhcp: { leasetime: lease, ...rest } };
}
