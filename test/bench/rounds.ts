/** The middle value; of an even number the higher of the two. Pure. */
export function median(values: readonly number[]): number {
  return values.toSorted((one, other) => one - other)[Math.floor(values.length / 2)] ?? Number.NaN;
}

/**
 * Runs arms in turn, round after round, after one round that only warms up: what disturbs the machine
 * then disturbs all arms alike.
 */
export async function alternate<K extends string>(
  rounds: number,
  arms: Readonly<Record<K, (round: number) => number | Promise<number>>>,
): Promise<Readonly<Record<K, readonly number[]>>> {
  const names = Object.keys(arms) as K[];
  const taken = Object.fromEntries(names.map((name) => [name, [] as number[]])) as Record<
    K,
    number[]
  >;
  for (let round = 0; round <= rounds; round++) {
    // Forwards and backwards by turns: no arm always comes behind the same one.
    for (const name of round % 2 === 0 ? names : names.toReversed()) {
      const value = await arms[name](round);
      if (round > 0) taken[name].push(value);
    }
  }
  return taken;
}

/** The median of the rounds' own quotients. Pure. */
export function ratio(of: readonly number[], to: readonly number[]): number {
  return median(of.map((value, round) => value / (to[round] ?? Number.NaN)));
}
