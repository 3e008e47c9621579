import { RipcordError } from '../../core/errors.ts';
import type { ArgsOf, ProcessInstance, UndoOf } from '../../core/step.ts';
import { servicePatch } from '../applied-patch.ts';
import type { DoPart } from './device.ts';
import type { SimDriverOf } from './file-drivers.ts';
import { started, stopped } from './service-outcome.ts';
import { containerByMark } from './sim-containers.ts';
import { type SimProcess, type SimWorld, specHash } from './sim-world.ts';
import type { SimScene } from './simulated.ts';

type Start = ArgsOf<'process.start@1'>;
type Stop = ArgsOf<'process.stop@1'>;
type Acting = SimScene & { readonly part: DoPart };

export const processStart: SimDriverOf<'process.start@1'> = {
  run(scene, args) {
    return started(scene, args, launchOnce(scene, args));
  },
  probe(scene, args) {
    const found = byMark(scene.world, scene.context.mark);
    const evidence = { pid: found?.pid ?? null };
    if (!found) return { state: 'not-done', evidence };
    return { state: 'done', evidence, done: started(scene, args, instanceOf(scene.world, found)) };
  },
  undo({ world, context, part }) {
    end(world, context.mark, part);
  },
};

/** In two parts: told to end, then ended. */
export const processStop: SimDriverOf<'process.stop@1'> = {
  prepare({ context }, { chute, service }) {
    const known = context.applied.chutes[chute]?.services[service];
    const instance = known?.state === 'running' ? known.instance : null;
    return { instance: instance && 'pid' in instance ? instance : null };
  },
  run(scene, args, undo) {
    if (undo.instance === null) return stopped(scene, args, 'it was not running');
    const found = byMark(scene.world, undo.instance.mark);
    if (found && !found.isEnding)
      scene.part(`tell ${args.chute}/${args.service} to end`, () => {
        found.isEnding = true;
      });
    end(scene.world, undo.instance.mark, scene.part);
    // One that an undo of this very step started: the step is run again.
    end(scene.world, scene.context.mark, scene.part);
    return stopped(scene, args, 'ended');
  },
  probe(scene, args, undo) {
    const { world, context } = scene;
    const again = byMark(world, context.mark);
    if (undo.instance && again) return { state: 'not-done', evidence: { undone: again.pid } };
    const left = undo.instance && byMark(world, undo.instance.mark);
    const evidence = { left: left?.pid ?? null };
    if (!left) return { state: 'done', evidence, done: stopped(scene, args, 'ended') };
    return { state: left.isEnding ? 'partial' : 'not-done', evidence };
  },
  undo(scene, args, undo: UndoOf<'process.stop@1'>) {
    const { instance } = undo;
    if (instance === null) return;
    const found = byMark(scene.world, instance.mark);
    if (found && !found.isEnding) return;
    end(scene.world, instance.mark, scene.part);
    const again = launchOnce(scene, args);
    const value = { state: 'running', spec: args.spec, instance: again } as const;
    return { patch: servicePatch(scene.context.applied, args, value) };
  },
};

export const portCheck: SimDriverOf<'port.check@1'> = {
  effect: false,
  run({ world }, { chute, ports }) {
    const port = ports.find((each) => world.portsTaken[each] !== undefined);
    if (port === undefined) return { result: null };
    throw new RipcordError(
      'RIPCORD_PORT_TAKEN',
      `cannot publish port ${port} of ${chute}: ${world.portsTaken[port]} listens on it`,
    );
  },
};

export const secretCheck: SimDriverOf<'secret.check@1'> = {
  effect: false,
  run({ world }, { secrets }) {
    const missing = secrets.find(({ $secret }) => world.secretsMissing.includes($secret));
    if (!missing) return { result: null };
    throw new RipcordError('RIPCORD_SECRET_MISSING', `cannot read secret ${missing.$secret}`);
  },
};

export const gateCheck: SimDriverOf<'gate.check@1'> = {
  effect: false,
  moreMs: ({ checks }) => Math.max(0, ...checks.map(({ health }) => health.settleMs)),
  run({ world, context }, { checks }) {
    for (const { chute, service } of checks) {
      const mark = context.applied.chutes[chute]?.services[service]?.instance?.mark;
      const isUnwell = world.unwell.includes(`${chute}/${service}`);
      const isLive = mark !== undefined && lives(world, mark);
      if (isLive && !isUnwell) continue;
      const answer = isLive ? 'it does not answer well' : 'it has ended';
      throw new RipcordError(
        'RIPCORD_GATE_FAILED',
        `cannot confirm that service ${service} of ${chute} is well: ${answer}`,
      );
    }
    return { result: { passed: checks.map(({ chute, service }) => ({ chute, service })) } };
  },
};

const lives = (world: SimWorld, mark: string): boolean =>
  byMark(world, mark)?.isEnding === false || containerByMark(world, mark)?.state === 'running';

function byMark({ processes }: SimWorld, mark: string): SimProcess | null {
  return processes.find((each) => each.mark === mark) ?? null;
}

function end(world: SimWorld, mark: string, part: DoPart): void {
  const found = byMark(world, mark);
  if (!found) return;
  part(`end ${found.chute}/${found.service}`, () => {
    world.processes = world.processes.filter((each) => each !== found);
  });
}

/** The one process that carries the step's mark: the living one, else a new one. */
function launchOnce(scene: Acting, { chute, service, spec }: Start | Stop): ProcessInstance {
  const { world, context, part, device } = scene;
  const living = byMark(world, context.mark);
  if (living) return instanceOf(world, living);
  if (world.directories[spec.directory] !== true)
    throw new RipcordError(
      'RIPCORD_PROCESS_FAILED',
      `cannot start ${service} of ${chute}: its directory ${spec.directory} is not there`,
    );
  const known = context.applied.chutes[chute]?.services[service];
  const spared = known?.state === 'running' ? known.instance?.mark : undefined;
  for (const each of world.processes)
    if (each.chute === chute && each.service === service && each.mark !== spared)
      end(world, each.mark, part);

  const pid = world.nextPid;
  const { mark } = context;
  const hash = specHash(spec, device.sha256);
  const process: SimProcess = { pid, chute, service, mark, spec: hash, isEnding: false };
  part(`start ${chute}/${service}`, () => {
    world.nextPid += 1;
    world.processes.push(process);
  });
  return instanceOf(world, process);
}

const instanceOf = ({ boot }: SimWorld, { pid, mark }: SimProcess): ProcessInstance => ({
  pid,
  startTicks: pid,
  boot,
  mark,
});
