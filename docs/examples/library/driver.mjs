// A kind of step of your own, and a planner that asks for it:  node docs/examples/library/driver.mjs
//
// Every chute gets a lamp, which is a file below the root that says `on`.
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { defineDriver, definePlanner, Ripcord } from 'ripcord';

const lampOf = (root, chute) => join(root, 'lamps', chute);
const look = async (path) => await readFile(path, 'utf8').catch(() => null);

async function turn(path, light) {
  if (light === null) return await rm(path, { force: true });
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, light);
}

const lampSwitch = defineDriver({
  idempotent: true,
  // Read-only. What undoing needs is journaled before the effect.
  async prepare({ root }, { chute }) {
    return { before: await look(lampOf(root, chute)) };
  },
  async run({ root }, { chute, light }) {
    await turn(lampOf(root, chute), light);
    return { result: null };
  },
  // After a crash only the world knows.
  async probe({ root }, { chute, light }) {
    const evidence = await look(lampOf(root, chute));
    if (evidence !== light) return { state: 'not-done', evidence };
    return { state: 'done', evidence, done: { result: null } };
  },
  async undo({ root }, { chute }, undo) {
    await turn(lampOf(root, chute), undo.before);
  },
});

// Pure: the same change gives the same steps, for ever.
const lamps = definePlanner({
  name: 'lamps',
  version: 1,
  plan({ chute, before, desired }) {
    const light = desired?.run === 'running' ? 'on' : null;
    if ((before?.run === 'running' ? 'on' : null) === light) return { steps: [] };
    return {
      steps: [
        {
          id: `${chute}/lamp.switch`,
          phase: 72,
          kind: 'lamp.switch@1',
          args: { chute, light },
          title: light === null ? `put out the lamp of ${chute}` : `light the lamp of ${chute}`,
          undo: 'turn it back',
        },
      ],
    };
  },
});

const root = await mkdtemp(join(tmpdir(), 'ripcord-'));
const ripcord = await Ripcord.open({
  root,
  planners: [lamps],
  drivers: { 'lamp.switch@1': lampSwitch },
  // Fire drill: stopping the service fails in the second update, whose rollback lights the lamp again.
  faults: 'fail@step=u2.s2',
  retry: { firstMs: 10 },
});
const definition = {
  name: 'sleeper',
  version: 1,
  services: {
    main: {
      type: 'light',
      image: 'node',
      source: fileURLToPath(new URL('../hello', import.meta.url)),
      command: 'node -e setInterval(Object,1000)',
    },
  },
};
const removal = { chute: 'sleeper', operation: 'delete', definition: null, sources: {} };
try {
  const ask = [
    async () => await ripcord.apply([definition]),
    async () => await ripcord.ask([removal]),
    async () => await ripcord.ask([removal]),
  ];
  for (const each of ask) {
    const { update, outcome, error } = await (await each()).done;
    const lamp = await look(lampOf(root, 'sleeper'));
    console.log(
      `${update} ${outcome}, the lamp is ${lamp ?? 'out'}${error ? ` (${error.code})` : ''}`,
    );
  }
} finally {
  await ripcord.close();
  await rm(root, { recursive: true });
}
