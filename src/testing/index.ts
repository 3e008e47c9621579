/**
 * `ripcord/testing`: what a driver or a journal of your own has to keep, as suites for any test
 * framework, and a step's context for calling a driver on its own.
 */
export { driverContract } from './driver-contract.ts';
export type { DriverContract, Prefix, Scenario } from './driver-contract.ts';
export { journalContract } from './journal-contract.ts';
export { testContext } from './test-context.ts';
export type { TestContext } from './test-context.ts';
