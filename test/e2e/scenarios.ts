import { setTimeout as pause } from 'node:timers/promises';

import type { Device } from './device.ts';

/** A record of the journal, as far as scenarios look at it. */
export type Event = Readonly<Record<string, unknown>> & {
  readonly seq: number;
  readonly type: string;
  readonly update?: string;
};

export async function eventsOf(device: Device): Promise<readonly Event[]> {
  return (await device.json(['log', '--events'])) as readonly Event[];
}

/** The scenarios that no test can play yet, whole or in part, and what they wait for. */
export const WAITING: Readonly<Record<number, { readonly what: string; readonly for: string }>> = {
  9: { what: 'somebody flushes the whole firewall during an update', for: 'a real network' },
  10: { what: 'an update cuts the link it came by', for: 'a real network and confirmed changes' },
  11: { what: 'hostapd does not come back after an SSID changed', for: 'a real network, a radio' },
  15: { what: 'a restart of the engine is taken for a reboot', for: 'a step that reboots' },
  21: { what: 'an app holds its update lock for ever', for: 'locks that apps hold' },
  24: { what: 'a report fails after the commit', for: 'somebody to report to' },
};

/** What is left of a scenario beside what its test plays. */
export const WAITING_IN_PART: Readonly<Record<number, string>> = {
  4: 'a foreign container on the network, through a whole update: the fault switch is the blocker here',
  7: 'a real network: that dnsmasq dies at its reload although its test was passed',
  13: 'an engine of containers on a full disk: the image is an archive here',
  17: 'a fleet server: its repetitions are requests with one id here',
  23: 'two versions side by side: the old one is stopped, or put aside, before the new one starts',
};

/** Resolves once something is so; `expect.poll` is not for tests that run side by side. */
export async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await pause(10);
}
