/** `ripcord/replay`: looking back at a journal. Reads only, never touches the device. */
export { Chronicle } from './chronicle.ts';
export type { BootSpan } from './chronicle.ts';
export { desiredOf } from './desired.ts';
export { diff, differencesOf } from './diff.ts';
export type { Diff, Difference } from './diff.ts';
export { diffLines, statLine, valueText, withoutSecrets } from './diff-text.ts';
export { openReplay } from './reader.ts';
export { parseRef, splitRange } from './ref.ts';
export type { Ref } from './ref.ts';
export { Replay } from './replay.ts';
export type { ReplayedJournal } from './replay.ts';
export { bootSpan, resolveRange, resolveRef, updateNamed } from './resolve-ref.ts';
export type { Now, ResolvedRef } from './resolve-ref.ts';
export { rollbackChute, rollbackUpdate } from './rollback-target.ts';
export type { RollbackTarget } from './rollback-target.ts';
export { currentStep, statusView } from './status-view.ts';
export type {
  ChuteState,
  ChuteStatus,
  Observation,
  ServiceDrift,
  StatusView,
} from './status-view.ts';
export { stepDetail } from './step-detail.ts';
export type { StepDetail } from './step-detail.ts';
export type { Attempt, StepState, StepStory, Undoing } from './step-story.ts';
export { storyOf } from './story.ts';
export type { GateStory, UpdateStory } from './story.ts';
export { stateAt, walkBack, walkForward } from './timeline.ts';
export type { AppliedAt } from './timeline.ts';
export { listUpdates } from './update-list.ts';
export type { UpdateFilter } from './update-list.ts';
export type { UpdateSummary, Version } from './update-summary.ts';
export { partAt, readableView, stateView, viewOfPlanned, viewOfState } from './view.ts';
export type { DeviceView, StateView } from './view.ts';
export { whyList } from './why-answer.ts';
export type { Why, WhyEntry, WhySubject } from './why-answer.ts';
export { why } from './why.ts';
