import type { CommandModule } from './command.ts';

/** The groups of the command list, in the order in which help shows them. */
export type Group = 'Change' | 'Now' | 'Look back' | 'Recover' | 'Setup';

export type Word = {
  readonly group: Group;
  readonly summary: string;
  /** Loads the command itself: `status` must not pay for what `apply` needs. */
  readonly load: () => Promise<CommandModule>;
};

/** Every command word, in the order in which help lists them. */
export const WORDS: Readonly<Record<string, Word>> = {
  plan: {
    group: 'Change',
    summary: 'show what apply would do; changes nothing',
    load: async () => (await import('./commands/plan.ts')).plan,
  },
  apply: {
    group: 'Change',
    summary: 'bring chutes to what their definitions say',
    load: async () => (await import('./commands/apply.ts')).apply,
  },
  rollback: {
    group: 'Change',
    summary: 'go back to an earlier state, as a new update',
    load: async () => (await import('./commands/rollback.ts')).rollback,
  },
  rm: {
    group: 'Change',
    summary: 'remove chutes',
    load: async () => (await import('./commands/rm.ts')).rm,
  },
  start: {
    group: 'Change',
    summary: 'start stopped chutes',
    load: async () => (await import('./commands/start.ts')).start,
  },
  stop: {
    group: 'Change',
    summary: 'stop chutes; their data stays',
    load: async () => (await import('./commands/stop.ts')).stop,
  },
  restart: {
    group: 'Change',
    summary: 'stop and start chutes',
    load: async () => (await import('./commands/restart.ts')).restart,
  },
  retry: {
    group: 'Change',
    summary: 'ask again for what an update asked for',
    load: async () => (await import('./commands/retry.ts')).retry,
  },
  cancel: {
    group: 'Change',
    summary: 'turn an update around; what it did is undone',
    load: async () => (await import('./commands/cancel.ts')).cancel,
  },
  status: {
    group: 'Now',
    summary: 'show what runs and what is on its way',
    load: async () => (await import('./commands/status.ts')).status,
  },
  watch: {
    group: 'Now',
    summary: 'follow an update to its end',
    load: async () => (await import('./commands/watch.ts')).watch,
  },
  logs: {
    group: 'Now',
    summary: 'print what a chute printed',
    load: async () => (await import('./commands/logs.ts')).logs,
  },
  doctor: {
    group: 'Now',
    summary: 'tell what this host can and cannot do',
    load: async () => (await import('./commands/doctor.ts')).doctor,
  },
  log: {
    group: 'Look back',
    summary: 'list updates, or events',
    load: async () => (await import('./commands/log.ts')).log,
  },
  show: {
    group: 'Look back',
    summary: 'tell the story of an update, a step or an event',
    load: async () => (await import('./commands/show.ts')).show,
  },
  at: {
    group: 'Look back',
    summary: 'print the state at a point in time',
    load: async () => (await import('./commands/at.ts')).at,
  },
  diff: {
    group: 'Look back',
    summary: 'compare the states at two points in time',
    load: async () => (await import('./commands/diff.ts')).diff,
  },
  why: {
    group: 'Look back',
    summary: 'tell why something is as it is',
    load: async () => (await import('./commands/why.ts')).why,
  },
  resolve: {
    group: 'Recover',
    summary: 'settle an undo that failed',
    load: async () => (await import('./commands/resolve.ts')).resolve,
  },
  verify: {
    group: 'Recover',
    summary: 'check the journal, bit for bit',
    load: async () => (await import('./commands/verify.ts')).verify,
  },
  journal: {
    group: 'Recover',
    summary: 'print, follow, check or repair the journal',
    load: async () => (await import('./commands/journal.ts')).journal,
  },
  init: {
    group: 'Setup',
    summary: 'write a commented definition',
    load: async () => (await import('./commands/init.ts')).init,
  },
  validate: {
    group: 'Setup',
    summary: 'check definitions; touches nothing else',
    load: async () => (await import('./commands/validate.ts')).validate,
  },
  schema: {
    group: 'Setup',
    summary: 'print the JSON Schema of a definition',
    load: async () => (await import('./commands/schema.ts')).schema,
  },
  completion: {
    group: 'Setup',
    summary: 'print a completion script for bash, zsh or fish',
    load: async () => (await import('./commands/completion.ts')).completion,
  },
  version: {
    group: 'Setup',
    summary: 'print the version',
    load: async () => (await import('./commands/version.ts')).version,
  },
};

/** Words of the contract that this version does not have yet: it says so instead of guessing. */
export const LATER: readonly string[] = [
  'bisect',
  'compact',
  'config',
  'daemon',
  'drift',
  'export',
  'fleet',
  'hold',
  'open',
  'replay',
  'resume',
  'ui',
];

/** Options of the contract that this version does not have yet, by their command. */
export const LATER_OPTIONS: Readonly<Record<string, readonly string[]>> = {
  plan: ['--out', '--base', '--explain'],
  apply: ['--wait-healthy', '--on-failure', '--watch', '--standalone', '--cancel-on-interrupt'],
  retry: ['--force-at-step'],
  cancel: ['--force-at-step'],
  status: ['--watch'],
  doctor: ['--fix'],
  logs: ['--since'],
};

/** What completion asks behind the scenes; not in the list. */
export const COMPLETE = '__complete';
