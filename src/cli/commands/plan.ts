import { NEW_STATE, type State } from '../../core/state.ts';
import type { MadePlan } from '../../library/simulate.ts';
import { type CommandModule, textsOf } from '../command.ts';
import type { Context } from '../context.ts';
import { EXIT, usageError } from '../exit-code.ts';
import { readFacts } from '../facts-file.ts';
import { print } from '../output.ts';
import { lanePlansExit, lanePlansText, lanePlansValue, planLanes } from '../plan-lanes.ts';
import { type PlanScene, planScene } from '../plan-request.ts';
import { type Detail, planText, planValue } from '../plan-text.ts';
import { peek } from '../reader.ts';
import { askedFor, byName, readDefinitions, type RequestOptions, requestsFor } from '../request.ts';

type PlanOptions = RequestOptions & {
  readonly exitCode?: true;
  readonly summary?: true;
  readonly full?: true;
  readonly destroy?: string;
  readonly facts?: string;
  readonly simulate?: true;
  readonly fail?: string;
  readonly perChute?: true;
};

/** `ripcord plan [FILE…|DIR|-]`. Never writes. */
export const plan: CommandModule = {
  configure(command) {
    command
      .argument('[file...]', 'definitions, directories with one, or - for standard input')
      .option('--strict', 'unknown fields and changed content without a new version are errors')
      .option('--allow-downgrade', 'take a lower version than the installed one')
      .option('--exit-code', 'exit 3 when something would change')
      .option('--summary', 'only what changes, not the steps')
      .option('--full', 'every path and every step')
      .option('--destroy <chute>', 'plan the removal of a chute')
      .option('--facts <file>', 'plan for another host, as this file (or -) describes it')
      .option('--simulate', 'carry the plan out on a simulated device, and tell how it goes')
      .option('--per-chute', 'one plan for each chute, as apply --per-chute carries them out')
      .option('--fail <step>', 'with --simulate: let this step (s7, or a glob) fail');
  },
  async run(context, { args: [files], options }) {
    const asked = options as PlanOptions;
    const named = textsOf(files);
    const given = named.length > 0 || asked.destroy !== undefined ? named : ['.'];
    if (asked.fail !== undefined && !asked.simulate)
      throw usageError('cannot let a step fail in a plan alone', 'add --simulate');
    if (asked.simulate && asked.perChute)
      throw usageError(
        'cannot simulate with --per-chute: what one leaves, the next is planned on',
        'simulate one chute at a time',
      );
    if (asked.facts === '-' && named.includes('-'))
      throw usageError(
        'cannot read both a definition and facts from standard input: there is only one',
        'write the facts to a file and name it with --facts',
      );
    const forAnother = asked.facts !== undefined;
    const read = await readDefinitions(context, given, asked.strict ?? false, forAnother);
    const wanted = await requestsFor(context, read, { store: false });
    const gone = asked.destroy === undefined ? [] : [byName(asked.destroy, 'delete')];
    const chutes = [...wanted.chutes, ...gone];
    const state = (await peek(context))?.state ?? NEW_STATE;
    const facts = asked.facts === undefined ? undefined : await readFacts(asked.facts);
    const whole = askedFor({ ...wanted, chutes }, asked);
    if (asked.perChute) return await lanesPlanned(context, state, { asked: whole, facts }, asked);
    const scene = await planScene(context.root, state, whole, { facts });
    const { planned } = scene;
    if (asked.simulate && 'plan' in planned)
      return await simulated(context, { ...scene, state, made: planned }, asked);
    const detail = detailOf(asked);
    await print(context, planValue(planned), () => planText(context, planned, detail));
    if ('refusals' in planned) return EXIT.refused;
    const changes = 'plan' in planned;
    if (changes && context.output === 'text' && asked.facts === undefined)
      context.terminal.out(`Apply: ripcord apply ${given.join(' ')}${context.rootFlag}\n`);
    return changes && asked.exitCode ? EXIT.differs : EXIT.ok;
  },
};

/** Prints one plan for each chute. */
async function lanesPlanned(
  context: Context,
  state: State,
  given: Parameters<typeof planLanes>[2],
  options: PlanOptions,
): Promise<number> {
  const lanes = await planLanes(context.root, state, given);
  await print(context, lanePlansValue(lanes), () =>
    lanePlansText(context, lanes, detailOf(options)),
  );
  return lanePlansExit(lanes, options.exitCode ?? false);
}

/** Prints the plan and how it goes on a simulated device. */
async function simulated(
  context: Context,
  scene: PlanScene & { readonly state: State; readonly made: MadePlan },
  asked: PlanOptions,
): Promise<number> {
  // The engine is loaded only for this: a plan alone does without.
  const { simulatePlan, simulationExit, simulationText } = await import('../simulate-plan.ts');
  const { made } = scene;
  const simulation = await simulatePlan(context, scene, asked.fail);
  await print(context, { ...planValue(made), simulation }, () => {
    const { steps } = made.plan;
    return planText(context, made, detailOf(asked)) + simulationText(context, simulation, steps);
  });
  const exit = simulationExit(simulation);
  return exit === EXIT.ok && asked.exitCode ? EXIT.differs : exit;
}

const detailOf = ({ full, summary }: PlanOptions): Detail =>
  full ? 'full' : summary ? 'summary' : 'normal';
