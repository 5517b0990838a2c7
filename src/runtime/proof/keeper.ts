/** Keeps the chain in the database up to the log, and signs its head on a schedule. */
import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import type { Clock } from '../clock.ts';
import type { EventLog } from '../event-log/port.ts';
import { Ownership } from '../ownership.ts';
import { persistently } from '../persistently.ts';
import { lastBlock, storeBlocks } from './blocks.ts';
import { type Block, extended } from './chain.ts';
import type { HeadWriter } from './heads.ts';

export interface ChainOptions {
  /** The log as it is stored. */
  readonly log: Pick<EventLog, 'identity' | 'follow'>;
  readonly pool: pg.Pool;
  readonly heads: HeadWriter;
  readonly clock: Clock;
  readonly logger?: { warn(fields: object, message: string): void };
  /** Milliseconds between two signed heads; a minute unless a test says otherwise. */
  readonly signEveryMs?: number;
}

export interface ChainKeeper {
  /** Signs what is chained and ends. */
  stop(): Promise<void>;
}

const BATCH_MAX = 1_000;
/** Nobody waits for the chain, and events that are taken together cost one transaction. */
const GATHER_MS = 250;
const SIGN_EVERY_MS = 60_000;

/** Only one process of those on a database keeps the chain; the others wait until it is gone. */
export function keepChain(options: ChainOptions): ChainKeeper {
  const stopping = new AbortController();
  const persistence = { interrupted: 'the chain over the log is interrupted', logger: options.logger, signal: stopping.signal };
  const running = persistently(persistence, () => claim(options, stopping.signal));
  return {
    stop: () => {
      stopping.abort();
      return running;
    },
  };
}

async function claim(options: ChainOptions, signal: AbortSignal): Promise<'again'> {
  const owner = await Ownership.claim(options.pool, 'proof', signal);
  if (owner !== undefined) await reign(options, owner, signal).finally(() => owner.release());
  return 'again';
}

async function reign(options: ChainOptions, owner: Ownership, signal: AbortSignal): Promise<void> {
  const chain = await Chain.begin(options, owner);
  const failed = new AbortController();
  const ending = AbortSignal.any([signal, failed.signal]);
  const loops = [chain.follow(ending), chain.signOnSchedule(ending)];
  try {
    await Promise.all(loops);
  } finally {
    failed.abort();
    await Promise.allSettled(loops);
    if (signal.aborted) await chain.sign();
  }
}

class Chain {
  readonly #options: ChainOptions;
  readonly #owner: Ownership;
  readonly #logId: string;
  #last: Block | undefined;
  #signed = 0;

  private constructor(options: ChainOptions, owner: Ownership, logId: string, last: Block | undefined) {
    this.#options = options;
    this.#owner = owner;
    this.#logId = logId;
    this.#last = last;
  }

  static async begin(options: ChainOptions, owner: Ownership): Promise<Chain> {
    const logId = await options.log.identity();
    const kept = await owner.transaction(client => lastBlock(client));
    if (kept !== undefined && kept.logId !== logId)
      throw new Error(`The chain in this database is of the log ${kept.logId}, connected is ${logId}`);
    return new Chain(options, owner, logId, kept?.block);
  }

  async follow(signal: AbortSignal): Promise<void> {
    for await (const events of this.#options.log.follow(this.#last?.position, { signal, batchMax: BATCH_MAX })) {
      const blocks = extended(this.#last, this.#logId, events);
      await this.#owner.transaction(async client => {
        // What a crash of Postgres takes back is chained again from the log.
        await client.query('set local synchronous_commit = off');
        await storeBlocks(client, this.#logId, blocks);
      });
      this.#last = blocks.at(-1) ?? this.#last;
      if (events.length < BATCH_MAX) await sleep(GATHER_MS, undefined, { signal }).catch(() => undefined);
    }
  }

  async signOnSchedule(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.sign();
      await sleep(this.#options.signEveryMs ?? SIGN_EVERY_MS, undefined, { signal }).catch(() => undefined);
    }
  }

  /** Signs the present head unless it is signed already. */
  async sign(): Promise<void> {
    const last = this.#last;
    if (last === undefined || last.events === this.#signed) return;
    const { events, position, hash } = last;
    const at = this.#options.clock.now();
    await this.#options.heads.add({ logId: this.#logId, position: `${position}`, events, hash: hash.toString('hex'), at });
    this.#signed = events;
  }
}
