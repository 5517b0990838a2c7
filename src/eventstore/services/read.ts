/** Read: pages of a stream or of `$all`, both ways, and subscriptions to either. */

import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import type { ReadReq, ReadResp } from '@eventstore/db-client/generated/streams_pb.js';
import streams from '@eventstore/db-client/generated/streams_pb.js';
import type { ServerWritableStream } from '@grpc/grpc-js';
import { type Filter, filterOf } from '../filter.ts';
import type { Page, Range, Reader } from '../reader.ts';
import { AllCursor, Checkpoints, follow, StreamCursor } from '../subscription.ts';
import type { Tail } from '../tail.ts';
import {
  BadRequest,
  caughtUpMessage,
  checkpointMessage,
  confirmationMessage,
  eventMessage,
  fellBehindMessage,
  NotServed,
  streamNameOf,
  streamNotFoundMessage,
} from '../wire.ts';

const KEY_MAX = 2n ** 63n - 1n;
/** What EventStoreDB looks through between checkpoints when the client sets no window. */
const SEARCH_WINDOW_DEFAULT = 32;

export interface Log {
  readonly reader: Reader;
  readonly tail: Tail;
}

/** Sends one message and waits where the client is slow. */
type Send = (message: ReadResp) => Promise<void>;

export async function read(log: Log, call: ServerWritableStream<ReadReq, ReadResp>, signal: AbortSignal): Promise<void> {
  const options = call.request.getOptions();
  if (!options) throw new BadRequest('A read needs options.');
  if (options.getResolveLinks()) throw new NotServed('This node does not serve links.');
  const send: Send = async message => {
    if (!signal.aborted && !call.write(message)) await once(call, 'drain', { signal });
  };
  if (options.hasSubscription()) return await (options.hasAll() ? subscribeToAll : subscribeToStream)(log, options, send, signal);
  return await (options.hasAll() ? readAll : readStream)(log, options, send, signal);
}

async function readAll({ reader, tail }: Log, options: ReadReq.Options, send: Send, signal: AbortSignal): Promise<void> {
  const filter = wantedFilter(options);
  const { head } = tail;
  const range = directed(options, backwards => {
    const all = options.getAll()!;
    const position = all.getPosition();
    if (all.hasStart()) return backwards ? undefined : { low: 0n, high: head };
    if (all.hasEnd() || !position) return backwards ? { low: 0n, high: head } : undefined;
    // Forwards from a position includes it, backwards does not.
    const commit = BigInt(position.getCommitPosition());
    return backwards ? { low: 0n, high: least(commit - 1n, head) } : { low: least(commit, KEY_MAX), high: head };
  });
  if (range)
    await sendPages(
      range,
      page => reader.all(page, filter),
      event => event.position,
      options,
      send,
      signal,
    );
}

async function readStream({ reader }: Log, options: ReadReq.Options, send: Send, signal: AbortSignal): Promise<void> {
  const stream = streamNameOf(options.getStream()?.getStreamIdentifier());
  const range = directed(options, backwards => {
    const wanted = options.getStream()!;
    if (wanted.hasStart()) return backwards ? { low: 0n, high: 0n } : { low: 0n, high: KEY_MAX };
    if (wanted.hasEnd()) return backwards ? { low: 0n, high: KEY_MAX } : undefined;
    const revision = least(BigInt(wanted.getRevision()), KEY_MAX);
    return backwards ? { low: 0n, high: revision } : { low: revision, high: KEY_MAX };
  });
  const sent = range
    ? await sendPages(
        range,
        page => reader.stream(stream, page),
        event => event.revision,
        options,
        send,
        signal,
      )
    : 0n;
  if (sent === 0n && (await reader.lastRevision(stream)) === undefined) await send(streamNotFoundMessage(stream));
}

function directed(options: ReadReq.Options, ends: (backwards: boolean) => { low: bigint; high: bigint } | undefined): Range | undefined {
  const backwards = options.getReadDirection() === streams.ReadReq.Options.ReadDirection.BACKWARDS;
  const range = ends(backwards);
  return range && { ...range, backwards, limit: BigInt(options.getCount()) };
}

/** Returns how many events were sent. */
async function sendPages(
  range: Range,
  pageOf: (range: Range) => Promise<Page>,
  keyOf: (event: Page['events'][number]) => bigint,
  options: ReadReq.Options,
  send: Send,
  signal: AbortSignal,
): Promise<bigint> {
  const structuredIds = options.getUuidOption()?.hasStructured() ?? false;
  let sent = 0n;
  let rest = range;
  while (!signal.aborted) {
    const { events, more } = await pageOf(rest);
    for (const event of events) await send(eventMessage(event, structuredIds));
    sent += BigInt(events.length);
    const last = events.at(-1);
    if (!last || !more) break;
    const limit = range.limit! - sent;
    rest = range.backwards ? { ...range, high: keyOf(last) - 1n, limit } : { ...range, low: keyOf(last) + 1n, limit };
  }
  return sent;
}

async function subscribeToAll({ reader, tail }: Log, options: ReadReq.Options, send: Send, signal: AbortSignal): Promise<void> {
  const filter = wantedFilter(options);
  const all = options.getAll()!;
  const after = all.hasStart() ? 0n : all.hasEnd() ? tail.head : BigInt(all.getPosition()?.getCommitPosition() ?? 0);
  const cursor = new AllCursor(reader, tail, after, filter);
  const checkpoints = filter ? new Checkpoints(checkpointInterval(options), after) : undefined;
  const structuredIds = options.getUuidOption()?.hasStructured() ?? false;
  const sendCheckpoints = async (positions: Iterable<bigint>) => {
    for (const position of positions) await send(checkpointMessage(position));
  };
  await send(confirmationMessage(randomUUID()));
  for await (const progress of follow(tail, cursor, signal)) {
    if (progress.kind === 'events') {
      for (const event of progress.events) {
        if (checkpoints) await sendCheckpoints(checkpoints.upTo(event.position - 1n));
        await send(eventMessage(event, structuredIds));
      }
      if (checkpoints) await sendCheckpoints(checkpoints.upTo(cursor.reached));
    } else if (progress.kind === 'caughtUp') {
      if (checkpoints) await sendCheckpoints(checkpoints.atLive(cursor.reached));
      await send(caughtUpMessage());
    } else {
      await send(fellBehindMessage());
    }
  }
}

async function subscribeToStream({ reader, tail }: Log, options: ReadReq.Options, send: Send, signal: AbortSignal): Promise<void> {
  const wanted = options.getStream()!;
  const stream = streamNameOf(wanted.getStreamIdentifier());
  const end = async () => (await reader.lastRevision(stream)) ?? -1n;
  const after = wanted.hasStart() ? -1n : wanted.hasEnd() ? await end() : least(BigInt(wanted.getRevision()), KEY_MAX - 1n);
  const structuredIds = options.getUuidOption()?.hasStructured() ?? false;
  await send(confirmationMessage(randomUUID()));
  for await (const progress of follow(tail, new StreamCursor(reader, tail, stream, after), signal)) {
    if (progress.kind === 'events') for (const event of progress.events) await send(eventMessage(event, structuredIds));
    else await send(progress.kind === 'caughtUp' ? caughtUpMessage() : fellBehindMessage());
  }
}

function wantedFilter(options: ReadReq.Options): Filter | undefined {
  const wanted = options.getFilter();
  const expression = wanted?.getStreamIdentifier() ?? wanted?.getEventType();
  if (!wanted || !expression) return undefined;
  const filter = filterOf(wanted.hasStreamIdentifier() ? 'stream' : 'type', expression.getRegex(), expression.getPrefixList());
  if (!filter)
    throw new NotServed('This node filters by prefixes and excludes system events; it does not serve other regular expressions.');
  return filter;
}

function checkpointInterval(options: ReadReq.Options): bigint {
  const filter = options.getFilter()!;
  return BigInt(filter.getCheckpointintervalmultiplier() || 1) * BigInt(filter.getMax() || SEARCH_WINDOW_DEFAULT);
}

function least(a: bigint, b: bigint): bigint {
  return a < b ? a : b;
}
