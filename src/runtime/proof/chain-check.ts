/** Walks the log beside its kept chain and its signed heads, and names the first place where they part. */
import { BLOCK_EVENTS, type Block, DIGEST_BYTES, digestOf, genesis, linked } from './chain.ts';
import type { SignedHead } from './heads.ts';
import type { FoundEvent } from './table-log.ts';

/** Kept digests that are looked through for an event whose predecessors are missing. */
const LOOK_AHEAD = 4 * BLOCK_EVENTS;

interface Kept {
  readonly digest: Buffer;
  /** Place in the chain, from 1. */
  readonly place: number;
  /** The block that this digest is the last of. */
  readonly ends?: Block;
}

export class ChainCheck {
  readonly #blocks: AsyncIterator<Block>;
  /** In the order of what they vouch for. */
  readonly #heads: readonly SignedHead[];
  #nextHead = 0;
  #kept: Kept[] = [];
  #hash: Buffer;
  #place = 0;
  #position = 0n;
  /** Something was found that the hashes of this block cannot agree with: it is told once. */
  #parted = false;
  #agreed: SignedHead | undefined;

  constructor(logId: string, blocks: AsyncIterable<Block>, heads: readonly SignedHead[]) {
    this.#blocks = blocks[Symbol.asyncIterator]();
    this.#heads = heads.toSorted((a, b) => a.events - b.events);
    this.#hash = genesis(logId);
  }

  /** The newest head that agrees with the log. */
  get agreed(): SignedHead | undefined {
    return this.#agreed;
  }

  /** Takes in the next event of the log. */
  async *take(event: FoundEvent): AsyncGenerator<string, void> {
    await this.#lookAhead();
    const digest = event.damage === undefined ? digestOf(event) : Buffer.alloc(DIGEST_BYTES);
    const ahead = this.#kept.findIndex(kept => kept.digest.equals(digest.subarray(0, DIGEST_BYTES)));
    if (ahead > 0) yield* this.#missing(ahead, event);
    if (ahead < 0 && this.#kept.length > 0) yield* this.#changed(event);
    const kept = this.#kept.shift();
    this.#place = kept?.place ?? this.#place + 1;
    this.#position = event.position;
    this.#hash = linked(this.#hash, digest);
    yield* this.#compareHeads();
    if (kept?.ends) yield* this.#endBlock(kept.ends);
  }

  /** Takes in that the log ended. */
  async *end(): AsyncGenerator<string, void> {
    await this.#lookAhead();
    if (this.#kept.length > 0) {
      let last = this.#kept.at(-1)?.ends;
      let missing = this.#kept.length;
      for (let next = await this.#blocks.next(); !next.done; next = await this.#blocks.next()) {
        last = next.value;
        missing += next.value.digests.length / DIGEST_BYTES;
      }
      yield `after position ${this.#position}: ${missing} events are missing at the end, the chain goes on to position ${last?.position}`;
    }
    const beyond = this.#heads.findLast(({ events }) => events > this.#place);
    if (beyond !== undefined && this.#kept.length === 0)
      yield `after position ${this.#position}: the head signed at ${beyond.at} vouches for ${beyond.events} events up to position ${beyond.position}, the log holds ${this.#place}`;
  }

  async #lookAhead(): Promise<void> {
    while (this.#kept.length < LOOK_AHEAD) {
      const { value: block, done } = await this.#blocks.next();
      if (done) return;
      const count = block.digests.length / DIGEST_BYTES;
      for (let index = 0; index < count; index++) {
        const digest = block.digests.subarray(index * DIGEST_BYTES, (index + 1) * DIGEST_BYTES);
        this.#kept.push({ digest, place: block.events - count + index + 1, ...(index === count - 1 && { ends: block }) });
      }
    }
  }

  *#missing(count: number, { position }: FoundEvent): Iterable<string> {
    yield `position ${position}: ${count} ${count === 1 ? 'event that was' : 'events that were'} chained after position ${this.#position} ${count === 1 ? 'is' : 'are'} missing before it`;
    for (const { ends } of this.#kept.splice(0, count)) if (ends) this.#hash = ends.hash;
    this.#parted = true;
  }

  *#changed({ position, stream, revision, type, damage }: FoundEvent): Iterable<string> {
    yield `position ${position}: ${type} (${stream}, revision ${revision}) is not what was chained${damage === undefined ? '' : `: ${damage}`}`;
    this.#parted = true;
  }

  /** The hash goes on from what was kept, so that one fault does not hide what comes after it. */
  *#endBlock(block: Block): Iterable<string> {
    if (!this.#parted && !block.hash.equals(this.#hash))
      yield `position ${block.position}: the hash kept with block ${block.number} of the chain is not that of its events`;
    this.#hash = block.hash;
    this.#parted = false;
  }

  *#compareHeads(): Iterable<string> {
    for (let head = this.#heads[this.#nextHead]; head && head.events <= this.#place; head = this.#heads[++this.#nextHead]) {
      if (this.#parted || head.events < this.#place) continue;
      if (head.hash === this.#hash.toString('hex') && head.position === `${this.#position}`) this.#agreed = head;
      else {
        yield `position ${head.position}: the head signed at ${head.at} vouches for other events than the log holds; the last that agrees is ${this.#agreed === undefined ? 'none' : `the one of position ${this.#agreed.position}`}`;
        this.#parted = true;
      }
    }
  }
}
