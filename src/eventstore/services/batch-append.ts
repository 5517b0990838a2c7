/**
 * BatchAppend: many appends over one call, answered in any order by correlation id. Failures travel as answers, never as the
 * end of the call, which the client would take as the failure of every append it has under way.
 */
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import shared from '@eventstore/db-client/generated/shared_pb.js';
import type { Status } from '@eventstore/db-client/generated/status_pb.js';
import statusPb from '@eventstore/db-client/generated/status_pb.js';
import type { BatchAppendReq, BatchAppendResp } from '@eventstore/db-client/generated/streams_pb.js';
import streams from '@eventstore/db-client/generated/streams_pb.js';
import { type ServerDuplexStream, status } from '@grpc/grpc-js';
import anyPb from 'google-protobuf/google/protobuf/any_pb.js';
import emptyPb from 'google-protobuf/google/protobuf/empty_pb.js';
import type { Expected, Outcome, ProposedEvent } from '../event.ts';
import { NO_STREAM } from '../event.ts';
import {
  APPEND_BYTES_MAX,
  BadRequest,
  checkedAppend,
  checkedCount,
  expectedOf,
  grpcError,
  NotServed,
  proposedEventOf,
  sizeOf,
  streamNameOf,
  toStreamIdentifier,
  uuidOf,
} from '../wire.ts';
import type { Writer } from '../writer.ts';

/** What appends that miss their last chunk may hold together, on one call. */
const UNFINISHED_BYTES_MAX = 64 * 1024 * 1024;
const FULL_RETRY_MS = 10;

/** An append whose last chunk has not come yet. */
interface Draft {
  readonly request: BatchAppendReq;
  readonly events: ProposedEvent[];
  bytes: number;
  /** The first thing that was wrong with it; told when it is complete. */
  flaw?: Outcome | { readonly kind: 'tooLarge' } | { readonly kind: 'notServed'; readonly because: string };
}

type Result = Outcome | NonNullable<Draft['flaw']>;

export async function batchAppend(
  writer: Writer,
  call: ServerDuplexStream<BatchAppendReq, BatchAppendResp>,
  signal: AbortSignal,
): Promise<void> {
  const drafts = new Map<string, Draft>();
  const underWay = new Set<Promise<void>>();
  let unfinishedBytes = 0;
  for await (const request of call as AsyncIterable<BatchAppendReq>) {
    const id = uuidOf(request.getCorrelationId());
    const draft = drafts.get(id) ?? { request, events: [], bytes: 0 };
    drafts.set(id, draft);
    unfinishedBytes -= draft.bytes;
    collect(draft, request);
    unfinishedBytes += draft.bytes;
    if (unfinishedBytes > UNFINISHED_BYTES_MAX) throw grpcError(status.RESOURCE_EXHAUSTED, 'Too many unfinished appends.');
    if (!request.getIsFinal()) continue;
    drafts.delete(id);
    unfinishedBytes -= draft.bytes;
    while (writer.isFull && !signal.aborted) await sleep(FULL_RETRY_MS);
    const answered = settle(writer, draft).then(response => void (call.writable && call.write(response)));
    underWay.add(answered);
    answered.finally(() => underWay.delete(answered));
    if (call.writableNeedDrain) await once(call, 'drain', { signal });
  }
  await Promise.all(underWay);
}

function collect(draft: Draft, request: BatchAppendReq): void {
  try {
    for (const message of request.getProposedMessagesList()) {
      if (draft.flaw) break;
      const event = proposedEventOf(message);
      draft.bytes += sizeOf(event);
      draft.events.push(event);
      if (draft.bytes > APPEND_BYTES_MAX) draft.flaw = { kind: 'tooLarge' };
      checkedCount(draft.events.length);
    }
  } catch (error) {
    draft.flaw = flawOf(error);
  }
  if (!draft.flaw) return;
  draft.events.length = 0;
  draft.bytes = 0;
}

async function settle(writer: Writer, draft: Draft): Promise<BatchAppendResp> {
  const options = draft.request.getOptions();
  const explicit = options?.hasStreamPosition() ? options.getStreamPosition() : undefined;
  const expected = options ? expectedOf(options, explicit) : 'any';
  const response = new streams.BatchAppendResp().setCorrelationId(draft.request.getCorrelationId());
  try {
    const stream = streamNameOf(options?.getStreamIdentifier());
    response.setStreamIdentifier(toStreamIdentifier(stream));
    const deadlineMs = options?.getDeadline()?.toDate().getTime() ?? Number.POSITIVE_INFINITY;
    const wish = checkedAppend({ stream, expected, events: draft.events });
    return fill(response, expected, draft.flaw ?? (await writer.append(wish, deadlineMs)));
  } catch (error) {
    if (!response.hasStreamIdentifier()) response.setStreamIdentifier(options?.getStreamIdentifier() ?? new shared.StreamIdentifier());
    return fill(response, expected, flawOf(error));
  }
}

function flawOf(error: unknown): NonNullable<Draft['flaw']> {
  if (error instanceof BadRequest) return { kind: 'refused', because: error.message };
  if (error instanceof NotServed) return { kind: 'notServed', because: error.message };
  return { kind: 'unavailable', because: String(error) };
}

function fill(response: BatchAppendResp, expected: Expected, result: Result): BatchAppendResp {
  switch (result.kind) {
    case 'appended':
      return response.setSuccess(successOf(result));
    case 'wrongRevision':
      return response.setError(wrongVersionOf(expected, result.actual));
    case 'tooLarge':
      return response.setError(failure(status.INVALID_ARGUMENT, 'The append is too large.', 'MaximumAppendSizeExceeded', sizeLimit()));
    // The client tells the sentence only of a failure it does not know by name.
    case 'refused':
      return response.setError(failure(status.INVALID_ARGUMENT, result.because, 'BadRequest', new shared.BadRequest()));
    case 'notServed':
      return response.setError(failure(status.UNIMPLEMENTED, result.because, 'BadRequest', new shared.BadRequest()));
    // Of the failures the client knows, a time-out alone means "unknown or not written: send the same ids again".
    case 'unavailable':
      return response.setError(failure(status.UNAVAILABLE, result.because, 'Timeout', new shared.Timeout()));
    case 'late':
      return response.setError(
        failure(status.DEADLINE_EXCEEDED, 'The append was not acknowledged before its deadline.', 'Timeout', new shared.Timeout()),
      );
  }
}

function successOf({ revision, position }: Outcome & { kind: 'appended' }): BatchAppendResp.Success {
  const success = new streams.BatchAppendResp.Success();
  if (revision === NO_STREAM) success.setNoStream(new emptyPb.Empty());
  else success.setCurrentRevision(revision.toString());
  if (position === undefined) return success.setNoPosition(new emptyPb.Empty());
  const text = position.toString();
  return success.setPosition(new shared.AllStreamPosition().setCommitPosition(text).setPreparePosition(text));
}

function wrongVersionOf(expected: Expected, actual: bigint): Status {
  const wrong = new shared.WrongExpectedVersion();
  if (actual === NO_STREAM) wrong.setCurrentNoStream(new emptyPb.Empty());
  else wrong.setCurrentStreamRevision(actual.toString());
  if (expected === 'any') wrong.setExpectedAny(new emptyPb.Empty());
  else if (expected === 'no_stream') wrong.setExpectedNoStream(new emptyPb.Empty());
  else if (expected === 'stream_exists') wrong.setExpectedStreamExists(new emptyPb.Empty());
  else wrong.setExpectedStreamPosition(expected.toString());
  return failure(status.ALREADY_EXISTS, 'The stream is not at the expected revision.', 'WrongExpectedVersion', wrong);
}

function sizeLimit(): InstanceType<typeof shared.MaximumAppendSizeExceeded> {
  return new shared.MaximumAppendSizeExceeded().setMaxappendsize(APPEND_BYTES_MAX);
}

function failure(code: status, message: string, name: string, details: { serializeBinary(): Uint8Array }): Status {
  const packed = new anyPb.Any();
  packed.pack(details.serializeBinary(), `event_store.client.${name}`);
  return new statusPb.Status()
    .setCode(code as number)
    .setMessage(message)
    .setDetails(packed);
}
