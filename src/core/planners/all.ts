import type { Planner } from '../plan.ts';
import { files } from './files.ts';
import { name } from './name.ts';
import { resource } from './resource.ts';
import { runtime } from './runtime.ts';
import { state } from './state.ts';
import { struct } from './struct.ts';
import { traffic } from './traffic.ts';

/** The built-in planning modules, in ParaDrop's order: access rights first, running things last. */
export const PLANNERS: readonly Planner[] = [
  name,
  files,
  struct,
  resource,
  traffic,
  runtime,
  state,
];
