/** Cuts the power at every operation of a recording, and judges every disk that may be left. */
import type { FileSystem } from './file-system.ts';
import { hashOf, imageHash, type Image } from './image.ts';
import { Judge, type Verdict } from './judge.ts';
import { play, type Recording, systemBefore } from './recording.ts';
import { choiceNamed, choicesOf, choiceText, imageAfter, type Width } from './states.ts';
import type { Line } from './trace.ts';

export type Violation = {
  /** The number of the line in the trace before which the power went. */
  readonly cut: number;
  readonly choice: string;
  readonly problems: readonly string[];
  /** What had not been synced. */
  readonly pending: readonly string[];
};

export type Explored = {
  readonly cuts: number;
  readonly tried: number;
  readonly distinct: number;
  readonly violations: readonly Violation[];
  /** Distinct disks that are sound, one of so many, for a look with the whole engine. */
  readonly samples: readonly Sample[];
};

export type Sample = { readonly cut: number; readonly choice: string; readonly image: Image };

export type Effort = Width & {
  readonly seed: number;
  /** At most so many distinct disks are judged at one cut, spread over its choices. */
  readonly atCut: number;
  readonly samples: number;
  /** So many commands are looked at elsewhere: the power goes behind them. Default 0. */
  readonly skippedCommands?: number;
  /** Enough to know that something is wrong. Default: all are looked for. */
  readonly violationsMax?: number;
};

type Cut = { readonly at: number; readonly told: number; readonly system: FileSystem };

/** The moments of a recording between which the disk can be left in other ways. */
function* cutsOf({ trace }: Recording, system: FileSystem, skipped = 0): Generator<Cut> {
  let told = 0;
  let commands = 0;
  for (const [at, line] of trace.lines.entries()) {
    if (line.k === 'told') told = Math.max(told, lastTold(line.text));
    if (line.k === 'run') commands += 1;
    if (changes(line) && commands > skipped) yield { at, told, system };
    play(system, line);
  }
  yield { at: trace.lines.length, told, system };
}

/** Judges the disks of a recording. */
export async function explore(recording: Recording, effort: Effort): Promise<Explored> {
  const judge = new Judge(recording, wholeFiles(recording));
  const verdicts = new Map<string, Verdict>();
  const violations: Violation[] = [];
  const samples: Sample[] = [];
  let cuts = 0;
  let tried = 0;
  for (const { at, told, system } of cutsOf(
    recording,
    systemBefore(recording),
    effort.skippedCommands,
  )) {
    if (violations.length >= (effort.violationsMax ?? Infinity)) break;
    cuts += 1;
    const choices = spread([...choicesOf(system.pending, effort, effort.seed + at)], effort.atCut);
    for (const choice of choices) {
      tried += 1;
      const image = imageAfter(system, choice);
      const hash = imageHash(image);
      const known = verdicts.get(hash);
      const verdict = known ?? (await judge.judge(image));
      verdicts.set(hash, verdict);
      const problems = problemsOf(verdict, Math.max(told, judge.headBefore));
      const found = { cut: at, choice: choiceText(choice) };
      if (problems.length > 0)
        violations.push({ ...found, problems, pending: system.pending.map(({ text }) => text) });
      else if (known === undefined) samples.push({ ...found, image });
    }
  }
  const distinct = verdicts.size;
  return { cuts, tried, distinct, violations, samples: spread(samples, effort.samples) };
}

/** Judges one disk of a recording again. */
export async function lookAgain(
  recording: Recording,
  wanted: { readonly cut: number; readonly choice: string },
): Promise<Violation> {
  for (const { at, told, system } of cutsOf(recording, systemBefore(recording))) {
    if (at !== wanted.cut) continue;
    const judge = new Judge(recording, wholeFiles(recording));
    const verdict = await judge.judge(imageAfter(system, choiceNamed(wanted.choice)));
    const pending = system.pending.map(({ text }) => text);
    return { ...wanted, problems: problemsOf(verdict, Math.max(told, judge.headBefore)), pending };
  }
  throw new Error(`the recording has no cut ${wanted.cut}`);
}

function problemsOf({ head, problems }: Verdict, told: number): readonly string[] {
  if (head >= told) return problems;
  return [...problems, `record ${told} was told of, and the log ends with ${head}`];
}

/** Whether more or less may be on disk behind a line than before it. */
function changes(line: Line): boolean {
  return line.k === 'begin' || line.k === 'done' || line.k === 'end';
}

/** The last record that a line of output speaks of: whoever reads it counts on it. */
function lastTold(text: string): number {
  const seqs = text.split('\n').map((each) => /^\{"seq":(\d+),/.exec(each)?.[1] ?? '0');
  return Math.max(...seqs.map(Number));
}

/** Everything that was ever put in place by one rename, by its path: there it is whole or absent. */
function wholeFiles(recording: Recording): ReadonlyMap<string, ReadonlySet<string>> {
  const whole = new Map<string, Set<string>>();
  const system = systemBefore(recording);
  const add = (path: string, bytes: Buffer): void => {
    whole.set(path, (whole.get(path) ?? new Set()).add(hashOf(bytes)));
  };
  for (const line of recording.trace.lines) {
    play(system, line);
    if (!('op' in line) || line.op.op !== 'rename' || !PUT.test(line.op.to)) continue;
    const file = system.fileAt(line.op.to);
    if (file !== null) add(line.op.to, file.now);
  }
  for (const [path, entry] of recording.before)
    if (entry.kind === 'file' && whole.has(path)) add(path, entry.bytes);
  return whole;
}

/** What is put in place that way, and never changed where it is. Who holds a root is information only. */
const PUT = /^root\/(host|secrets|snapshots|blobs|ripcord\.json|repair\.json|quarantine)/;

function spread<T>(all: readonly T[], count: number): readonly T[] {
  if (all.length <= count) return all;
  return Array.from({ length: count }, (_, n) => all[Math.floor((n * all.length) / count)] as T);
}
