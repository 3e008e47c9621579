/** `ripcord`: the update engine as a library. */
export type { Driver, Done, Drivers, Probe, StepContext } from './core/driver.ts';
export { RipcordError } from './core/errors.ts';
export type { ErrorClass, ErrorCode, Failure } from './core/errors.ts';
export type { ChuteEvent, ChuteRequest, EventOf, EventType, UpdateId } from './core/events.ts';
export type { Answer, Change, PlanContext, Planner, Refusal } from './core/plan.ts';
export type { State, UpdateState } from './core/state.ts';
export type { CustomStepDraft, Step, StepDraft } from './core/step.ts';
export type { Outcome } from './engine/outcome.ts';
export { defineDriver, definePlanner } from './library/define.ts';
export { Ripcord } from './library/ripcord.ts';
export type { ApplyOptions } from './library/asked.ts';
export type { RipcordOptions, Update } from './library/ripcord.ts';
