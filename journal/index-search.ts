import {
  decodeMinute,
  decodeRun,
  eventRange,
  type KeyRange,
  minuteRange,
  type Posting,
  runRange,
  seqOfEventKey,
} from './index-keys.ts';
import type { Db } from './index-level.ts';
import type { Query } from './journal.ts';
import { boundsOf } from './query.ts';
import type { Seq } from './record.ts';

const PAGE_BYTES = 1 << 20;

/** Seqs within a range that match a query, oldest first; at least as many as it is limited to. */
export async function searchIndex(
  db: Db,
  query: Query,
  range: { readonly from: Seq; readonly to: Seq },
): Promise<readonly Seq[]> {
  const { from, to } = range;
  const named: [Posting, string | undefined][] = [
    ['update', query.update],
    ['chute', query.chute],
    ['type', query.type],
  ];
  const wanted = named.flatMap(([posting, value]) =>
    value === undefined ? [] : [{ posting, value }],
  );
  const timed = query.since !== undefined || query.until !== undefined;
  // Only where one list is the answer can it end early.
  const enough = wanted.length + Number(timed) > 1 ? Infinity : (query.limit ?? Infinity);
  const within = (seqs: Seq[]): Seq[] => seqs.filter((seq) => seq >= from && seq <= to);
  const lists: Seq[][] = [];
  for (const { posting, value } of wanted) {
    const walk = { range: runRange(posting, value, from, to), query, enough };
    // oxlint-disable-next-line no-await-in-loop -- an empty list spares the others
    lists.push(await collect(db, walk, (_key, text) => within(decodeRun(text))));
    if (lists.at(-1)?.length === 0) return [];
  }
  if (timed) {
    const { since, until } = boundsOf(query);
    const walk = { range: minuteRange(since, until), query: {}, enough: Infinity };
    const found = await collect(db, walk, (key, text) =>
      within(
        decodeMinute(key, text).flatMap(({ seq, time }) =>
          time >= since && time <= until ? [seq] : [],
        ),
      ),
    );
    lists.push(found.toSorted((one, other) => one - other));
  }
  if (lists.length === 0) {
    const walk = { range: eventRange(from, to), query, enough };
    return await collect(db, walk, (key) => [seqOfEventKey(key)]);
  }
  return lists.reduce((kept, list) => {
    const other = new Set(list);
    return kept.filter((seq) => other.has(seq));
  });
}

/** What `decode` makes of the entries of a range, oldest first, until there are enough. */
async function collect(
  db: Db,
  walk: { readonly range: KeyRange; readonly query: Query; readonly enough: number },
  decode: (key: string, value: string) => readonly Seq[],
): Promise<Seq[]> {
  const reverse = walk.query.reverse === true;
  const found: Seq[] = [];
  const entries = db.iterator({ ...walk.range, reverse, highWaterMarkBytes: PAGE_BYTES });
  try {
    let page = await entries.nextv(1000);
    while (page.length > 0 && found.length < walk.enough) {
      for (const [key, value] of page) {
        const seqs = decode(key, value);
        for (const seq of reverse ? seqs.toReversed() : seqs) found.push(seq);
      }
      // oxlint-disable-next-line no-await-in-loop -- a page at a time
      page = await entries.nextv(1000);
    }
  } finally {
    await entries.close();
  }
  return reverse ? found.toReversed() : found;
}
