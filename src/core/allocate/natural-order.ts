import { textOrder } from '../text-order.ts';

/** Compares names with numbers in them as a person would: `eth2` before `eth10`. Pure. */
export function naturalOrder(left: string, right: string): number {
  return textOrder(padded(left), padded(right)) || textOrder(left, right);
}

const padded = (text: string): string =>
  text.replaceAll(/\d+/g, (digits) => digits.padStart(12, '0'));
