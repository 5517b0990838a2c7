/** The node's table, the statements that write it, and what it demands of the Postgres below. */
import { isUtf8 } from 'node:buffer';
import type pg from 'pg';
import { bigintArray, booleanArray, textArray, uuidArray } from './binary.ts';
import type { RecordedEvent } from './event.ts';

const TABLE = `
  create schema if not exists eventstore;
  create table if not exists eventstore.events (
    position        bigint primary key,
    stream          text collate "C" not null,
    revision        bigint not null,
    id              uuid not null,
    type            text collate "C" not null,
    created_ms      bigint not null,
    is_json         boolean not null,
    data            text not null,
    data_base64     boolean not null,
    metadata        text not null,
    metadata_base64 boolean not null,
    unique (stream, revision)
  );
  comment on table eventstore.events is 'The log of the embedded node. Only the node writes here; nothing is ever changed or deleted.';
  comment on column eventstore.events.position is 'Place in the whole log, from 1 without gaps, in the order of commits';
  comment on column eventstore.events.data_base64 is 'True where the payload is not UTF-8 text and is kept as base64';
`;

export async function createTable(client: pg.Client): Promise<void> {
  await client.query(TABLE);
}

const DEMANDS: readonly { readonly setting: string; readonly refuse: (value: string) => boolean; readonly because: string }[] = [
  { setting: 'fsync', refuse: value => value === 'off', because: 'a power cut could corrupt what was acknowledged' },
  { setting: 'full_page_writes', refuse: value => value === 'off', because: 'a power cut could corrupt what was acknowledged' },
  { setting: 'synchronous_commit', refuse: value => value === 'off', because: 'a crash could lose what was acknowledged' },
  { setting: 'server_encoding', refuse: value => value !== 'UTF8', because: 'events are UTF-8 text' },
];

/** This Postgres would lose or spoil events. */
export class UnfitDatabase extends Error {
  override readonly name = 'UnfitDatabase';
}

/** @throws UnfitDatabase when a setting would break the promise that acknowledged means flushed. */
export function demandFitness(settings: ReadonlyMap<string, string>): void {
  for (const { setting, refuse, because } of DEMANDS) {
    const value = settings.get(setting);
    if (value === undefined || refuse(value)) {
      throw new UnfitDatabase(`PostgreSQL runs with ${setting} = ${value ?? 'unknown'}, so ${because}; the event store refuses to serve.`);
    }
  }
}

export async function readSettings(client: pg.Client): Promise<ReadonlyMap<string, string>> {
  const names = DEMANDS.map(({ setting }) => setting);
  const { rows } = await client.query<[string, string]>({
    text: 'select name, setting from pg_settings where name = any($1)',
    values: [names],
    rowMode: 'array',
  });
  return new Map(rows);
}

const INSERT = `
  insert into eventstore.events (position, stream, revision, id, type, created_ms, is_json, data, data_base64, metadata, metadata_base64)
  select * from unnest($1::bigint[], $2::text[], $3::bigint[], $4::uuid[], $5::text[], $6::bigint[], $7::boolean[],
                       $8::text[], $9::boolean[], $10::text[], $11::boolean[])`;

/** Writes all events in one statement, which is one transaction: when it returns they are flushed. */
export async function insertEvents(client: pg.Client, events: readonly RecordedEvent[]): Promise<void> {
  const data = events.map(({ data }) => asText(data));
  const metadata = events.map(({ metadata }) => asText(metadata));
  await client.query({
    name: 'insert-events',
    text: INSERT,
    values: [
      bigintArray(events.map(({ position }) => position)),
      textArray(events.map(({ stream }) => stream)),
      bigintArray(events.map(({ revision }) => revision)),
      uuidArray(events.map(({ id }) => id)),
      textArray(events.map(({ type }) => type)),
      bigintArray(events.map(({ createdMs }) => BigInt(createdMs))),
      booleanArray(events.map(({ isJson }) => isJson)),
      textArray(data.map(({ text }) => text)),
      booleanArray(data.map(({ base64 }) => base64)),
      textArray(metadata.map(({ text }) => text)),
      booleanArray(metadata.map(({ base64 }) => base64)),
    ],
  });
}

/** Postgres's text holds any UTF-8 but NUL. */
function asText(payload: Uint8Array): { text: Uint8Array; base64: boolean } {
  if (isUtf8(payload) && !payload.includes(0)) return { text: payload, base64: false };
  return { text: Buffer.from(Buffer.from(payload).toString('base64'), 'latin1'), base64: true };
}
