// An engine inside a program of your own:  node docs/examples/library/apply.mjs
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { Ripcord } from 'ripcord';

const root = await mkdtemp(join(tmpdir(), 'ripcord-'));
const definition = {
  name: 'greeter',
  version: 1,
  services: {
    main: {
      type: 'light',
      image: 'node',
      source: fileURLToPath(new URL('../hello', import.meta.url)),
      command: 'node server.mjs',
      environment: { GREETING: 'Hello from a program' },
    },
  },
  web: { service: 'main', port: 18080 },
};

const ripcord = await Ripcord.open({ root });
try {
  const { steps } = (await ripcord.plan([definition])).plan;
  console.log(`the plan has ${steps.length} steps, the last is: ${steps.at(-1).title}`);

  const update = await ripcord.apply([definition], { message: 'first try', requestId: 'try-1' });
  for await (const event of update.events()) console.log(event.seq, event.type);
  console.log((await update.done).outcome);

  const answer = await fetch('http://127.0.0.1:18080/');
  console.log((await answer.text()).trim());

  // The same request id is the same request: nothing is done twice.
  const again = await ripcord.apply([definition], { message: 'first try', requestId: 'try-1' });
  console.log(again.id === update.id);

  const removal = { chute: 'greeter', operation: 'delete', definition: null, sources: {} };
  const { outcome } = await (await ripcord.ask([removal])).done;
  console.log(outcome, Object.keys(ripcord.state.applied.chutes));
} finally {
  // Stops at a step boundary and lets go of the root; services would go on running.
  await ripcord.close();
  await rm(root, { recursive: true });
}
