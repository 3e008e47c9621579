import type { Applied, AppliedChute } from './applied.ts';
import type { ChuteName, Definition } from './chute.ts';
import { compareChute, touches } from './compare-chute.ts';
import type { ErrorCode } from './errors.ts';
import type { ChuteRequest, UpdateRequest } from './events.ts';
import type { Change, Desired, Refusal } from './plan.ts';
import { textOrder } from './text-order.ts';
import { compareVersions } from './version.ts';

/** What of an update's request decides its plan. */
export type PlanRequest = Pick<
  UpdateRequest,
  'chutes' | 'host' | 'by' | 'strict' | 'allowDowngrade'
> &
  Partial<Pick<UpdateRequest, 'origin'>>;

/** A change, and why it must not be made; a change is null when there is nothing to compare. */
export type MadeChange = {
  readonly change: Change | null;
  readonly refusals: readonly Refusal[];
};

/** What a request means for what is applied, with the refusals of its operation. Pure. */
export function makeChange(
  asked: ChuteRequest,
  applied: Applied,
  request: Omit<PlanRequest, 'chutes'>,
): MadeChange {
  const { chute, operation, sources, signature } = asked;
  const before = Object.hasOwn(applied.chutes, chute) ? (applied.chutes[chute] ?? null) : null;
  const desired = desiredOf(asked, before, request);
  if (desired === undefined) return { change: null, refusals: refusalsOf(asked, before) };
  const patch = compareChute(before, desired);
  const purge = asked.purge ?? false;
  const what = { chute, operation, before, desired, patch, sources, purge };
  const change: Change = { ...what, ...(signature && { signature }) };
  const refusals = [...refusalsOf(asked, before), ...versionRefusals(change, request)];
  return { change, refusals };
}

/** Undefined when the request names nothing that could be made. */
function desiredOf(
  { operation, definition }: ChuteRequest,
  before: AppliedChute | null,
  { by }: Pick<PlanRequest, 'by'>,
): Desired | undefined {
  const installed = before?.definition ?? null;
  switch (operation) {
    case 'apply':
    case 'create':
    case 'update':
      return definition
        ? { definition: owned(definition, installed, by), run: 'running' }
        : undefined;
    case 'start':
    case 'restart':
      return installed ? { definition: merged(installed, definition), run: 'running' } : undefined;
    case 'stop':
      return installed ? { definition: installed, run: 'stopped' } : undefined;
    case 'delete':
      return before ? null : undefined;
  }
}

/**
 * Whose it is stays as it is when a definition does not say. A new chute is its installer's, except
 * that of the device's own owner: who is signed in there is no part of what a chute is.
 */
function owned(
  definition: Definition,
  installed: Definition | null,
  by: PlanRequest['by'],
): Definition {
  if (definition.owner !== undefined) return definition;
  const owner = installed ? installed.owner : by.role === 'owner' ? undefined : by.user;
  return owner === undefined ? definition : { ...definition, owner };
}

/** A start may carry another environment, web port or description; the rest is as installed. */
function merged(installed: Definition, given: Definition | null): Definition {
  if (!given) return installed;
  const { environment, web, description } = given;
  return {
    ...installed,
    ...(Object.keys(environment).length > 0 && { environment }),
    ...(web && { web: { ...web, service: webService(installed, web.service) } }),
    ...(description !== undefined && { description }),
  };
}

/** Who says no service means `main`: where there is none, the one that answers now, else the first. */
function webService({ services, web }: Definition, given: string): string {
  if (Object.hasOwn(services, given)) return given;
  return web?.service ?? Object.keys(services).toSorted(textOrder)[0] ?? given;
}

function refusalsOf(asked: ChuteRequest, before: AppliedChute | null): readonly Refusal[] {
  const { chute, operation, definition } = asked;
  switch (operation) {
    case 'delete':
    case 'start':
    case 'stop':
    case 'restart':
      return wordRefusals(asked, operation, before);
    case 'create':
      if (!before?.definition) break;
      return [
        refuse(chute, 'RIPCORD_OPERATION_REFUSED', `cannot create ${chute}: it exists`, {
          hint: `ripcord apply changes a chute that exists`,
        }),
      ];
    case 'apply':
    case 'update':
      break;
  }
  if (definition) return [];
  return [
    refuse(chute, 'RIPCORD_DEFINITION_MISSING', `cannot ${operation} ${chute}: no definition`, {
      hint: 'name the file that defines it',
    }),
  ];
}

function wordRefusals(
  { chute, definition }: ChuteRequest,
  operation: 'delete' | 'start' | 'stop' | 'restart',
  before: AppliedChute | null,
): readonly Refusal[] {
  if (!before || (operation !== 'delete' && !before.definition))
    return [
      refuse(chute, 'RIPCORD_CHUTE_UNKNOWN', `cannot ${operation} ${chute}: no such chute`, {
        hint: 'ripcord status lists the chutes of this device',
      }),
    ];
  const services = Object.values(before.services);
  const runs = before.run === 'running' && services.every(({ state }) => state === 'running');
  if (operation === 'start' && runs)
    return [
      refuse(chute, 'RIPCORD_OPERATION_REFUSED', `cannot start ${chute}: it is running`, {
        hint: `ripcord restart ${chute} stops and starts it`,
      }),
    ];
  if (operation === 'stop' && before.run === 'stopped')
    return [
      refuse(chute, 'RIPCORD_OPERATION_REFUSED', `cannot stop ${chute}: it is stopped`, {
        hint: `ripcord start ${chute} starts it again`,
      }),
    ];
  const service = definition?.web?.service ?? 'main';
  if (service === 'main' || before.definition?.services[service] !== undefined) return [];
  return [
    refuse(
      chute,
      'RIPCORD_DEFINITION_INVALID',
      `cannot ${operation} ${chute}: it has no service ${service} to answer`,
      { path: '/web/service', hint: `services are ${Object.keys(before.services).join(', ')}` },
    ),
  ];
}

function versionRefusals(
  change: Change,
  { strict, allowDowngrade }: Omit<PlanRequest, 'chutes'>,
): readonly Refusal[] {
  const { chute, operation, before, desired } = change;
  const installed = before?.definition;
  if ((operation !== 'apply' && operation !== 'update') || !installed || !desired) return [];
  const offered = desired.definition;
  const update = operation === 'update';
  // An explicit update counts a missing version as 0; for apply, content decides then.
  const has = installed.version ?? (update ? 0 : undefined);
  const gets = offered.version ?? (update ? 0 : undefined);
  const order = compareVersions(gets, has);
  const path = '/version';
  if (order < 0 && !allowDowngrade)
    return [
      refuse(
        chute,
        'RIPCORD_VERSION_LOWER',
        offered.version === undefined
          ? `cannot ${operation} ${chute} to what has no version: version ${has} is installed`
          : `cannot ${operation} ${chute} to version ${gets}: version ${has} is installed`,
        { path, hint: 'go back with ripcord rollback, or add --allow-downgrade' },
      ),
    ];
  if (order !== 0 || has === undefined || gets === undefined) return [];
  if (update)
    return [
      refuse(
        chute,
        'RIPCORD_OPERATION_REFUSED',
        offered.version === undefined
          ? `cannot update ${chute}: neither this nor what is installed has a version`
          : `cannot update ${chute}: version ${has} is installed already`,
        { path, hint: 'raise the version, or use ripcord apply' },
      ),
    ];
  if (!strict || !touches(change, '/definition')) return [];
  return [
    refuse(
      chute,
      'RIPCORD_OPERATION_REFUSED',
      `cannot apply ${chute}: version ${has} is installed with other content`,
      { path, hint: 'raise the version, or leave out --strict' },
    ),
  ];
}

function refuse(
  chute: ChuteName,
  code: ErrorCode,
  message: string,
  { path = '', hint }: { readonly path?: string; readonly hint: string },
): Refusal {
  return { chute, module: 'state', code, message, path, hint };
}
