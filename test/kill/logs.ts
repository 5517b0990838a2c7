/** The log read in two ways: from the table below the node, and through the client over the wire. */
import { connectEventLog } from '../../src/runtime/event-log/eventstore.ts';
import type { Logged } from './history.ts';
import { query, type Stores } from './house.ts';

/** The one stream that no business reader is shown: it holds the log's own identity. */
const IDENTITY_STREAM = 'throughline-log';
const PAGE = 2_000;

export async function fromTable(databaseUrl: string): Promise<readonly Logged[]> {
  const rows = await query<{
    position: string;
    stream: string;
    revision: number;
    id: string;
    type: string;
    data: string;
    metadata: string;
  }>(
    databaseUrl,
    `select e.position::text, stream, revision::integer, id::text, type, data, metadata from eventstore.events e
     where stream <> $1 order by e.position`,
    [IDENTITY_STREAM],
  );
  return rows.map(({ position, data, metadata, ...rest }) => ({
    ...rest,
    position: BigInt(position),
    data: JSON.parse(data),
    metadata: JSON.parse(metadata),
  }));
}

export async function overTheWire({ eventstoreUrl }: Pick<Stores, 'eventstoreUrl'>): Promise<readonly Logged[]> {
  const log = connectEventLog({ url: eventstoreUrl });
  const events: Logged[] = [];
  try {
    for (;;) {
      const page = await log.readAll(events.at(-1)?.position, PAGE);
      events.push(...(page as unknown as readonly Logged[]));
      if (page.length < PAGE) return events;
    }
  } finally {
    await log.close();
  }
}
