// node --import tsx docs/examples/notices/apply.ts
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { Ripcord } from 'ripcord';

import { noticeWrite } from './driver.ts';
import { notices } from './planner.ts';

const root = await mkdtemp(join(tmpdir(), 'ripcord-'));
const ripcord = await Ripcord.open({
  root,
  planners: [notices],
  drivers: { 'notice.write@1': noticeWrite },
});
const chute = (version: number, description: string, script: string): object => ({
  name: 'hello',
  version,
  description,
  services: {
    main: {
      type: 'light',
      image: 'node',
      source: fileURLToPath(new URL('../hello', import.meta.url)),
      command: ['node', '-e', script],
    },
  },
});
try {
  const open = chute(1, 'open until nine', 'setInterval(Object, 1000)');
  // Its service ends at once: the gate fails, and the sign has to say again what it said.
  const broken = chute(2, 'open all night', 'process.exit(1)');
  for (const definition of [open, broken]) {
    const update = await ripcord.apply([definition]);
    const { outcome } = await update.done;
    const notice = await readFile(join(root, 'notices', 'hello.txt'), 'utf8');
    console.log(`${update.id} ${outcome}: the sign says '${notice}'`);
  }
  const { outcome } = await (
    await ripcord.ask([{ chute: 'hello', operation: 'delete', definition: null, sources: {} }])
  ).done;
  console.log(`and it is taken down again: ${outcome}`);
} finally {
  await ripcord.close();
  await rm(root, { recursive: true });
}
