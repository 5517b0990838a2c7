/**
 * The hash chain over the log: each event's digest is hashed together with the hash before it, so that the last hash vouches
 * for every event in its place. Digests are over RFC 8785 canonical JSON of the event as it is stored: personal texts stay
 * sealed, and whoever verifies needs no key.
 */
import { createHash } from 'node:crypto';
import canonicalize from 'canonicalize';
import type { StoredEvent } from '../event-log/port.ts';

/** Bytes of each event's digest that are kept, so that a changed event is told from its neighbours. */
export const DIGEST_BYTES = 8;
/** Events whose digests are kept together. */
export const BLOCK_EVENTS = 256;

const sha256 = (...parts: readonly (string | Buffer)[]): Buffer =>
  parts.reduce((hash, part) => hash.update(part), createHash('sha256')).digest();

/** The hash before the first event. */
export const genesis = (logId: string): Buffer => sha256(`throughline chain 1 ${logId}`);

export function digestOf({ position, stream, revision, id, type, data, metadata }: StoredEvent): Buffer {
  const text = canonicalize({ position: position.toString(), stream, revision, id, type, data, metadata });
  if (text === undefined) throw new Error(`The event at position ${position} is no JSON`);
  return sha256(text);
}

/** The hash after an event with this digest. */
export const linked = (before: Buffer, digest: Buffer): Buffer => sha256(before, digest);

/** How far the chain is kept. */
export interface Link {
  /** Events chained, which is also the place of the last one in the chain, from 1. */
  readonly events: number;
  /** Position of the last event; undefined before the first. */
  readonly position: bigint | undefined;
  /** Hash after the last event. */
  readonly hash: Buffer;
}

/** A piece of the chain: up to BLOCK_EVENTS events, of which the last block may still have fewer. */
export interface Block extends Link {
  /** From 0. */
  readonly number: number;
  /** DIGEST_BYTES of each event. */
  readonly digests: Buffer;
}

/** The blocks that events add to or change, given the last block there is. */
export function extended(last: Block | undefined, logId: string, events: readonly StoredEvent[]): readonly Block[] {
  const blocks: Block[] = [];
  let block = last ?? { number: 0, events: 0, position: undefined, hash: genesis(logId), digests: Buffer.alloc(0) };
  for (const event of events) {
    const digest = digestOf(event);
    const isFull = block.digests.length === BLOCK_EVENTS * DIGEST_BYTES;
    if (isFull) blocks.push(block);
    block = {
      number: isFull ? block.number + 1 : block.number,
      events: block.events + 1,
      position: event.position,
      hash: linked(block.hash, digest),
      digests: Buffer.concat([isFull ? Buffer.alloc(0) : block.digests, digest.subarray(0, DIGEST_BYTES)]),
    };
  }
  return events.length === 0 ? [] : [...blocks, block];
}
