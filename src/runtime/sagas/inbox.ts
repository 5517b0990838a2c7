/** Events that came for an instance while it stood still: where they are in the log, as rows of ops.saga_inbox. */
import type pg from 'pg';
import type { EventLog, StoredEvent } from '../event-log/port.ts';

interface Row {
  readonly instance: string;
  readonly stream: string;
  readonly revision: number;
}

const LOAD = 'select instance, stream, revision from ops.saga_inbox where saga = $1 and instance = any($2) order by position';

/** What the named instances have kept, in order, read from the log. @throws LogUnavailable */
export async function loadInbox(
  client: pg.PoolClient,
  log: EventLog,
  saga: string,
  names: readonly string[],
): Promise<ReadonlyMap<string, readonly StoredEvent[]>> {
  const kept = new Map<string, StoredEvent[]>();
  if (names.length === 0) return kept;
  const { rows } = await client.query<Row>(LOAD, [saga, names]);
  for (const { instance, stream, revision } of rows) {
    const stored = await eventAt(log, stream, revision);
    kept.set(instance, [...(kept.get(instance) ?? []), stored]);
  }
  return kept;
}

async function eventAt(log: EventLog, stream: string, revision: number): Promise<StoredEvent> {
  for await (const stored of log.readStream(stream, revision)) return stored;
  throw new Error(`${stream} has no revision ${revision} any more`);
}

/** An event kept for an instance. */
export interface Kept {
  readonly instance: string;
  readonly stored: Pick<StoredEvent, 'position' | 'stream' | 'revision'>;
}

const KEEP = `
  insert into ops.saga_inbox (saga, instance, position, stream, revision)
  select $1, instance, position, stream, revision
  from json_to_recordset($2::json) as r(instance text, position bigint, stream text, revision integer)
  on conflict do nothing`;

/** Empties the inboxes named, then adds what is kept. */
export async function saveInbox(client: pg.PoolClient, saga: string, emptied: readonly string[], kept: readonly Kept[]): Promise<void> {
  if (emptied.length > 0) await client.query('delete from ops.saga_inbox where saga = $1 and instance = any($2)', [saga, emptied]);
  if (kept.length === 0) return;
  const rows = kept.map(({ instance, stored: { position, stream, revision } }) => ({
    instance,
    position: position.toString(),
    stream,
    revision,
  }));
  await client.query(KEEP, [saga, JSON.stringify(rows)]);
}
