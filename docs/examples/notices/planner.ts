import { type Change, definePlanner } from 'ripcord';

/** The longest text that fits on the sign at the door. */
const LENGTH_MAX = 80;

/** What the sign says of a chute; null: nothing. */
function textOf({ run, definition }: NonNullable<Change['desired']>): string | null {
  return run === 'running' ? (definition.description ?? null) : null;
}

export const notices = definePlanner({
  name: 'notices',
  version: 1,
  plan({ chute, before, desired }) {
    const text = desired ? textOf(desired) : null;
    if (text !== null && text.length > LENGTH_MAX)
      return {
        refusals: [
          {
            code: 'NOTICE_TOO_LONG',
            message: `cannot announce ${chute}: its description has ${text.length} characters`,
            path: '/description',
            hint: `the sign takes ${LENGTH_MAX}: shorten it`,
          },
        ],
      };
    const shown = before?.definition
      ? textOf({ run: before.run, definition: before.definition })
      : null;
    if (text === shown) return { steps: [] };
    return {
      steps: [
        {
          id: `${chute}/notice.write`,
          // Among the files: after preparation, before services are stopped and started.
          phase: 72,
          kind: 'notice.write@1',
          args: { chute, text },
          title: text === null ? `take down the notice of ${chute}` : `announce ${chute}`,
          undo: 'put back the notice that was there',
        },
      ],
    };
  },
});
