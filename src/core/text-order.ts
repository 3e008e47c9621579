/** Sorts texts by code unit: the same on every machine. Pure. */
export function textOrder(left: string, right: string): number {
  return left < right ? -1 : Number(left > right);
}
