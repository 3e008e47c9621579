import type { Definition, Environment } from '../../src/core/chute.ts';
import type { ChuteRequest, Requester, UpdateRequest } from '../../src/core/events.ts';
import type { Step } from '../../src/core/step.ts';
import { sha256 } from './sha256.ts';

const AMELIA: Requester = { user: 'amelia', role: 'owner', via: 'cli' };
export const FAILURE = { code: 'RIPCORD_PROCESS_FAILED', message: 'exited with 1' };

/** A chute of one service, whose digest of files follows from its version. */
export function definitionOf(
  name: string,
  version: number,
  environment: Environment = {},
): Definition {
  return {
    name,
    version,
    environment,
    services: {
      main: {
        type: 'light',
        command: ['node', `v${version}.js`],
        source: { type: 'local', digest: digestOf(version) },
        environment: {},
        interfaces: {},
        ports: { '18080/tcp': { internal: 18080 } },
        volumes: {},
        requests: {},
        dns: [],
        needs: [],
        stop: { signal: 'SIGTERM', graceMs: 1000 },
      },
    },
    firewall: {},
  };
}

export const digestOf = (version: number): string => `sha256:${String(version).padStart(64, '0')}`;

export function applyOf(name: string, version: number, environment?: Environment): ChuteRequest {
  return {
    chute: name,
    operation: 'apply',
    definition: definitionOf(name, version, environment),
    sources: { [digestOf(version)]: { type: 'local', path: `/src/${name}-v${version}` } },
  };
}

/** A request with what a caller seldom says. */
export function requestOf(
  chutes: readonly ChuteRequest[],
  request: Partial<UpdateRequest>,
): UpdateRequest {
  return {
    chutes,
    by: AMELIA,
    requestId: null,
    contentHash: sha256(JSON.stringify(chutes)),
    message: null,
    onInterrupt: 'resume',
    mode: 'refuse',
    strict: false,
    allowDowngrade: false,
    allowQuarantined: false,
    origin: null,
    ...request,
  };
}

/** Place, process, gate, save, and one step behind the commit. */
export function stepsOf(chute: string): readonly [Step, Step, Step, Step, Step] {
  return [
    stepOf(chute, 1, 'directory.create@1', 5),
    { ...stepOf(chute, 2, 'process.start@1', 87), undo: 'stop it' },
    stepOf(chute, 3, 'gate.check@1', 94),
    stepOf(chute, 4, 'chute.save@1', 95),
    { ...stepOf(chute, 5, 'release.drop@1', 99), afterCommit: true },
  ];
}

function stepOf(chute: string, n: number, kind: string, phase: number): Step {
  const id = `${chute}/${kind.slice(0, -2)}`;
  const place = { n, id, chute, module: 'state', phase, level: n };
  return { ...place, kind, args: { n }, title: id, timeoutMs: 1000, retries: 2 };
}
