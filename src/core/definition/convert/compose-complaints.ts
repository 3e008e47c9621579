import type { JsonObject } from '../../json.ts';
import { type Complaint, type Located, pointer, type Report } from '../complaint.ts';
import { isObject } from '../json-object.ts';
import { namesOf, servicesAtTop } from './compose.ts';

/** Complains of what would be lost without a word: what a compose file says elsewhere. */
export function refuseCompose(document: JsonObject, report: Report): void {
  const { services } = document;
  if (services === undefined) {
    const isFirst = servicesAtTop(document);
    const message = isFirst
      ? 'is a compose file of the first version, whose services stand at the top'
      : 'is missing';
    report.complain(
      isFirst ? 'format-unsupported' : 'field-missing',
      isFirst ? '' : '/services',
      message,
      {
        hint: 'put the services under services:',
      },
    );
  }
  for (const [name, service] of Object.entries(isObject(services) ? services : {}))
    if (isObject(service) && Object.hasOwn(service, 'extends'))
      report.complain('format-unsupported', pointer('services', name, 'extends'), 'is not read', {
        spot: 'key',
        hint: 'docker compose config writes out what it extends',
      });
}

/** What fields of a service were called in the compose file. */
const BEFORE: Readonly<Record<string, string>> = {
  needs: 'depends_on',
  health: 'healthcheck',
  source: 'build',
  type: 'build',
  dockerfile: 'build',
  requests: 'ports',
  stop: 'stop_signal',
};

/** Complaints about the definition that was made, where the compose file says what they are about. */
export function thereInCompose(
  complaints: readonly Complaint[],
  document: JsonObject,
  { file, located }: { readonly file: string; readonly located: Located },
): readonly Complaint[] {
  const services = isObject(document['services']) ? document['services'] : {};
  const before = new Map([...namesOf(Object.keys(services))].map(([name, now]) => [now, name]));
  return complaints.map((complaint) => {
    const [, top = '', name = '', field = '', ...rest] = complaint.path.split('/');
    const service = before.get(name);
    const given = service === undefined ? undefined : services[service];
    const old = BEFORE[field];
    const path =
      top !== 'services' || service === undefined || !isObject(given)
        ? complaint.path
        : old !== undefined && Object.hasOwn(given, old)
          ? pointer('services', service, old)
          : [pointer('services', service), field, ...rest].filter((each) => each !== '').join('/');
    const place = located.placeOf(path, 'value');
    return { ...complaint, file, path, line: place?.line ?? null, col: place?.col ?? null };
  });
}
