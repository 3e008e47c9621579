import type { ChuteName, ServiceName } from '../chute.ts';
import { pointer } from '../patch.ts';
import { textOrder } from '../text-order.ts';
import type { PlainRefusal } from './refusal.ts';

/** A service that will run when the update is through, and the least of all cpus it asks for. */
export type CpuRequest = {
  readonly chute: ChuteName;
  readonly service: ServiceName;
  /** 0 to 1; null: nothing asked. */
  readonly fraction: number | null;
};

/** Docker reads 0 and 1 as something else. */
const SHARES_MIN = 2;

/** What a service of average weight has. */
const SHARES_EACH = 1024;

/**
 * Divides all cpus: each gets what it asked for, and an equal part of what is left over. Pure.
 *
 * Null when they ask for more than there is.
 */
export function divideCpus(fractions: readonly (number | null)[]): readonly number[] | null {
  // Summed from the smallest, so that the order of services changes nothing.
  const asked = fractions.map((fraction) => fraction ?? 0).toSorted((left, right) => left - right);
  const left = 1 - asked.reduce((sum, fraction) => sum + fraction, 0);
  // Tenths are no binary fractions: four of them may make a hair more than their sum.
  if (left < -1e-9) return null;
  return fractions.map((fraction) => (fraction ?? 0) + Math.max(0, left) / fractions.length);
}

/**
 * The cpu shares of all services that will run, by chute and service. Pure.
 *
 * `chute` is the one whose change is planned: it is refused when too much is asked for in all.
 */
export function cpuShares(
  running: readonly CpuRequest[],
  chute: ChuteName,
):
  | { readonly shares: Readonly<Record<ChuteName, Readonly<Record<ServiceName, number>>>> }
  | { readonly refusals: readonly PlainRefusal[] } {
  const fractions = divideCpus(running.map(({ fraction }) => fraction));
  if (fractions === null) return { refusals: [tooMuch(running, chute)] };
  const shares: Record<ChuteName, Record<ServiceName, number>> = {};
  for (const [at, { chute: owner, service }] of running.entries()) {
    const exact = (fractions[at] ?? 0) * SHARES_EACH * running.length;
    // Rounded twice: noise in the last digits must not decide whether a half goes up.
    const rounded = Math.round(Number(exact.toFixed(6)));
    shares[owner] = { ...shares[owner], [service]: Math.max(SHARES_MIN, rounded) };
  }
  return { shares };
}

function tooMuch(running: readonly CpuRequest[], chute: ChuteName): PlainRefusal {
  const asking = running
    .flatMap(({ fraction, ...each }) =>
      fraction === null || fraction === 0 ? [] : [{ ...each, fraction }],
    )
    .toSorted(
      (left, right) => textOrder(left.chute, right.chute) || textOrder(left.service, right.service),
    );
  const named = asking.map(({ fraction, ...each }) => `${each.chute}-${each.service} ${fraction}`);
  const sum = asking.reduce((total, { fraction }) => total + fraction, 0);
  const others = asking.filter((each) => each.chute !== chute);
  const taken = others.reduce((total, { fraction }) => total + fraction, 0);
  const own = asking.find((each) => each.chute === chute);
  return {
    code: 'RIPCORD_RESOURCE_TAKEN',
    message: `cannot divide the cpus for ${chute}: ${named.join(', ')} ask for ${short(sum)}, and there is 1`,
    path: own ? pointer('services', own.service, 'requests', 'cpuFraction') : '',
    hint:
      others.length === 0
        ? 'lower requests.cpu-fraction until the sum is at most 1'
        : `ask for at most ${short(Math.max(0, 1 - taken))}, or stop another chute`,
  };
}

const short = (fraction: number): string => String(Number(fraction.toFixed(4)));
