import { nearest } from '../../core/definition/nearest.ts';
import type { HostFacts } from '../../core/facts.ts';
import { hostFacts } from '../../library/local-host.ts';
import { chooseConfigured } from '../../library/root-config.ts';
import { type CommandModule, textOf } from '../command.ts';
import type { Context } from '../context.ts';
import { type Area, AREAS, type Finding, findingsText } from '../doctor/finding.ts';
import { lookAtDocker } from '../doctor/look-docker.ts';
import { lookAtHost, lookAtNetwork, lookAtWifi } from '../doctor/look-host.ts';
import { lookAtOwners, lookAtRoot } from '../doctor/look-root.ts';
import { lookAtTools } from '../doctor/look-tools.ts';
import { EXIT, usageError } from '../exit-code.ts';
import { print } from '../output.ts';

/** `ripcord doctor [AREA]`. Takes no lock and writes nothing to the journal. */
export const doctor: CommandModule = {
  configure(command) {
    command
      .argument('[area]', AREAS.join(', '))
      .option('--strict', 'exit 1 when anything is missing or wrong');
  },
  async run(context, { args: [name], options }) {
    const asked = areaOf(textOf(name));
    const strict = options['strict'] === true;
    if (asked !== null && context.output !== 'text')
      throw usageError(
        `cannot print ${asked} as ${context.output}: other than as text, doctor prints the facts of the whole host`,
        `ripcord doctor -o ${context.output}`,
      );
    const facts = await hostFacts(context.root, chooseConfigured(context.root, {}));
    const findings = await look(context, facts, asked === null ? AREAS : [asked]);
    await print(context, facts, () => findingsText(context, findings));
    const bad = findings.some(({ verdict }) => verdict === 'bad');
    return strict && bad ? EXIT.unexpected : EXIT.ok;
  },
};

async function look(
  context: Context,
  facts: HostFacts,
  areas: readonly Area[],
): Promise<readonly Finding[]> {
  const looks: Readonly<Record<Area, () => Promise<readonly Finding[]>>> = {
    engine: () => lookAtRoot(context),
    host: async () => [...lookAtHost(facts), ...(await lookAtDocker(facts, context.root))],
    network: async () => lookAtNetwork(facts),
    wifi: async () => lookAtWifi(facts),
    tools: () => lookAtTools(),
    owner: () => lookAtOwners(context),
  };
  return (await Promise.all(areas.map((area) => looks[area]()))).flat();
}

function areaOf(name: string | null): Area | null {
  if (name === null) return null;
  const area = AREAS.find((each) => each === name);
  if (area !== undefined) return area;
  const near = nearest(name, AREAS);
  throw usageError(
    `cannot look at '${name}': there is ${AREAS.join(', ')}`,
    near === null ? 'ripcord doctor looks at all of them' : `Did you mean ${near}?`,
  );
}
