import { createReport, dotted } from '../definition/complaint.ts';
import type { HostRequest } from '../events.ts';
import type { HostFacts } from '../facts.ts';
import { canonical, type JsonObject } from '../json.ts';
import type { HostConfig } from '../network.ts';
import { compare, type Operation, type Patch } from '../patch.ts';
import type { Refusal, Warning } from '../plan.ts';
import type { Requester } from '../requester.ts';
import { DEFAULT_DOCUMENT, documentOf, type HostDocument, storedOf } from './document.ts';
import { notHere } from './not-here.ts';
import { patchDocument } from './patch-document.ts';
import { readDocument } from './read-document.ts';
import { resolveHost } from './resolve-host.ts';
import { refuse, warning } from './told.ts';
import { unused } from './unread.ts';

/** The device's way from how it is configured to how it shall be. */
export type HostChange = {
  readonly operation: HostRequest['operation'];
  /** Below `/host/config`, with every default said. Empty: it is as asked for. */
  readonly patch: Patch;
  /** The same for what is applied, where nothing is stored when all is by default. */
  readonly save: Patch;
  readonly before: HostConfig;
  readonly after: HostConfig;
};

export type MadeHostChange = {
  /** Null when nothing can be compared. */
  readonly change: HostChange | null;
  /** All that is asked for, defaults included; null when nothing of it can be made. */
  readonly document: HostDocument | null;
  readonly refusals: readonly Refusal[];
  readonly warnings: readonly Warning[];
};

export type HostScene = {
  readonly stored: HostDocument | undefined;
  readonly facts: Pick<HostFacts, 'host' | 'network'>;
  readonly by: Requester;
  readonly strict: boolean;
};

/** What a request to the device itself means for how it is configured. Pure. */
export function makeHostChange(request: HostRequest, scene: HostScene): MadeHostChange {
  const { stored, facts, by, strict } = scene;
  const { operation } = request;
  if (by.role !== 'admin' && by.role !== 'owner') return refusing(denied(operation, by));
  if (operation === 'reboot' || operation === 'shutdown') return refusing(inactive(operation));
  const before = documentOf(stored);
  const asked = askedFor(request, before, strict);
  if ('refusals' in asked) return { change: null, document: null, ...asked };
  const was = resolveHost(before, facts.network);
  const shall = resolveHost(asked.document, facts.network);
  const change: HostChange = {
    operation,
    patch: below(differenceOf(before, asked.document)),
    save: savePatch(stored, storedOf(asked.document)),
    before: was.config,
    after: shall.config,
  };
  const missing = notHere(shall, asked.document, facts.network);
  return {
    change,
    document: asked.document,
    refusals: missing.refusals,
    warnings: [...asked.warnings, ...missing.warnings, ...unused(before, asked.document, facts)],
  };
}

/** The document that is asked for, complete. */
function askedFor(
  request: HostRequest,
  before: HostDocument,
  strict: boolean,
):
  | { readonly document: HostDocument; readonly warnings: readonly Warning[] }
  | Pick<MadeHostChange, 'refusals' | 'warnings'> {
  const written = writtenBy(request, before);
  if ('refused' in written) return { refusals: [written.refused], warnings: [] };
  // Whatever a patch leaves, and whoever sends a request, has to be a host configuration.
  const report = createReport('', () => null);
  // What is stored has known fields only: one that a patch names for itself is a slip of the pen.
  const isStrict = strict || request.operation === 'patch';
  const document = readDocument(written.document, '', { report, keep: null, strict: isStrict });
  const warnings = report.warnings.map(({ path, message, hint }) =>
    warning(path, `${dotted(path)} of the host configuration ${message}`, hint ?? ''),
  );
  if (document !== null) return { document, warnings };
  const refusals = report.complaints.map(({ path, message, hint }) =>
    refuse('RIPCORD_HOST_INVALID', {
      path,
      message: `cannot configure the host: ${dotted(path)} ${message}`,
      hint: hint ?? 'see docs/reference/host.md',
    }),
  );
  return { refusals, warnings };
}

function writtenBy(
  { operation, config, patch }: HostRequest,
  before: HostDocument,
): { readonly document: JsonObject } | { readonly refused: Refusal } {
  switch (operation) {
    case 'reset':
      return { document: DEFAULT_DOCUMENT };
    case 'patch': {
      const patched = patchDocument(before, patch);
      if ('document' in patched) return patched;
      const message = `cannot patch the host configuration: ${patched.reason}`;
      const hint = 'ripcord at HEAD @host shows what the paths go into';
      return { refused: refuse('RIPCORD_HOST_INVALID', { path: patched.path, message, hint }) };
    }
    default:
      // Asked to begin without being told as what: as it is.
      return { document: config ?? before };
  }
}

function savePatch(stored: HostDocument | undefined, shall: HostDocument | undefined): Patch {
  if (stored && shall) return below(differenceOf(stored, shall));
  if (shall) return [{ op: 'add', path: PLACE, value: shall }];
  return stored ? [{ op: 'remove', path: PLACE }] : [];
}

/** In one order for equal input: that of keys means nothing. */
const differenceOf = (before: HostDocument, after: HostDocument): Patch =>
  compare(sorted(before), sorted(after));

const sorted = (document: HostDocument): HostDocument =>
  JSON.parse(canonical(document)) as HostDocument;

const PLACE = '/host/config';

const below = (patch: Patch): Patch =>
  patch.map((operation): Operation => ({ ...operation, path: PLACE + operation.path }));

function denied(operation: string, { user, role }: Requester): Refusal {
  return {
    ...refuse('RIPCORD_ACCESS_DENIED', {
      path: '',
      message: `cannot ${WORDS[operation] ?? operation}: ${user} (${role}) is not an admin of it`,
      hint: 'ask an admin of this device',
    }),
    module: 'name',
  };
}

const WORDS: Readonly<Record<string, string>> = {
  reset: 'reset the device',
  reboot: 'reboot the device',
  shutdown: 'shut the device down',
  apply: 'configure the device',
  set: 'configure the device',
  patch: 'configure the device',
  init: 'configure the device',
};

function inactive(operation: 'reboot' | 'shutdown'): Refusal {
  return refuse('RIPCORD_OPERATION_REFUSED', {
    path: '',
    message: `cannot ${WORDS[operation]}: host render writes configuration and activates nothing`,
    hint: 'use the tools of the system',
  });
}

const refusing = (refusal: Refusal): MadeHostChange => ({
  change: null,
  document: null,
  refusals: [refusal],
  warnings: [],
});
