import { type Effort, explore, type Explored } from './explore.ts';
import { PLAYS } from './plays.ts';
import {
  forgetRecording,
  play as carryOut,
  type Play,
  type Recording,
  recordingGaps,
  recordPlay,
  systemBefore,
} from './recording.ts';
import { settleSamples } from './settle.ts';
import { imageAfter } from './states.ts';

export type PlayReport = {
  readonly name: string;
  /** Where the recording is kept; null when nothing was wrong and it is gone. */
  readonly kept: string | null;
  readonly explored: Explored;
  readonly settled: number;
  /** Everything that is wrong, in words; nothing else may be taken from an empty list. */
  readonly wrong: readonly string[];
};

/** Records a play and cuts the power at every operation of it. */
export async function report(play: Play, effort: Effort): Promise<PlayReport> {
  const recording = await recordPlay(play);
  const missed = gapsOf(recording).map((gap) => `missed by the recorder: ${gap}`);
  const explored = await explore(recording, effort);
  const samples = explored.violations.length > 0 ? [] : explored.samples;
  const settled = await settleSamples(recording, samples);
  const found = explored.violations.map(
    ({ cut, choice, problems }) =>
      `${problems.join('; ')}\n    npm run power -- ${recording.directory} ${cut} "${choice}"`,
  );
  const wrong = [...missed, ...found, ...settled.wrong];
  if (wrong.length === 0) forgetRecording(recording);
  const kept = wrong.length === 0 ? null : recording.directory;
  return { name: play.name, kept, explored, settled: settled.count, wrong };
}

/** The play of that name. */
export function playNamed(name: string): Play {
  const found = PLAYS.find((play) => play.name === name);
  if (found === undefined) throw new Error(`there is no play '${name}'`);
  return found;
}

/** One line of counts. */
export function summary(reports: readonly PlayReport[]): string {
  const sum = (count: (each: PlayReport) => number): number =>
    reports.reduce((total, each) => total + count(each), 0);
  return [
    `power: ${reports.length} scenarios`,
    `${sum(({ explored }) => explored.cuts)} cuts`,
    `${sum(({ explored }) => explored.tried)} disk states`,
    `${sum(({ explored }) => explored.distinct)} distinct`,
    `${sum(({ settled }) => settled)} settled by the engine`,
    `${sum(({ wrong }) => wrong.length)} violations`,
  ].join(', ');
}

/** The first of what is wrong, and how much more there is. */
export function wrongText({ name, wrong }: PlayReport): string {
  const more = wrong.length > 5 ? [`  … and ${wrong.length - 5} more`] : [];
  return [`${name}:`, ...wrong.slice(0, 5).map((each) => `  ${each}`), ...more].join('\n');
}

function gapsOf(recording: Recording): readonly string[] {
  const system = systemBefore(recording);
  for (const line of recording.trace.lines) carryOut(system, line);
  const everything = new Map(system.pending.map((_, at) => [at, 'whole'] as const));
  return recordingGaps(recording, imageAfter(system, everything));
}
