import { createServer } from 'node:net';

/** Below what a kernel gives to those who ask for any port. */
const FIRST = 20_000;
/** Test files that run side by side promise from ranges of their own. */
const RANGES = 6;
const RANGE = 2000;

const range = FIRST + (Number(process.env['VITEST_POOL_ID'] ?? 0) % RANGES) * RANGE;
let next = Math.floor(Math.random() * RANGE);

/**
 * A port that nobody listens on at this moment and that is promised to nobody else: who waits a while
 * before it listens still finds it free.
 */
export async function freePort(): Promise<number> {
  for (let tries = 0; tries < RANGE; tries += 1) {
    const port = range + next;
    next = (next + 1) % RANGE;
    if (await isFree(port)) return port;
  }
  throw new Error(`no port is free from ${range} on`);
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  const listens = await new Promise<boolean>((done) => {
    server.once('error', () => done(false));
    server.listen(port, '0.0.0.0', () => done(true));
  });
  if (listens)
    await new Promise((done) => {
      server.close(done);
    });
  return listens;
}
