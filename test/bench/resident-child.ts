/** Started by the bench: prints the resident memory, in MiB, of an engine that has done an update. */
import { askFor, openNoOp } from './no-op-world.ts';

const [root = ''] = process.argv.slice(2);
const { engine, requests } = await openNoOp({ root, steps: 1000 });
const { done } = await requests.ask(askFor('resident', 1));
const { outcome } = await done;
if (outcome !== 'committed') throw new Error(`the update of the bench was ${outcome}`);
process.stdout.write(String(process.memoryUsage.rss() / 1024 / 1024));
await engine.close();
