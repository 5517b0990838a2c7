/** Between the client's protobuf messages and the node's own words. The only file that knows both. */
import { isUtf8 } from 'node:buffer';
import type { StreamIdentifier, UUID } from '@eventstore/db-client/generated/shared_pb.js';
import shared from '@eventstore/db-client/generated/shared_pb.js';
import type { AppendReq, BatchAppendReq, ReadResp } from '@eventstore/db-client/generated/streams_pb.js';
import streams from '@eventstore/db-client/generated/streams_pb.js';
import { Metadata, type ServiceError, status } from '@grpc/grpc-js';
import type { Append, Expected, ProposedEvent, RecordedEvent } from './event.ts';

/** EventStoreDB's own default: data, metadata and twice the length of the type, summed over one append. */
export const APPEND_BYTES_MAX = 1024 * 1024;
/** Keeps one append's transaction short, however small its events. */
const APPEND_EVENTS_MAX = 10_000;
/** Keeps (stream, revision) within a row of a Postgres index. */
const NAME_BYTES_MAX = 1_000;
const TICKS_PER_MS = 10_000n;
const UUID_FORM = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const NUL = '\u0000';

/** The request breaks the node's rules for good. */
export class BadRequest extends Error {
  override readonly name = 'BadRequest';
}

/** A part of EventStoreDB that this node does not serve. */
export class NotServed extends Error {
  override readonly name = 'NotServed';
}

/** A gRPC error as the client's error classes expect it: the `exception` trailer chooses the class. */
export function grpcError(code: status, details: string, trailers: Readonly<Record<string, string>> = {}): ServiceError {
  const metadata = new Metadata();
  for (const [name, value] of Object.entries(trailers)) metadata.set(name, value);
  return Object.assign(new Error(details), { code, details, metadata });
}

/** Whatever went wrong, as gRPC says it; what is neither ours nor a bug was Postgres failing. */
export function toGrpcError(error: unknown): ServiceError {
  if (isGrpcError(error)) return error;
  if (error instanceof BadRequest) return grpcError(status.INVALID_ARGUMENT, error.message);
  if (error instanceof NotServed) return grpcError(status.UNIMPLEMENTED, error.message);
  if (error instanceof TypeError || error instanceof RangeError) return grpcError(status.INTERNAL, error.message);
  return grpcError(status.UNAVAILABLE, `The event store cannot reach its database: ${error instanceof Error ? error.message : error}`);
}

function isGrpcError(error: unknown): error is ServiceError {
  return error instanceof Error && 'details' in error && 'metadata' in error;
}

/** @throws BadRequest, NotServed */
export function streamNameOf(identifier: StreamIdentifier | undefined): string {
  const bytes = identifier?.getStreamName_asU8() ?? new Uint8Array();
  if (!isUtf8(bytes)) throw new BadRequest('A stream name must be UTF-8.');
  return nameOf(Buffer.from(bytes).toString('utf8'), 'stream name');
}

function nameOf(name: string, what: string): string {
  if (name === '' || name.includes(NUL) || !name.isWellFormed()) throw new BadRequest(`A ${what} must be text without NUL, and not empty.`);
  if (Buffer.byteLength(name) > NAME_BYTES_MAX) throw new BadRequest(`A ${what} may have ${NAME_BYTES_MAX} bytes, no more.`);
  return name;
}

/** Lower-case text from a string or from two signed 64-bit halves. @throws BadRequest */
export function uuidOf(uuid: UUID | undefined): string {
  const structured = uuid?.getStructured();
  const text = structured
    ? uuidOfHalves(structured.getMostSignificantBits(), structured.getLeastSignificantBits())
    : uuid?.getString().toLowerCase();
  if (!text || !UUID_FORM.test(text)) throw new BadRequest('An id must be a UUID.');
  return text;
}

function uuidOfHalves(most: string, least: string): string {
  const hex = [most, least].map(half => BigInt.asUintN(64, BigInt(half)).toString(16).padStart(16, '0')).join('');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}

export function toUuid(text: string, structured = false): UUID {
  const uuid = new shared.UUID();
  if (!structured) return uuid.setString(text);
  const hex = text.replaceAll('-', '');
  const half = (digits: string) => BigInt.asIntN(64, BigInt(`0x${digits}`)).toString();
  return uuid.setStructured(
    new shared.UUID.Structured().setMostSignificantBits(half(hex.slice(0, 16))).setLeastSignificantBits(half(hex.slice(16))),
  );
}

/** @throws BadRequest */
export function proposedEventOf(message: AppendReq.ProposedMessage | BatchAppendReq.ProposedMessage): ProposedEvent {
  const properties = message.getMetadataMap();
  return {
    id: uuidOf(message.getId()),
    type: nameOf(properties.get('type') ?? '', 'type'),
    isJson: properties.get('content-type') === 'application/json',
    data: message.getData_asU8(),
    metadata: message.getCustomMetadata_asU8(),
  };
}

export function sizeOf({ type, data, metadata }: ProposedEvent): number {
  return data.length + metadata.length + 2 * type.length;
}

/** @throws BadRequest */
export function checkedCount(events: number): void {
  if (events > APPEND_EVENTS_MAX) throw new BadRequest(`An append may have ${APPEND_EVENTS_MAX} events, no more.`);
}

/** @throws NotServed */
export function checkedAppend(append: Append): Append {
  if (append.stream.startsWith('$$')) throw new NotServed('This node does not serve stream metadata.');
  return append;
}

/** The four ways to expect a revision; Append and BatchAppend name the explicit one differently. */
export function expectedOf(
  options: { hasNoStream(): boolean; hasAny(): boolean; hasStreamExists(): boolean },
  explicit: string | undefined,
): Expected {
  if (explicit !== undefined) return BigInt(explicit);
  if (options.hasNoStream()) return 'no_stream';
  return options.hasStreamExists() ? 'stream_exists' : 'any';
}

export function eventMessage(event: RecordedEvent, structuredIds: boolean): ReadResp {
  const position = event.position.toString();
  const recorded = new streams.ReadResp.ReadEvent.RecordedEvent()
    .setId(toUuid(event.id, structuredIds))
    .setStreamIdentifier(toStreamIdentifier(event.stream))
    .setStreamRevision(event.revision.toString())
    .setCommitPosition(position)
    .setPreparePosition(position)
    .setData(event.data)
    .setCustomMetadata(event.metadata);
  recorded
    .getMetadataMap()
    .set('type', event.type)
    .set('content-type', event.isJson ? 'application/json' : 'application/octet-stream')
    .set('created', (BigInt(event.createdMs) * TICKS_PER_MS).toString());
  return new streams.ReadResp().setEvent(new streams.ReadResp.ReadEvent().setEvent(recorded).setCommitPosition(position));
}

export function toStreamIdentifier(stream: string): StreamIdentifier {
  return new shared.StreamIdentifier().setStreamName(Buffer.from(stream, 'utf8'));
}

export function checkpointMessage(position: bigint): ReadResp {
  const text = position.toString();
  return new streams.ReadResp().setCheckpoint(new streams.ReadResp.Checkpoint().setCommitPosition(text).setPreparePosition(text));
}

export function confirmationMessage(id: string): ReadResp {
  return new streams.ReadResp().setConfirmation(new streams.ReadResp.SubscriptionConfirmation().setSubscriptionId(id));
}

export function caughtUpMessage(): ReadResp {
  return new streams.ReadResp().setCaughtUp(new streams.ReadResp.CaughtUp());
}

export function fellBehindMessage(): ReadResp {
  return new streams.ReadResp().setFellBehind(new streams.ReadResp.FellBehind());
}

export function streamNotFoundMessage(stream: string): ReadResp {
  return new streams.ReadResp().setStreamNotFound(new streams.ReadResp.StreamNotFound().setStreamIdentifier(toStreamIdentifier(stream)));
}
