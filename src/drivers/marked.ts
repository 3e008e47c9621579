import type { ProcessInstance } from '../core/step.ts';
import { lifeOf, markIn } from './life.ts';
import { instanceOf, isAlive, liveProcesses, readEnvironment, type ProcessStat } from './proc.ts';
import { readWitnesses } from './witness.ts';

/** A live process of one of our services. */
export type MarkedProcess = ProcessStat & {
  readonly mark: string;
  readonly chute: string | null;
  readonly service: string | null;
};

/**
 * Every live process that carries a mark of this root, in its environment or because it was written
 * down, oldest first; one of an earlier life of the root has a mark that is nobody's now. A process of another user cannot be read and is nobody we started.
 */
export function markedProcesses(root: string): readonly MarkedProcess[] {
  const witnesses = new Map(readWitnesses(root).map((each) => [each.instance.pid, each]));
  const life = lifeOf(root);
  return liveProcesses()
    .flatMap((stat): readonly MarkedProcess[] => {
      const environment = readEnvironment(stat.pid);
      const written = environment.get('RIPCORD_STEP');
      if (written !== undefined && environment.get('RIPCORD_ROOT') === root) {
        const made = { mark: written, life: environment.get('RIPCORD_LIFE') ?? null };
        const mark = markIn(life, made);
        const chute = environment.get('RIPCORD_CHUTE') ?? null;
        return [{ ...stat, mark, chute, service: environment.get('RIPCORD_SERVICE') ?? null }];
      }
      const witness = witnesses.get(stat.session);
      if (witness === undefined) return [];
      const { chute, service, instance } = witness;
      return [{ ...stat, mark: instance.mark, chute, service }];
    })
    .toSorted((a, b) => a.startTicks - b.startTicks || a.pid - b.pid);
}

/**
 * The process that a service is: the leader of its session, with its mark. A service may itself start
 * others in sessions of their own; it is older than they are.
 */
export function findLeader(root: string, mark: string): ProcessInstance | null {
  const oldest = markedProcesses(root).find(
    (process) => process.mark === mark && process.pid === process.session,
  );
  return oldest === undefined ? null : instanceOf(oldest, mark);
}

/** The same service's process, whether it is the recorded one or was started again since. */
export function findService(root: string, instance: ProcessInstance): ProcessInstance | null {
  return isAlive(instance) ? instance : findLeader(root, instance.mark);
}
