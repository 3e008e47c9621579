import { NO_HASH } from '../../../journal/record.ts';
import type { StatusView } from '../../../replay/status-view.ts';
import { isContainerInstance, type ServiceInstance } from '../../core/container.ts';
import { HOST } from '../../core/host-config/document.ts';
import { runtimeOf, withPorts } from '../../core/planners/dynamic-ports.ts';
import { NEW_STATE } from '../../core/state.ts';
import { type CommandModule, textOf } from '../command.ts';
import type { Context } from '../context.ts';
import { EXIT, usageError } from '../exit-code.ts';
import { print } from '../output.ts';
import { lookBack } from '../reader.ts';
import { viewOf } from '../status-view.ts';
import { table } from '../terminal.ts';
import { webUrl } from '../web-url.ts';

/** `ripcord status [CHUTE]`. */
export const status: CommandModule = {
  configure(command) {
    command
      .argument('[chute]', 'only this one; @host is the device itself')
      .option('--wide', 'also services, processes and hashes');
  },
  async run(context, { args: [name], options }) {
    const replay = await lookBack(context);
    const { state, head } = replay ?? { state: NEW_STATE, head: { seq: 0, hash: NO_HASH } };
    const whole = await viewOf(state, head, context.root);
    const chute = textOf(name);
    if (chute === HOST) {
      const view = { ...whole, chutes: {} };
      await print(context, view, () => hostText(context, view));
      return EXIT.ok;
    }
    const view = only(whole, chute);
    const wide = options['wide'] === true;
    await print(context, view, () =>
      replay === null ? nothingThere(context) : statusText(context, view, wide),
    );
    return EXIT.ok;
  },
};

function only(view: StatusView, chute: string | null): StatusView {
  if (chute === null) return view;
  const found = Object.hasOwn(view.chutes, chute) ? view.chutes[chute] : undefined;
  if (found) return { ...view, chutes: { [chute]: found } };
  throw usageError(`cannot show ${chute}: no such chute`, 'ripcord status');
}

/** How the device itself is configured. */
function hostText({ terminal, rootFlag }: Context, { host }: StatusView): string {
  const { bold } = terminal;
  if (host.revision === 0)
    return `${bold(HOST)}  r0  by default: nobody has asked for anything else\nripcord apply host.yaml${rootFlag}\n`;
  const { revision, last, isDefault } = host;
  const how = isDefault ? 'by default' : 'configured';
  const by = last ? `, ${last.outcome} by ${last.update}` : '';
  return `${bold(HOST)}  r${revision}  ${how}${by}\nripcord at HEAD ${HOST}${rootFlag}\n`;
}

function nothingThere({ root, rootFlag }: Context): string {
  return `Nothing here yet: ${root} is no ripcord root.\nripcord apply FILE${rootFlag}\n`;
}

function statusText(context: Context, view: StatusView, wide: boolean): string {
  const { terminal, rootFlag } = context;
  const { symbols, dim, bold, green, red, yellow } = terminal;
  const lines = [dim(`${context.root}  journal @${view.head.seq}\n`)];
  for (const { id, phase, step } of view.updates)
    lines.push(`${yellow(symbols.running)} ${id} ${phase}${step === null ? '' : ` at ${step}`}\n`);
  for (const { ref, step, reason } of view.stuck)
    lines.push(`${red(symbols.failed)} ${ref} ${step} is stuck: ${reason.message}\n`);
  for (const { key, update, owners = [] } of view.reloadsOwed) {
    const whose = owners.length > 0 ? ` for ${owners.join(', ')}` : '';
    lines.push(`${yellow('!')} ${key}${whose} is owed since ${update}: what runs is older\n`);
  }
  const paint = { running: green, stuck: red, exited: red } as const;
  const rows = Object.entries(view.chutes).map(([name, chute]) => {
    const color = paint[chute.state as keyof typeof paint] ?? ((text: string) => text);
    const version = chute.version === null ? '' : `version ${chute.version}`;
    const { applied } = chute;
    const url =
      chute.state === 'running' && applied?.definition
        ? webUrl(withPorts(applied.definition, runtimeOf(applied), applied.dynamicPorts))
        : null;
    const drift = chute.drift.map(({ message }) => yellow(message)).join('; ');
    return [bold(name), `r${chute.revision}`, version, color(chute.state), url ?? '', drift];
  });
  const { host } = view;
  if (host.revision > 0)
    rows.push([bold(HOST), `r${host.revision}`, '', host.isDefault ? 'by default' : 'configured']);
  lines.push(Object.keys(view.chutes).length === 0 ? 'No chutes.\n' : '', table(rows));
  if (wide) lines.push(wideText(view));
  const stuck = view.stuck.find(({ state }) => state === 'failed');
  if (stuck) lines.push(`ripcord resolve ${stuck.ref} --as retry -m "tried again"${rootFlag}\n`);
  const drifted = Object.entries(view.chutes).find(([, { drift }]) => drift.length > 0);
  if (drifted) lines.push(`ripcord restart ${drifted[0]}${rootFlag}\n`);
  return lines.join('');
}

const inWords = (instance: ServiceInstance): string =>
  isContainerInstance(instance)
    ? `container ${instance.container.slice(0, 12)}`
    : `pid ${instance.pid}`;

function wideText({ chutes, stateHash, head }: StatusView): string {
  const rows = Object.entries(chutes).flatMap(([name, { applied, observed }]) =>
    Object.entries(applied?.services ?? {}).map(([service, { state }]) => {
      const seen = observed?.services[service];
      const who = seen?.instance ? inWords(seen.instance) : '';
      return [`${name}/${service}`, `applied ${state}`, `found ${seen?.state ?? 'unknown'}`, who];
    }),
  );
  return `${table(rows)}state ${stateHash}\nhead  ${head.hash}\n`;
}
