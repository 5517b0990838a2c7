/** Append: one append a call, streamed as a header and one message an event. */

import shared from '@eventstore/db-client/generated/shared_pb.js';
import type { AppendReq, AppendResp } from '@eventstore/db-client/generated/streams_pb.js';
import streams from '@eventstore/db-client/generated/streams_pb.js';
import { type ServerReadableStream, type sendUnaryData, status } from '@grpc/grpc-js';
import type { Append, Expected, Outcome, ProposedEvent } from '../event.ts';
import { NO_STREAM } from '../event.ts';
import {
  APPEND_BYTES_MAX,
  BadRequest,
  checkedAppend,
  checkedCount,
  expectedOf,
  grpcError,
  proposedEventOf,
  sizeOf,
  streamNameOf,
  toGrpcError,
} from '../wire.ts';
import type { Writer } from '../writer.ts';

export async function append(
  writer: Writer,
  call: ServerReadableStream<AppendReq, AppendResp>,
  respond: sendUnaryData<AppendResp>,
): Promise<void> {
  try {
    const wish = await collect(call);
    respond(null, responseOf(wish.expected, await writer.append(wish, Number(call.getDeadline()))));
  } catch (error) {
    // When the client is gone, nobody reads an answer.
    if (!call.cancelled) respond(toGrpcError(error));
  }
}

async function collect(call: ServerReadableStream<AppendReq, AppendResp>): Promise<Append> {
  let header: Pick<Append, 'stream' | 'expected'> | undefined;
  const events: ProposedEvent[] = [];
  let bytes = 0;
  for await (const request of call as AsyncIterable<AppendReq>) {
    const options = request.getOptions();
    if (options) {
      const explicit = options.hasRevision() ? options.getRevision() : undefined;
      header = { stream: streamNameOf(options.getStreamIdentifier()), expected: expectedOf(options, explicit) };
    }
    const message = request.getProposedMessage();
    if (!message) continue;
    const event = proposedEventOf(message);
    bytes += sizeOf(event);
    if (bytes > APPEND_BYTES_MAX) throw tooLarge();
    checkedCount(events.push(event));
  }
  if (!header) throw new BadRequest('An append begins with its options.');
  return checkedAppend({ ...header, events });
}

function responseOf(expected: Expected, outcome: Outcome): AppendResp {
  switch (outcome.kind) {
    case 'appended':
      return new streams.AppendResp().setSuccess(successOf(outcome));
    case 'wrongRevision':
      return new streams.AppendResp().setWrongExpectedVersion(wrongVersionOf(expected, outcome.actual));
    case 'refused':
      throw grpcError(status.INVALID_ARGUMENT, outcome.because);
    case 'unavailable':
      throw grpcError(status.UNAVAILABLE, outcome.because);
    case 'late':
      throw grpcError(status.DEADLINE_EXCEEDED, 'The append was not acknowledged before its deadline.');
  }
}

function successOf({ revision, position }: Outcome & { kind: 'appended' }): AppendResp.Success {
  const success = new streams.AppendResp.Success();
  if (revision === NO_STREAM) success.setNoStream(new shared.Empty());
  else success.setCurrentRevision(revision.toString());
  if (position === undefined) return success.setNoPosition(new shared.Empty());
  const text = position.toString();
  return success.setPosition(new streams.AppendResp.Position().setCommitPosition(text).setPreparePosition(text));
}

function wrongVersionOf(expected: Expected, actual: bigint): AppendResp.WrongExpectedVersion {
  const wrong = new streams.AppendResp.WrongExpectedVersion();
  if (actual === NO_STREAM) wrong.setCurrentNoStream(new shared.Empty());
  else wrong.setCurrentRevision(actual.toString());
  if (expected === 'any') return wrong.setExpectedAny(new shared.Empty());
  if (expected === 'no_stream') return wrong.setExpectedNoStream(new shared.Empty());
  if (expected === 'stream_exists') return wrong.setExpectedStreamExists(new shared.Empty());
  return wrong.setExpectedRevision(expected.toString());
}

function tooLarge(): Error {
  return grpcError(status.INVALID_ARGUMENT, `An append may have ${APPEND_BYTES_MAX} bytes, no more.`, {
    exception: 'maximum-append-size-exceeded',
    'maximum-append-size': String(APPEND_BYTES_MAX),
  });
}
