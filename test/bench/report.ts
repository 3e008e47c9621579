import { readFileSync, writeFileSync } from 'node:fs';

import type { Details, Figures } from './figures.ts';

type Taken = { readonly figures: Figures; readonly details: Details };

/** The figures as a page of Markdown. Pure. */
export function reportOf(
  { figures, details }: Taken,
  about: { readonly machine: string; readonly load: string; readonly rounds: number },
): string {
  const { oneLane } = figures;
  const { stepUs, foldFlushUs: flush, planUs: plans } = details;
  const floorPerSecond = Math.round(1e6 / stepUs.floor);
  return [
    `Machine: ${about.machine}. Load: ${about.load}. Medians of ${about.rounds} alternating rounds.`,
    '',
    '| arm, 1,000 steps | µs a step | against | ratio | wanted |',
    '|---|---|---|---|---|',
    `| floor: encode, write, fdatasync | ${us(stepUs.floor)} | | | |`,
    `| bare floor: write, fdatasync | ${us(stepUs.bare)} | | | |`,
    `| level: encode, one synced batch | ${us(stepUs.level)} | | | |`,
    `| one lane | ${us(stepUs.one)} | floor | ${times(oneLane.ofFloor)} | >= 0.5 |`,
    `| | | level | ${times(oneLane.ofLevel)} | > 1 |`,
    `| 16 lanes | ${us(stepUs.sixteen)} | one lane | ${times(figures.sixteenLanes.ofOneLane)} | >= 3 |`,
    ...(oneLane.ofFloor === null
      ? ['', `The floor does ${floorPerSecond} steps/s: not measurable on a file system in memory.`]
      : []),
    '',
    '| | | wanted |',
    '|---|---|---|',
    `| durable steps, one lane | ${oneLane.perSecond}/s | |`,
    `| flushes per step, counted | ${figures.flushesPerStep} | <= 1.05 |`,
    `| fold | ${figures.foldPerSecond} events/s | >= 150000 |`,
    `| fold of a flush that changes what is applied, in an update of 5,000 steps (${flush.many.toFixed(1)} µs) of one of 10 (${flush.few.toFixed(1)} µs) | ${details.foldFlush5000Of10} | <= 2 |`,
    `| fold of a flush that only moves steps, in updates of 10 and of 5,000 steps | ${flush.fewMoves.toFixed(1)} and ${flush.manyMoves.toFixed(1)} µs | |`,
    `| plan of one change among 1,000 chutes (${us(plans.many)} µs) of one among 10 (${us(plans.few)} µs) | ${figures.plan1000Of10} | < 3 |`,
    `| the same where every chute has a network of its own (${us(plans.manyNetworks)} and ${us(plans.fewNetworks)} µs) | ${figures.networks1000Of10} | < 3 |`,
    `| the same where the ruleset and the links change that all share (${us(plans.manyRules)} and ${us(plans.fewRules)} µs) | ${figures.rules1000Of10} | < 3 |`,
    `| the same on OpenWrt, where the leases change that all share (${us(plans.manyLeases)} and ${us(plans.fewLeases)} µs) | ${figures.leases1000Of10} | < 3 |`,
    `| such a plan among 10 and among 1,000, as the journal holds it | ${details.planBytes.few} and ${details.planBytes.many} bytes | |`,
    `| plan of 1,000 chutes that come at once (${ms(plans.manyInstalls / 1000)}) of one of 100 (${ms(plans.fewInstalls / 1000)}) | ${figures.install1000Of100} | |`,
    `| verify | ${figures.verifyPerSecond} events/s | |`,
    `| start of \`ripcord status\` (node alone: ${ms(details.nodeMs)}) | ${ms(details.statusMs)}, ${figures.statusOfNode} of node | < 4 |`,
    `| resident, 100,000 events, behind an update of 1,000 steps | ${figures.rssMiB} MiB | |`,
    '',
    '| open, index included | ms |',
    '|---|---|',
    ...Object.entries(details.openMs).map(([name, took]) => `| ${name} | ${took.toFixed(1)} |`),
    '',
    `100,000 events with a snapshot, of empty: ${figures.open100kOfEmpty} (wanted: < 10).`,
  ].join('\n');
}

/** What was promised and is not so on this machine, today. Pure. */
export function brokenPromises({ figures, details }: Taken): readonly string[] {
  const { oneLane } = figures;
  const kept: Readonly<Record<string, boolean>> = {
    'one lane is at least half as fast as the floor': (oneLane.ofFloor ?? 1) >= 0.5,
    'one lane is faster than level': (oneLane.ofLevel ?? 2) > 1,
    '16 lanes do 3 times as much as one':
      oneLane.ofFloor === null || figures.sixteenLanes.ofOneLane >= 3,
    'a step costs one flush': figures.flushesPerStep <= 1.05,
    '150,000 events a second are folded': figures.foldPerSecond >= 150_000,
    'folding a flush costs the same in long updates': details.foldFlush5000Of10 <= 2,
    'a plan costs what changes, not what is installed': figures.plan1000Of10 < 3,
    'so it does where every chute has a network': figures.networks1000Of10 < 3,
    'so it does where the ruleset changes that all share': figures.rules1000Of10 < 3,
    'so it does where the leases of OpenWrt change': figures.leases1000Of10 < 3,
    'a plan with a changed file holds what changes of it':
      details.planBytes.many < 2 * details.planBytes.few,
    'a long journal opens in less than 10 times an empty one': figures.open100kOfEmpty < 10,
    'status starts in less than 4 times node alone': figures.statusOfNode < 4,
  };
  return Object.keys(kept).filter((promise) => kept[promise] !== true);
}

const PAGE = 'docs/performance.md';
const BEGIN = '<!-- begin of what npm run bench wrote -->';
const END = '<!-- end of what npm run bench wrote -->';

/** Puts the report into its place in docs/performance.md. */
export function writeReport(report: string): void {
  const page = readFileSync(PAGE, 'utf8');
  const before = page.slice(0, page.indexOf(BEGIN) + BEGIN.length);
  const after = page.slice(page.indexOf(END));
  writeFileSync(PAGE, `${before}\n\n${report}\n\n${after}`);
}

const us = (value: number): string => value.toFixed(0);
const ms = (value: number): string => `${value.toFixed(0)} ms`;
const times = (value: number | null): string =>
  value === null ? 'not measurable' : value.toFixed(2);
