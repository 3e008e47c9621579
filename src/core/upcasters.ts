/**
 * How older shapes of events are lifted, by event type: entry `i` turns version `i + 1` into `i + 2`.
 * An event that never changed its shape has no entry and version 1.
 */
export const UPCASTERS: Readonly<
  Record<string, readonly ((event: Record<string, unknown>) => Record<string, unknown>)[]>
> = {};
