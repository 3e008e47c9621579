import type { DynamicPorts } from '../applied.ts';
import type { Definition, Service, ServiceName } from '../chute.ts';
import type { ServiceSpec } from '../container.ts';
import { containerSpec } from './container-spec.ts';
import type { Runtime } from './dynamic-ports.ts';
import { processSpec } from './process-spec.ts';

/** How a service is started by this runtime. Pure. */
export function serviceSpec(
  runtime: Runtime,
  {
    definition,
    name,
    service,
    given,
  }: {
    readonly definition: Definition;
    readonly name: ServiceName;
    readonly service: Service;
    readonly given: DynamicPorts | undefined;
  },
): ServiceSpec {
  const make = runtime === 'docker' ? containerSpec : processSpec;
  return make(definition, name, service, given);
}
