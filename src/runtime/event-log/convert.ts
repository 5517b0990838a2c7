import type { JSONEventData, JSONType, RecordedEvent } from '@eventstore/db-client';
import type { EventMetadata } from '../../kernel/metadata.ts';
import { AppendRefused, type NewEvent, type StoredEvent } from './port.ts';

/** EventStoreDB's default limit of one append. */
export const APPEND_BYTES_MAX = 1_048_576;

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

export interface Prepared {
  readonly events: JSONEventData[];
  readonly bytes: number;
}

/**
 * Checks an append before the client sees it. What fails inside the client's batch append (data that is not JSON) becomes
 * an unhandled rejection, and what the server answers with a stream error (a malformed id, a message too large) fails
 * every other append of the process with it.
 * @throws AppendRefused
 */
export function prepare(stream: string, events: readonly NewEvent[]): Prepared {
  if (stream === '') throw new AppendRefused('a stream needs a name');
  if (events.length === 0) throw new AppendRefused(`nothing to append to ${stream}`);
  const bytes = events.reduce((sum, event) => sum + checkedSize(stream, event), 0);
  if (bytes > APPEND_BYTES_MAX) throw new AppendRefused(`${bytes} bytes for ${stream}, at most ${APPEND_BYTES_MAX} go in one append`);
  return { events: events.map(asClientEvent), bytes };
}

function checkedSize(stream: string, event: NewEvent): number {
  if (!UUID.test(event.id)) throw new AppendRefused(`${event.type} for ${stream} has an id that is no UUID: ${event.id}`);
  if (event.type === '' || event.type.startsWith('$'))
    throw new AppendRefused(`an event for ${stream} has a type of the system: "${event.type}"`);
  if (typeof event.data !== 'object' || event.data === null)
    throw new AppendRefused(`${event.type} for ${stream} has no object as its data`);
  return jsonBytes(stream, event.type, event.data) + jsonBytes(stream, event.type, event.metadata);
}

function jsonBytes(stream: string, type: string, value: object): number {
  try {
    return Buffer.byteLength(JSON.stringify(value));
  } catch (error) {
    throw new AppendRefused(`${type} for ${stream} is not JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function asClientEvent({ id, type, data, metadata }: NewEvent): JSONEventData {
  return { id, type, contentType: 'application/json', data: data as JSONType, metadata: { ...metadata } };
}

/** Data and metadata are the parsed JSON as it was written; an event of another writer may lack our metadata. */
export function asStored(event: RecordedEvent, position: bigint): StoredEvent {
  return {
    id: event.id,
    type: event.type,
    data: event.data,
    metadata: event.metadata as unknown as EventMetadata,
    stream: event.streamId,
    revision: Number(event.revision),
    position,
  };
}
