import { expect, test } from 'vitest';

import { blocksOf, commandsOf } from '../docs/blocks.ts';
import { Session } from '../docs/session.ts';
import { filesBelow } from '../tidy/source-files.ts';
import { describeDocker } from './docker-world.ts';

describeDocker('docs/guides/docker.md', (docker) => {
  test('shows commands that work', async () => {
    // What the page pulls from the network is there already.
    await docker().api().tagImage('busybox:test', 'busybox:1.36');
    const page = filesBelow('docs/guides', '.md').find(({ path }) => path.endsWith('/docker.md'));
    const session = await Session.open(docker().launcher);
    try {
      const shown = blocksOf(page?.text ?? '', ['sh']).flatMap(commandsOf);
      const printed = await session.run(shown);
      expect(printed.length).toBeGreaterThan(5);
      for (const each of printed) expect(each.output.join('\n')).toContain(each.shown.says);
    } finally {
      session.close();
    }
  });
});
