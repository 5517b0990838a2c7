/** Read: pages of a stream or of `$all`, both ways, and subscriptions to either. */

import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import type { ReadReq, ReadResp } from '@eventstore/db-client/generated/streams_pb.js';
import streams from '@eventstore/db-client/generated/streams_pb.js';
import type { ServerWritableStream } from '@grpc/grpc-js';
import { NO_STREAM, type RecordedEvent } from '../event.ts';
import { type Filter, filterOf } from '../filter.ts';
import { KEY_MAX, type Range, type Reader, walk } from '../reader.ts';
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

/** What EventStoreDB looks through between checkpoints when the client sets no window. */
const SEARCH_WINDOW_DEFAULT = 32;

export interface Log {
  readonly reader: Reader;
  readonly tail: Tail;
}

/** The way to one reader; waits where the reader is slow. */
interface Outlet {
  readonly signal: AbortSignal;
  say(message: ReadResp): Promise<void>;
  show(events: readonly RecordedEvent[]): Promise<void>;
}

export async function read(log: Log, call: ServerWritableStream<ReadReq, ReadResp>, signal: AbortSignal): Promise<void> {
  const options = call.request.getOptions();
  if (!options) throw new BadRequest('A read needs options.');
  if (options.getResolveLinks()) throw new NotServed('This node does not serve links.');
  const [readIt, subscribeToIt] = options.hasAll() ? [readAll, subscribeToAll] : [readStream, subscribeToStream];
  const serve = options.hasSubscription() ? subscribeToIt : readIt;
  await serve(log, options, outlet(call, options, signal));
}

function outlet(call: ServerWritableStream<ReadReq, ReadResp>, options: ReadReq.Options, signal: AbortSignal): Outlet {
  const structuredIds = options.getUuidOption()?.hasStructured() ?? false;
  const say = async (message: ReadResp) => {
    signal.throwIfAborted();
    if (!call.write(message)) await once(call, 'drain', { signal });
  };
  const show = async (events: readonly RecordedEvent[]) => {
    for (const event of events) await say(eventMessage(event, structuredIds));
  };
  return { signal, say, show };
}

async function readAll({ reader, tail }: Log, options: ReadReq.Options, out: Outlet): Promise<void> {
  const filter = wantedFilter(options);
  const pages = walk(rangeOfAll(options, tail.head), 'position', range => reader.all(range, filter));
  for await (const events of pages) await out.show(events);
}

function rangeOfAll(options: ReadReq.Options, head: bigint): Range {
  const all = options.getAll()!;
  const commit = BigInt(all.getPosition()?.getCommitPosition() ?? 0);
  const backwards = isBackwards(options);
  const limit = BigInt(options.getCount());
  if (all.hasStart()) return { low: 0n, high: backwards ? -1n : head, backwards, limit };
  if (all.hasEnd()) return { low: 0n, high: backwards ? head : -1n, backwards, limit };
  // Forwards from a position includes it, backwards does not.
  if (backwards) return { low: 0n, high: least(commit - 1n, head), backwards, limit };
  return { low: least(commit, KEY_MAX), high: head, backwards, limit };
}

async function readStream({ reader }: Log, options: ReadReq.Options, out: Outlet): Promise<void> {
  const stream = streamNameOf(options.getStream()?.getStreamIdentifier());
  const wanted = rangeOfStream(options);
  let isEmpty = true;
  for await (const events of walk(wanted, 'revision', range => reader.stream(stream, range))) {
    if (events.length > 0) isEmpty = false;
    await out.show(events);
  }
  if (isEmpty && (isWhole(wanted) || (await reader.lastRevision(stream)) === undefined)) await out.say(streamNotFoundMessage(stream));
}

/** Whoever asked for all of a stream and found nothing need not ask whether there is anything. */
const isWhole = ({ low, high, limit = KEY_MAX }: Range): boolean => low === 0n && high === KEY_MAX && limit > 0n;

function rangeOfStream(options: ReadReq.Options): Range {
  const wanted = options.getStream()!;
  const backwards = isBackwards(options);
  const limit = BigInt(options.getCount());
  if (wanted.hasStart()) return { low: 0n, high: backwards ? 0n : KEY_MAX, backwards, limit };
  if (wanted.hasEnd()) return { low: 0n, high: backwards ? KEY_MAX : -1n, backwards, limit };
  const revision = least(BigInt(wanted.getRevision()), KEY_MAX);
  return backwards ? { low: 0n, high: revision, backwards, limit } : { low: revision, high: KEY_MAX, backwards, limit };
}

function isBackwards(options: ReadReq.Options): boolean {
  return options.getReadDirection() === streams.ReadReq.Options.ReadDirection.BACKWARDS;
}

async function subscribeToAll({ reader, tail }: Log, options: ReadReq.Options, out: Outlet): Promise<void> {
  const filter = wantedFilter(options);
  const all = options.getAll()!;
  const after = all.hasStart() ? 0n : all.hasEnd() ? tail.head : BigInt(all.getPosition()?.getCommitPosition() ?? 0);
  const cursor = new AllCursor(reader, tail, after, filter);
  const checkpoints = filter ? new Checkpoints(checkpointInterval(options), after) : undefined;
  const sayCheckpoints = async (positions: Iterable<bigint> = []) => {
    for (const position of positions) await out.say(checkpointMessage(position));
  };
  await out.say(confirmationMessage(randomUUID()));
  for await (const progress of follow(tail, cursor, out.signal)) {
    if (progress.kind === 'events') {
      for (const event of progress.events) {
        await sayCheckpoints(checkpoints?.upTo(event.position - 1n));
        await out.show([event]);
      }
      await sayCheckpoints(checkpoints?.upTo(cursor.reached));
    } else if (progress.kind === 'caughtUp') {
      await sayCheckpoints(checkpoints?.atLive(cursor.reached));
      await out.say(caughtUpMessage());
    } else {
      await out.say(fellBehindMessage());
    }
  }
}

async function subscribeToStream({ reader, tail }: Log, options: ReadReq.Options, out: Outlet): Promise<void> {
  const wanted = options.getStream()!;
  const stream = streamNameOf(wanted.getStreamIdentifier());
  const end = async () => (await reader.lastRevision(stream)) ?? NO_STREAM;
  const after = wanted.hasStart() ? NO_STREAM : wanted.hasEnd() ? await end() : least(BigInt(wanted.getRevision()), KEY_MAX - 1n);
  await out.say(confirmationMessage(randomUUID()));
  for await (const progress of follow(tail, new StreamCursor(reader, tail, stream, after), out.signal)) {
    if (progress.kind === 'events') await out.show(progress.events);
    else await out.say(progress.kind === 'caughtUp' ? caughtUpMessage() : fellBehindMessage());
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
