/** Reads the log in pages by key, bounded in rows and bytes, so that no reader holds a connection or much memory. */
import pg from 'pg';
import type { RecordedEvent } from './event.ts';
import { type Filter, filterSql } from './filter.ts';

const CONNECTIONS_MAX = 6;
const CONNECT_TIMEOUT_MS = 2_000;
const STATEMENT_TIMEOUT_MS = 5_000;
const ANSWER_TIMEOUT_MS = 6_000;
const PAGE_ROWS_MAX = 512;
const PAGE_BYTES_MAX = 2 * 1024 * 1024;

/** No revision or position is larger: they are Postgres's bigint. */
export const KEY_MAX = 2n ** 63n - 1n;

export interface Range {
  /** Both ends inclusive. */
  readonly low: bigint;
  readonly high: bigint;
  readonly backwards: boolean;
  /** At most this many events. */
  readonly limit?: bigint;
}

export interface Page {
  readonly events: readonly RecordedEvent[];
  /** False when the range holds nothing behind this page's last event. */
  readonly more: boolean;
}

type Row = [
  position: string,
  stream: string,
  revision: string,
  id: string,
  type: string,
  createdMs: string,
  isJson: boolean,
  data: string,
  dataBase64: boolean,
  metadata: string,
  metadataBase64: boolean,
  bytesSoFar: string,
];

export class Reader {
  readonly #pool: pg.Pool;

  constructor(databaseUrl: string, node: string) {
    this.#pool = new pg.Pool({
      connectionString: databaseUrl,
      application_name: `${node} reader`,
      max: CONNECTIONS_MAX,
      connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
      statement_timeout: STATEMENT_TIMEOUT_MS,
      query_timeout: ANSWER_TIMEOUT_MS,
    });
    // A broken idle connection is replaced by the pool at the next read.
    this.#pool.on('error', () => {});
  }

  /** A page of `$all`; the range is of positions. */
  all(range: Range, filter: Filter | undefined): Promise<Page> {
    const condition = filter ? `and ${filterSql(filter, '$4')}` : '';
    return this.#page('position', condition, range, filter ? [filter.prefixes] : []);
  }

  /** A page of one stream; the range is of revisions. */
  stream(stream: string, range: Range): Promise<Page> {
    return this.#page('revision', 'and stream = $4', range, [stream]);
  }

  /** Revision of the stream's newest event, or undefined. */
  async lastRevision(stream: string): Promise<bigint | undefined> {
    const { rows } = await this.#pool.query<[string]>({
      name: 'last-revision',
      text: 'select revision from eventstore.events where stream = $1 order by revision desc limit 1',
      values: [stream],
      rowMode: 'array',
    });
    return rows[0] && BigInt(rows[0][0]);
  }

  async stop(): Promise<void> {
    await this.#pool.end();
  }

  async #page(key: 'position' | 'revision', condition: string, range: Range, values: readonly unknown[]): Promise<Page> {
    const limit = range.limit === undefined || range.limit > PAGE_ROWS_MAX ? PAGE_ROWS_MAX : Number(range.limit);
    if (range.low > range.high || limit === 0) return { events: [], more: false };
    const { rows } = await this.#pool.query<Row>({
      // Prepared once a connection for each of the few shapes.
      name: `${key} ${range.backwards ? 'backwards' : 'forwards'} ${condition}`,
      text: pageSql(key, condition, range.backwards),
      values: [String(range.low), String(range.high), limit, ...values],
      rowMode: 'array',
    });
    const last = rows.at(-1);
    const more = last !== undefined && (rows.length === limit || Number(last[11]) >= PAGE_BYTES_MAX);
    return { events: rows.map(toEvent), more };
  }
}

/** All pages of a range, one after the other. */
export async function* walk(
  range: Range,
  key: 'position' | 'revision',
  pageOf: (range: Range) => Promise<Page>,
): AsyncGenerator<readonly RecordedEvent[], void> {
  let { low, high, limit = KEY_MAX } = range;
  for (let more = true; more; ) {
    const page = await pageOf({ ...range, low, high, limit });
    yield page.events;
    more = page.more;
    limit -= BigInt(page.events.length);
    const last = page.events.at(-1)?.[key] ?? 0n;
    if (range.backwards) high = last - 1n;
    else low = last + 1n;
  }
}

/** Rows in key order until their payloads exceed a page; the first row comes whatever its size. */
function pageSql(key: string, condition: string, backwards: boolean): string {
  const order = `order by ${key} ${backwards ? 'desc' : 'asc'}`;
  return `
    select position, stream, revision, id, type, created_ms, is_json, data, data_base64, metadata, metadata_base64, bytes_so_far
    from (
      select *, octet_length(data) + octet_length(metadata) as bytes,
             sum(octet_length(data) + octet_length(metadata)) over (${order} rows unbounded preceding) as bytes_so_far
      from (select * from eventstore.events where ${key} between $1 and $2 ${condition} ${order} limit $3) as candidates
    ) as measured
    where bytes_so_far - bytes < ${PAGE_BYTES_MAX}
    ${order}`;
}

function toEvent(row: Row): RecordedEvent {
  const [position, stream, revision, id, type, createdMs, isJson, data, dataBase64, metadata, metadataBase64] = row;
  return {
    position: BigInt(position),
    stream,
    revision: BigInt(revision),
    id,
    type,
    createdMs: Number(createdMs),
    isJson,
    data: Buffer.from(data, dataBase64 ? 'base64' : 'utf8'),
    metadata: Buffer.from(metadata, metadataBase64 ? 'base64' : 'utf8'),
  };
}
