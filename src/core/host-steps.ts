import type { HostChange } from './host-config/change.ts';
import { HOST } from './host-config/document.ts';
import type { FileChange } from './host-file.ts';
import { ORDER } from './phases.ts';
import type { AskedSteps } from './plan-graph.ts';
import type { Change, NetworkOutcome } from './plan.ts';
import type { ChangedFile } from './render/changed-files.ts';
import { HOST_DIRECTORY } from './render/render-host.ts';
import type { ArgsOf, CheckedFile, ReloadedService, RootPath, StepDraft, StepId } from './step.ts';
import { textOrder } from './text-order.ts';

/**
 * The steps that bring the host's configuration to what all chutes of an update come to: checked by
 * the real tools first, each file written once, each service told once, after the last of its files.
 * Pure.
 *
 * A file is shared: every chute whose settings it holds asks for the step, and so does the host when it
 * is configured otherwise; merging keeps one with all of them as owners. `config.restore` stands before
 * the writers, so that its undo, which reloads, comes after theirs.
 */
export function hostSteps(
  network: NetworkOutcome,
  changes: readonly Pick<Change, 'chute'>[],
  host: HostChange | null = null,
): readonly AskedSteps[] {
  const changed = network.files;
  const services = [...new Set([...changed.map(({ change }) => change.service), ...network.owed])];
  if (services.length === 0) return host ? [save(host)] : [];
  const chutes = [...(host ? [HOST] : []), ...changes.map(({ chute }) => chute)].toSorted(
    textOrder,
  );
  const ask = (owners: readonly string[], step: StepDraft): readonly AskedSteps[] => {
    const own = new Set(owners);
    const asking = chutes.filter((chute) => chute === HOST || own.has(chute));
    const chute = asking[0] ?? chutes[0];
    if (chute === undefined) return [];
    const several = asking.length > 1 && { owners: asking };
    return [{ chute, ...several, module: 'traffic', steps: [step] }];
  };
  return [
    ...checks(changed).flatMap((step) => ask(chutes, step)),
    ...services.toSorted(textOrder).flatMap((service) => {
      const files = changed.filter(({ change }) => change.service === service);
      const owners = files.flatMap((file) => file.owners);
      // What else it reads its driver knows.
      const paths = files.map(({ change }) => change.path);
      const writers = files.map(({ change }) => writeId(change));
      const told = reload({ service, paths, chutes }, writers);
      return [...ask(owners, restore(service, paths)), ...ask(owners, told)];
    }),
    ...changed.flatMap(({ change, owners }) => ask(owners, write(change))),
    ...(host ? [save(host)] : []),
  ];
}

/** What comes last: the device is configured so, and `applied` says it. */
const save = ({ save: patch }: HostChange): AskedSteps => ({
  chute: HOST,
  module: 'struct',
  steps: [
    {
      id: 'host/host.save',
      phase: ORDER['host.save@1'],
      kind: 'host.save@1',
      args: { patch },
      title: 'record how the host is configured',
    },
  ],
});

function checks(changed: readonly ChangedFile[]): readonly StepDraft[] {
  const files = changed.flatMap(({ change, check: tool }): readonly CheckedFile[] => {
    // hostapd has no way of looking at a file without using it.
    return tool === 'nft' || tool === 'dnsmasq' ? [{ ...change, tool }] : [];
  });
  if (files.length === 0) return [];
  return [
    {
      id: 'host/config.check',
      phase: ORDER['config.check@1'],
      kind: 'config.check@1',
      args: { files },
      title: `have ${[...new Set(files.map(({ tool }) => tool))].join(' and ')} look at the new configuration`,
    },
  ];
}

const restoreId = (service: ReloadedService): string => `host/config.restore:${service}`;

const restore = (service: ReloadedService, paths: readonly RootPath[]): StepDraft => ({
  id: restoreId(service),
  phase: ORDER['config.restore@1'],
  kind: 'config.restore@1',
  args: { service, paths },
  title: `stand by to reload ${service}`,
  undo: `reload ${service} once its files are as before`,
});

const writeId = ({ path }: Pick<FileChange, 'path'>): StepId => `host/config.write:${nameOf(path)}`;

const write = (change: FileChange): StepDraft => ({
  id: writeId(change),
  phase: ORDER['config.write@1'],
  kind: 'config.write@1',
  args: change,
  needs: [restoreId(change.service)],
  title: change.sections === null ? `remove ${change.path}` : `write ${change.path}`,
  undo: 'put back what was there',
});

const reload = (args: ArgsOf<'config.reload@1'>, writers: readonly StepId[]): StepDraft => ({
  id: `host/config.reload:${args.service}`,
  phase: ORDER['config.reload@1'],
  kind: 'config.reload@1',
  args,
  key: `reload:${args.service}`,
  needs: writers,
  title: `reload ${args.service}`,
  undo: 'reload it once its files are as before',
});

/** A path as a part of a step's id. */
const nameOf = (path: RootPath): string =>
  (path.startsWith(`${HOST_DIRECTORY}/`) ? path.slice(HOST_DIRECTORY.length + 1) : path)
    .toLowerCase()
    .replaceAll(/[^a-z0-9./_-]/g, '-');
