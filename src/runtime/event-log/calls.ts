/** One attempt each: a call to the store on a warm connection, in the port's terms. */
import {
  type AllStreamResolvedEvent,
  BACKWARDS,
  NO_STREAM as CLIENT_NO_STREAM,
  END,
  type ReadPosition,
  type ResolvedEvent,
  START,
} from '@eventstore/db-client';
import { asStored, type Prepared } from './convert.ts';
import { within } from './patience.ts';
import { type Appended, AppendRefused, NO_STREAM, type StoredEvent } from './port.ts';
import { consume, type Lease } from './reading.ts';

const LOG_PAGE_MIN = 32;
const HEAD_PAGE_MAX = 512;

/** Holds one event, the log's identity. It is no business stream: readers of the whole log never see it. */
export const IDENTITY_STREAM = 'throughline-log';

export async function appendOnce(lease: Lease, stream: string, events: Prepared, expected: number, patienceMs: number): Promise<Appended> {
  const result = await within(
    patienceMs,
    'appending',
    lease.client.appendToStream(stream, events.events, {
      expectedRevision: expected === NO_STREAM ? CLIENT_NO_STREAM : BigInt(expected),
      deadline: patienceMs,
    }),
    lease.retired,
  );
  if (!result.success) throw new AppendRefused('the connection string must not set throwOnAppendFailure to false');
  const revision = Number(result.nextExpectedRevision);
  return { revision, position: result.position?.commit ?? (await positionAt(lease, stream, revision, patienceMs)) };
}

/** A store may leave the position out when it answers a repeated append. */
async function positionAt(lease: Lease, stream: string, revision: number, silenceMs: number): Promise<bigint> {
  const [event] = await streamPage(lease, stream, revision, 1, silenceMs);
  if (event?.revision !== revision) throw new Error(`${stream} has no event at revision ${revision}, which an append just answered`);
  return event.position;
}

/** @throws the client's StreamNotFoundError */
export async function streamPage(lease: Lease, stream: string, from: number, count: number, silenceMs: number): Promise<StoredEvent[]> {
  const page: StoredEvent[] = [];
  const read = lease.client.readStream(stream, { fromRevision: BigInt(from), maxCount: count });
  await consume(read, resolved => resolved.event && page.push(asStored(resolved.event, positionOf(resolved))), silenceMs, lease);
  return page;
}

/** Business events after a position, fewer than `limit` only at the end of the log. The client cannot filter its reads on the server. */
export async function logPage(lease: Lease, after: bigint | undefined, limit: number, silenceMs: number): Promise<StoredEvent[]> {
  const page: StoredEvent[] = [];
  for (let from = after; ; ) {
    // Reading from a position answers the event at that position again.
    const start = from;
    const asked = Math.max(limit - page.length, LOG_PAGE_MIN) + 1;
    let seen = 0;
    const read = lease.client.readAll({ fromPosition: asReadPosition(start), maxCount: asked });
    const take = (resolved: AllStreamResolvedEvent): void => {
      seen += 1;
      from = positionOf(resolved);
      const event = from === start ? undefined : businessEvent(resolved);
      if (event && page.length < limit) page.push(event);
    };
    await consume(read, take, silenceMs, lease);
    if (page.length === limit || seen < asked) return page;
  }
}

/** Position of the newest business event: system events at the end of the log are passed over in growing pages. */
export async function newestPosition(lease: Lease, silenceMs: number): Promise<bigint | undefined> {
  let from: ReadPosition = END;
  for (let count = 1; ; count = Math.min(count * 8, HEAD_PAGE_MAX)) {
    let newest: bigint | undefined;
    let seen = 0;
    const take = (resolved: AllStreamResolvedEvent): void => {
      seen += 1;
      from = asReadPosition(positionOf(resolved));
      newest ??= businessEvent(resolved)?.position;
    };
    await consume(lease.client.readAll({ direction: BACKWARDS, fromPosition: from, maxCount: count }), take, silenceMs, lease);
    if (newest !== undefined || seen < count) return newest;
  }
}

/** The event in the port's terms; undefined for what belongs to the store or to this adapter. */
export function businessEvent(resolved: AllStreamResolvedEvent): StoredEvent | undefined {
  const { event } = resolved;
  if (!event || event.type.startsWith('$') || event.streamId.startsWith('$') || event.streamId === IDENTITY_STREAM) return undefined;
  return asStored(event, positionOf(resolved));
}

export function asReadPosition(position: bigint | undefined): ReadPosition {
  return position === undefined ? START : { commit: position, prepare: position };
}

function positionOf(resolved: ResolvedEvent | AllStreamResolvedEvent): bigint {
  const position = resolved.event?.position?.commit ?? resolved.commitPosition;
  if (position === undefined) throw new Error('the store tells no positions: EventStoreDB 22.6 or later is needed');
  return position;
}
