/**
 * `ripcord/testing`: what a driver or a journal of your own has to keep, as suites for any test
 * framework, a step's context for calling a driver on its own, and plans with planners of your own.
 */
export { driverContract } from './driver-contract.ts';
export type { DriverContract, Prefix, Scenario } from './driver-contract.ts';
export { journalContract } from './journal-contract.ts';
export { planFor } from './plan-for.ts';
export type { PlanFor } from './plan-for.ts';
export { testContext } from './test-context.ts';
export type { TestContext } from './test-context.ts';
