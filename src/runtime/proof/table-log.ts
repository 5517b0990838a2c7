/** The log of the embedded node read straight from its table, for those who verify a copy without a node that runs. */
import type pg from 'pg';
import type { EventMetadata } from '../../kernel/metadata.ts';
import { bePatient, patiently, type Queryable, rowsOf, transaction } from '../database.ts';
import type { EventLog, StoredEvent } from '../event-log/port.ts';

/** An event as it was found, and what about it cannot be read. */
export interface FoundEvent extends StoredEvent {
  readonly damage?: string;
}

/** The log to be verified. Nothing is ever written to it. */
export interface FoundLog extends Pick<EventLog, 'readAll'> {
  identity(): Promise<string | undefined>;
  /** Business events after a position, those included that cannot be read. */
  page(after: bigint | undefined, limit: number): Promise<readonly FoundEvent[]>;
  /** Sentences about places in the log where nothing is although something must be. */
  gaps(): Promise<readonly string[]>;
}

/** Holds one event, the log's identity; business readers never see it. */
const IDENTITY_STREAM = 'throughline-log';
const GAPS_MAX = 20;

interface Row {
  readonly position: string;
  readonly stream: string;
  readonly revision: number;
  readonly id: string;
  readonly type: string;
  readonly is_json: boolean;
  readonly data: string;
  readonly data_base64: boolean;
  readonly metadata: string;
  readonly metadata_base64: boolean;
}

const COLUMNS = 'position::text, stream, revision, id::text, type, is_json, data, data_base64, metadata, metadata_base64';
const BUSINESS = `type not like '$%' and stream not like '$%' and stream <> '${IDENTITY_STREAM}'`;

/** Whether the database holds a log of the embedded node. */
export async function hasTableLog(database: Queryable): Promise<boolean> {
  const [row] = await rowsOf<{ there: boolean }>(database, `select to_regclass('eventstore.events') is not null as there`);
  return row?.there === true;
}

export function tableLog(pool: pg.Pool): FoundLog {
  const page = async (after: bigint | undefined, limit: number): Promise<readonly FoundEvent[]> => {
    const sql = `select ${COLUMNS} from eventstore.events e where e.position > $1 and ${BUSINESS} order by e.position limit $2`;
    return (await rowsOf<Row>(pool, sql, [`${after ?? 0n}`, limit])).map(foundIn);
  };
  return {
    page,
    readAll: async (after, limit) => (await page(after, limit)).map(demandWhole),
    identity: () => identityIn(pool),
    gaps: () => gapsIn(pool),
  };
}

function foundIn({ position, stream, revision, id, type, ...payload }: Row): FoundEvent {
  const place = { position: BigInt(position), stream, revision, id, type };
  try {
    if (!payload.is_json) throw new Error('it is marked as no JSON');
    const data = parsed(payload.data, payload.data_base64);
    const metadata = parsed(payload.metadata, payload.metadata_base64) as EventMetadata;
    return { ...place, data, metadata };
  } catch (error) {
    return { ...place, data: {}, metadata: {} as EventMetadata, damage: (error as Error).message };
  }
}

const parsed = (text: string, base64: boolean): unknown => JSON.parse(base64 ? Buffer.from(text, 'base64').toString() : text);

function demandWhole(event: FoundEvent): StoredEvent {
  if (event.damage !== undefined) throw new Error(`The event at position ${event.position} cannot be read: ${event.damage}`);
  return event;
}

/** Identity of the log in the database; undefined for one in which nothing was ever written. */
export async function identityIn(database: Queryable): Promise<string | undefined> {
  const [row] = await rowsOf<{ data: string }>(database, 'select data from eventstore.events where stream = $1 and revision = 0', [
    IDENTITY_STREAM,
  ]);
  return row && (JSON.parse(row.data) as { readonly logId?: string }).logId;
}

/** The node numbers its events from 1 without gaps, system events included. */
async function gapsIn(pool: pg.Pool): Promise<readonly string[]> {
  const sql = `
    select before::text, position::text
    from (select position, lag(position, 1, 0::bigint) over (order by position) as before from eventstore.events) as pairs
    where position <> before + 1 order by pairs.position limit ${GAPS_MAX}`;
  const { rows } = await transaction(pool, async client => {
    await bePatient(client);
    return client.query<{ before: string; position: string }>(patiently(sql));
  });
  return rows.map(({ before, position }) => {
    const [first, last] = [BigInt(before) + 1n, BigInt(position) - 1n];
    return first === last ? `position ${first}: the event is missing` : `positions ${first} to ${last}: the events are missing`;
  });
}
