/**
 * The one writer of the log. Whatever arrived while the last transaction ran becomes the next one (group commit): positions
 * are assigned here, in memory, so they have no gaps and become visible in order.
 *
 * When a write fails the connection is given up, because only Postgres knows what became of it: the appends are answered as
 * unavailable, and nothing is written until the lock was taken again and the log's end read anew.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import type { Append, Outcome } from './event.ts';
import { NO_STREAM } from './event.ts';
import { Group, type Slot } from './group.ts';
import { abandon, type Lead, RECENT_IDS_MAX, takeLead } from './lead.ts';
import { insertEvents } from './schema.ts';
import type { Tail } from './tail.ts';

const GROUP_EVENTS_MAX = 4_000;
const GROUP_BYTES_MAX = 8 * 1024 * 1024;
const QUEUE_APPENDS_MAX = 10_000;
const QUEUE_BYTES_MAX = 64 * 1024 * 1024;
const HEADS_MAX = 100_000;
const START_PATIENCE_MS = 3_000;
const BACK_OFF_MIN_MS = 50;
const BACK_OFF_MAX_MS = 2_000;
const DRAIN_MS = 2_000;
const TIMER_MAX_MS = 2 ** 31 - 1;

interface Pending {
  readonly append: Append;
  readonly bytes: number;
  readonly deadlineMs: number;
  readonly answer: (outcome: Outcome) => void;
}

export class Writer {
  readonly #databaseUrl: string;
  readonly #node: string;
  readonly #tail: Tail;
  readonly #stopping = new AbortController();
  #lead: Lead | undefined;
  #running: Promise<void> | undefined;
  #queue: Pending[] = [];
  #queuedBytes = 0;
  /** Newest revisions by stream, least recently used first. */
  readonly #heads = new Map<string, bigint>();
  /** Newest slots by event id, oldest first. */
  readonly #recent = new Map<string, Slot>();

  private constructor(databaseUrl: string, node: string, tail: Tail) {
    this.#databaseUrl = databaseUrl;
    this.#node = node;
    this.#tail = tail;
  }

  /** @throws AnotherNodeWrites, UnfitDatabase, or what Postgres says */
  static async start(databaseUrl: string, node: string, tail: Tail): Promise<Writer> {
    const writer = new Writer(databaseUrl, node, tail);
    writer.#assume(await takeLead(databaseUrl, node, START_PATIENCE_MS));
    return writer;
  }

  get isFull(): boolean {
    return this.#queue.length >= QUEUE_APPENDS_MAX || this.#queuedBytes >= QUEUE_BYTES_MAX;
  }

  /** Answers when the append is flushed or known to fail, at the deadline (Unix milliseconds) at the latest. */
  append(append: Append, deadlineMs: number): Promise<Outcome> {
    if (this.#stopping.signal.aborted) return Promise.resolve(unavailable('the node is stopping'));
    if (!this.#lead) return Promise.resolve(unavailable('the node has no connection to PostgreSQL'));
    if (this.isFull) return Promise.resolve(unavailable('the node is busy'));
    const { promise, resolve } = Promise.withResolvers<Outcome>();
    const timer = setTimeout(resolve, Math.min(Math.max(deadlineMs - Date.now(), 0), TIMER_MAX_MS), { kind: 'late' });
    const answer = (outcome: Outcome) => {
      clearTimeout(timer);
      resolve(outcome);
    };
    const bytes = append.events.reduce((sum, { data, metadata }) => sum + data.length + metadata.length, 0);
    this.#queue.push({ append, bytes, deadlineMs, answer });
    this.#queuedBytes += bytes;
    this.#running ??= this.#run();
    return promise;
  }

  /** Writes what is queued, within a bound, and gives the lock back. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await Promise.race([this.#running, sleep(DRAIN_MS, undefined, { ref: false })]);
    this.#refuseQueued('the node is stopping');
    if (this.#lead) abandon(this.#lead.client);
    this.#lead = undefined;
  }

  async #run(): Promise<void> {
    // Let everything that arrived in the same turn of the event loop join the first group.
    await new Promise(setImmediate);
    while (this.#lead && this.#queue.length > 0) await this.#settle(this.#lead, this.#takeGroup());
    this.#running = undefined;
  }

  #takeGroup(): Pending[] {
    let events = 0;
    let bytes = 0;
    const end = this.#queue.findIndex(pending => {
      events += pending.append.events.length;
      bytes += pending.bytes;
      return events > GROUP_EVENTS_MAX || bytes > GROUP_BYTES_MAX;
    });
    // The first append goes even if it is larger than a group should be.
    const group = this.#queue.splice(0, end < 0 ? this.#queue.length : Math.max(end, 1));
    this.#queuedBytes -= group.reduce((sum, pending) => sum + pending.bytes, 0);
    // Who waited past the deadline was told so; writing now would only surprise.
    return group.filter(({ deadlineMs }) => deadlineMs > Date.now());
  }

  async #settle(lead: Lead, pending: readonly Pending[]): Promise<void> {
    if (pending.length === 0) return;
    try {
      const outcomes = await this.#commit(
        lead,
        pending.map(({ append }) => append),
      );
      for (const [index, { answer }] of pending.entries()) answer(outcomes[index]!);
    } catch (error) {
      if (!isRefusedByPostgres(error)) return this.#fail(lead, pending, error);
      // One of them holds what Postgres will not store, and nothing was written: halving finds it, so that it fails alone.
      if (pending.length === 1) return pending[0]?.answer({ kind: 'refused', because: error.message });
      const middle = pending.length / 2;
      await this.#settle(lead, pending.slice(0, middle));
      await this.#settle(lead, pending.slice(middle));
    }
  }

  async #commit(lead: Lead, appends: readonly Append[]): Promise<Outcome[]> {
    const heads = await this.#headsOf(lead, appends);
    const slots = await slotsOf(lead, appends, heads);
    const group = new Group({
      head: this.#tail.head,
      heads,
      slotAt: (stream, revision) => slots.get(`${revision}@${stream}`),
      slotOf: id => this.#recent.get(id),
    });
    const nowMs = Date.now();
    const outcomes = appends.map(append => group.place(append, nowMs));
    if (group.events.length > 0) {
      await insertEvents(lead.client, group.events);
      // The log may have been read anew already, with these events in it.
      if (this.#lead !== lead) throw new Error('the connection ended');
      this.#remember(group.events);
      this.#tail.publish(group.events);
    }
    return outcomes;
  }

  async #headsOf(lead: Lead, appends: readonly Append[]): Promise<Map<string, bigint>> {
    const streams = new Set(appends.map(({ stream }) => stream));
    const missing = [...streams].filter(stream => !this.#heads.has(stream));
    if (missing.length > 0) {
      const { rows } = await lead.client.query<[string, string | null]>({
        name: 'heads',
        text: `select stream, (select e.revision from eventstore.events e where e.stream = asked.stream order by e.revision desc limit 1)
               from unnest($1::text[]) as asked(stream)`,
        values: [missing],
        rowMode: 'array',
      });
      for (const [stream, revision] of rows) this.#heads.set(stream, revision === null ? NO_STREAM : BigInt(revision));
    }
    const heads = new Map([...streams].map(stream => [stream, this.#heads.get(stream) ?? NO_STREAM]));
    forgetOldest(this.#heads, HEADS_MAX);
    return heads;
  }

  #remember(events: readonly Slot[]): void {
    for (const { id, stream, revision, position } of events) {
      this.#heads.delete(stream);
      this.#heads.set(stream, revision);
      this.#recent.set(id, { id, stream, revision, position });
    }
    forgetOldest(this.#recent, RECENT_IDS_MAX);
  }

  #assume(lead: Lead): void {
    this.#heads.clear();
    this.#recent.clear();
    for (const slot of lead.recent) this.#recent.set(slot.id, slot);
    this.#tail.restart(lead.head);
    this.#lead = lead;
    lead.client.once('end', () => this.#lose(lead));
  }

  #fail(lead: Lead, pending: readonly Pending[], error: unknown): void {
    console.error(`The event store's write failed, its outcome is unknown: ${messageOf(error)}`);
    this.#lose(lead);
    for (const { answer } of pending) answer(unavailable('the write was interrupted; whether it took effect is unknown'));
  }

  #lose(lead: Lead): void {
    if (this.#lead !== lead) return;
    this.#lead = undefined;
    abandon(lead.client);
    this.#refuseQueued('the node lost its connection to PostgreSQL');
    void this.#recover();
  }

  #refuseQueued(because: string): void {
    for (const { answer } of this.#queue.splice(0)) answer(unavailable(because));
    this.#queuedBytes = 0;
  }

  async #recover(): Promise<void> {
    const { signal } = this.#stopping;
    let complaint = '';
    for (let attempt = 0; !signal.aborted; attempt++) {
      try {
        const lead = await takeLead(this.#databaseUrl, this.#node, 0);
        return signal.aborted ? abandon(lead.client) : this.#assume(lead);
      } catch (error) {
        if (messageOf(error) !== complaint) console.error(`The event store cannot write: ${messageOf(error)}`);
        complaint = messageOf(error);
        await sleep(backOffMs(attempt), undefined, { signal }).catch(() => {});
      }
    }
  }
}

/** What stands at the revisions that appends claim although their streams are past them. */
async function slotsOf(lead: Lead, appends: readonly Append[], heads: ReadonlyMap<string, bigint>): Promise<Map<string, Slot>> {
  const claims = appends.flatMap(({ stream, expected, events }) => {
    const before = expected === 'no_stream' ? NO_STREAM : expected;
    return typeof before === 'bigint' && before < heads.get(stream)!
      ? [{ stream, first: before + 1n, last: before + BigInt(events.length) }]
      : [];
  });
  if (claims.length === 0) return new Map();
  const { rows } = await lead.client.query<[string, string, string, string]>({
    name: 'slots',
    text: `select distinct e.id, e.stream, e.revision, e.position
           from unnest($1::text[], $2::bigint[], $3::bigint[]) as claim(stream, first, last)
           join eventstore.events e on e.stream = claim.stream and e.revision between claim.first and claim.last`,
    values: [claims.map(({ stream }) => stream), claims.map(({ first }) => String(first)), claims.map(({ last }) => String(last))],
    rowMode: 'array',
  });
  return new Map(
    rows.map(([id, stream, revision, position]) => [
      `${revision}@${stream}`,
      { id, stream, revision: BigInt(revision), position: BigInt(position) },
    ]),
  );
}

/** Postgres said no to the data itself (data exception, constraint, program limit) and rolled back; the connection lives. */
function isRefusedByPostgres(error: unknown): error is pg.DatabaseError {
  // 23505 would mean that a slot was taken behind our back: then nothing we know holds.
  return error instanceof pg.DatabaseError && /^(22|23|54)/.test(error.code ?? '') && error.code !== '23505';
}

function forgetOldest(map: Map<string, unknown>, max: number): void {
  for (const key of map.keys()) {
    if (map.size <= max) return;
    map.delete(key);
  }
}

function backOffMs(attempt: number): number {
  const ceiling = Math.min(BACK_OFF_MIN_MS * 2 ** attempt, BACK_OFF_MAX_MS);
  return ceiling / 2 + (Math.random() * ceiling) / 2;
}

function unavailable(because: string): Outcome {
  return { kind: 'unavailable', because };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
