import type { Radio, RadioSettings } from '../core/network.ts';

type Mode = NonNullable<Radio['modes']>[number];

/** What a radio is capable of, as its driver says. */
export type PhyAbilities = {
  readonly modes: readonly Mode[];
  /** `11a` where a channel of 5 GHz may be used, `11g` for 2.4 GHz. */
  readonly hwmodes: readonly string[];
  /** How many access points at a time; null where the driver does not say. */
  readonly accessPointsMax: number | null;
};

/** A wireless interface as it is now. */
export type WirelessInterface = {
  readonly name: string;
  /** As `iw` says it: `AP`, `managed` … */
  readonly type: string;
  /** What its channel makes of the radio; null where it has none. */
  readonly settings: RadioSettings | null;
};

/** The modes of nl80211 that chutes can ask for. */
const MODES: Readonly<Record<string, Mode>> = { AP: 'ap', managed: 'sta', monitor: 'monitor' };

/** What `iw phy` prints, by phy. Pure. */
export function readPhys(text: string): ReadonlyMap<string, PhyAbilities> {
  const phys = text.split(/^Wiphy /m).slice(1);
  return new Map(phys.map((phy) => [/^\S+/.exec(phy)?.[0] ?? '', abilitiesOf(phy)]));
}

/** What `iw dev` prints. Pure. */
export function readInterfaces(text: string): readonly WirelessInterface[] {
  return text
    .split(/^\s+Interface /m)
    .slice(1)
    .map((part) => {
      const [, channel, megahertz] = /^\s+channel (\d+) \((\d+)/m.exec(part) ?? [];
      const hwmode = hwmodeOf(Number(megahertz));
      return {
        name: /^\S+/.exec(part)?.[0] ?? '',
        type: /^\s+type (.+)$/m.exec(part)?.[1] ?? '',
        settings: hwmode === null ? null : { hwmode, channel: Number(channel) },
      };
    });
}

function abilitiesOf(phy: string): PhyAbilities {
  const listed = section(phy, 'Supported interface modes');
  const modes = [...listed.matchAll(/^\s+\* (\S+)\s*$/gm)].flatMap(([, name = '']) =>
    Object.hasOwn(MODES, name) ? [MODES[name] as Mode] : [],
  );
  const frequencies = [...phy.matchAll(/^\s+\* (\d+)(?:\.\d+)? MHz \[\d+\](.*)$/gm)];
  const usable = frequencies.filter(([, , more = '']) => !more.includes('disabled'));
  const bands = usable.map(([, megahertz]) => hwmodeOf(Number(megahertz)));
  return {
    modes: modes.toSorted(),
    hwmodes: ['11a', '11g'].filter((hwmode) => bands.includes(hwmode)),
    accessPointsMax: accessPointsMax(phy),
  };
}

/** The lines that are indented deeper than their heading. */
function section(phy: string, heading: string): string {
  const lines = phy.split('\n');
  const at = lines.findIndex((line) => line.trim().startsWith(`${heading}:`));
  if (at < 0) return '';
  const own = depth(lines[at] ?? '');
  const end = lines.findIndex((line, index) => index > at && depth(line) <= own);
  return lines.slice(at + 1, end < 0 ? undefined : end).join('\n');
}

const depth = (line: string): number => line.length - line.trimStart().length;

function accessPointsMax(phy: string): number | null {
  if (/^\s+interface combinations are not supported/m.test(phy)) return 1;
  const combinations = section(phy, 'valid interface combinations');
  const limits = [...combinations.matchAll(/#\{([^}]*)\} <= (\d+)/g)]
    .filter(([, names = '']) => names.split(',').some((name) => name.trim() === 'AP'))
    .map(([, , most]) => Number(most));
  return limits.length === 0 ? null : Math.max(...limits);
}

function hwmodeOf(megahertz: number): string | null {
  if (megahertz >= 2400 && megahertz < 2500) return '11g';
  return megahertz >= 4900 && megahertz < 5925 ? '11a' : null;
}
