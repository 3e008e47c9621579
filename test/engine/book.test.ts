import pino from 'pino';
import { expect, test } from 'vitest';

import { Book } from '../../src/engine/book.ts';
import { NO_FAULTS } from '../../src/engine/faults.ts';
import { arrayJournal, Shelf } from './array-journal.ts';
import { asked, definition, World } from './world.ts';

const V1 = definition('hello', 1, ['A', 'B']);

/** A book whose journal refuses so many appends before it takes one. */
async function refusing(times: number, shelf: Shelf): Promise<Book> {
  let left = times;
  return await Book.open({
    openJournal: async ({ onFlush }) => {
      const inner = arrayJournal(shelf, onFlush, null);
      const journal = Object.create(inner) as typeof inner;
      journal.append = async (events, options) => {
        left -= 1;
        if (left >= 0) throw new Error('no space left');
        return await inner.append(events, options);
      };
      return { journal, tailCut: { bytes: 7, file: '0000000000000001.ndjson', offset: 9 } };
    },
    faults: NO_FAULTS.journal,
    logger: pino({ level: 'silent' }),
    version: '0',
    command: 'test',
    pid: 1,
  });
}

test('what opens the journal is in the first batch that is taken, however many were refused', async () => {
  const shelf = new Shelf();
  const book = await refusing(2, shelf);
  const tell = async () => await book.append([{ type: 'engine.stopped', reason: 'a test' }]);
  await expect(tell()).rejects.toThrow('no space left');
  await expect(tell()).rejects.toThrow('no space left');
  await tell();
  const types = ['journal.tailCut', 'engine.started', 'engine.stopped'];
  expect(shelf.records.map(({ type }) => type)).toEqual(types);
  expect(shelf.records[0]).toMatchObject({ bytes: 7, offset: 9, end: 3 });
});

test.each([
  ['is committed', 'update.committed', ''],
  ['is taken back', 'update.reverted', 'fail@step=hello/b'],
  ['is stuck', 'update.stuck', 'fail@step=hello/b,fail@undo=hello/a'],
])('an update that %s is witnessed before anybody is told', async (_is, type, faults) => {
  const world = new World();
  const { requests } = await world.engine({ faults });
  await (
    await requests.ask(asked(V1))
  ).done;
  const { records, sealed } = world.shelf;
  expect(sealed).toEqual([records.find((each) => each.type === type)?.seq]);
});
