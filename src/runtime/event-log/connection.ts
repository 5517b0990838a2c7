import { BACKWARDS, END, EventStoreDBClient } from '@eventstore/db-client';
import { type Deadline, Overdue, pauseAfter, rest, within } from './patience.ts';
import { consume, type Lease } from './reading.ts';
import { isOfTheStore, sentenceOf, verdictOn } from './verdict.ts';

const PROBE_MS = 2_000;
/** Unanswered for so long, a call has the connection probed. */
const SUSPICION_MS = 2_000;
const RETIRE_MS = 1_000;
/** Failures in a row of one kind of work, not explained by the store, after which the client itself is no longer trusted. */
const STRIKES_MAX = 3;

export interface Logger {
  info(details: object, message: string): void;
  warn(details: object, message: string): void;
}

type Work = 'append' | 'read';

/**
 * The one client of the process. After a failure it is cold: it probes the store with one small call at a time, and all work
 * waits until that answers. So a store that is down or frozen is asked by one call instead of by all, nothing is written into
 * a connection that does not drain, and a fresh connection is warm before many appends use it at once.
 */
export class Connection {
  readonly #url: string;
  readonly #logger: Logger;
  readonly #strikes: Record<Work | 'probe', number> = { append: 0, read: 0, probe: 0 };
  readonly #closing = new AbortController();
  #current: { readonly client: EventStoreDBClient; readonly retire: AbortController };
  #ready: Promise<Lease> | undefined;
  /** What `#ready` came to; most work finds it so and waits for nothing. */
  #warmed: { readonly ready: Promise<Lease>; readonly lease: Lease } | undefined;
  #retirement: Promise<void> = Promise.resolve();
  /** Why the store did not answer last time; undefined while it does. */
  #trouble: string | undefined;

  /** @throws when the URL is no connection string of EventStoreDB */
  constructor(url: string, logger: Logger) {
    this.#url = url;
    this.#logger = logger;
    this.#current = this.#open();
  }

  /**
   * Does work once the connection is warm, with the milliseconds then left. A failure of unknown outcome makes it cold, and so
   * does work that goes unanswered for long; that work itself is waited for on, since slow is not lost, until its client is
   * given up.
   * @throws Overdue when the connection was not warm before the deadline; what the work throws
   */
  async use<T>(kind: Work, deadline: Deadline, work: (lease: Lease, leftMs: number) => Promise<T>): Promise<T> {
    const ready = (this.#ready ??= this.#warm());
    const lease = this.#warmed?.ready === ready ? this.#warmed.lease : await this.#awaited(ready, deadline);
    this.#warmed = { ready, lease };
    const suspicion = this.#suspect(kind, ready);
    try {
      const result = await work(lease, deadline.left);
      this.#strikes[kind] = 0;
      return result;
    } catch (error) {
      if (verdictOn(error).is === 'unknown') this.#cool(ready, kind, error);
      throw error;
    } finally {
      clearInterval(suspicion);
    }
  }

  async close(): Promise<void> {
    this.#closing.abort();
    this.#current.retire.abort();
    await this.#retirement;
    await retire(this.#current.client);
  }

  #open(): { client: EventStoreDBClient; retire: AbortController } {
    return { client: EventStoreDBClient.connectionString(this.#url), retire: new AbortController() };
  }

  async #awaited(ready: Promise<Lease>, deadline: Deadline): Promise<Lease> {
    try {
      return await within(deadline.left, 'connecting', ready);
    } catch (error) {
      throw error instanceof Overdue && this.#trouble !== undefined ? new Overdue(this.#trouble) : error;
    }
  }

  /** Probes until the store answers. Everybody waits for the same probe, so that they are not many. */
  #warm(): Promise<Lease> {
    const warmed = (async () => {
      for (let failures = 1; !this.#closing.signal.aborted; failures++) {
        await this.#retirement;
        const { client, retire } = this.#current;
        const lease = { client, retired: retire.signal, heard: () => void (this.#strikes.read = 0) };
        if (await this.#answers(lease)) return lease;
        await rest(pauseAfter(failures), this.#closing.signal);
      }
      throw new Overdue('the connection is closed');
    })();
    // Nobody may be waiting any more when it is closed.
    warmed.catch(() => undefined);
    return warmed;
  }

  async #answers(lease: Lease): Promise<boolean> {
    try {
      await probe(lease);
      if (this.#trouble !== undefined) this.#logger.info({}, 'The event store answers again');
      this.#trouble = undefined;
      this.#strikes.probe = 0;
      return true;
    } catch (error) {
      const before = this.#trouble;
      this.#trouble = sentenceOf(error);
      if (before === undefined && !this.#closing.signal.aborted)
        this.#logger.warn({ because: this.#trouble }, 'The event store does not answer');
      this.#strike('probe', error);
      return false;
    }
  }

  #suspect(kind: Work, ready: Promise<Lease>): NodeJS.Timeout {
    let seen = ready;
    return setInterval(() => {
      this.#cool(seen, kind, new Overdue(`no answer within ${SUSPICION_MS} ms`));
      seen = this.#ready ??= this.#warm();
    }, SUSPICION_MS);
  }

  /** Many calls fail together when a connection breaks; only the first of them finds it warm, so they count once. */
  #cool(ready: Promise<Lease>, kind: Work, error: unknown): void {
    if (this.#ready !== ready) return;
    this.#ready = undefined;
    this.#strike(kind, error);
  }

  #strike(kind: Work | 'probe', error: unknown): void {
    if (isOfTheStore(error)) return;
    this.#strikes[kind] += 1;
    if (this.#strikes[kind] < STRIKES_MAX) return;
    this.#strikes[kind] = 0;
    this.#replace();
  }

  /** The new client waits for the old one's streams to end: their errors reject the pending batch appends of every client. */
  #replace(): void {
    const old = this.#current;
    if (this.#closing.signal.aborted) return;
    this.#logger.warn({}, 'The client of the event store is replaced after repeated failures');
    this.#current = this.#open();
    old.retire.abort();
    this.#retirement = retire(old.client);
  }
}

async function probe(lease: Lease): Promise<void> {
  const { client } = lease;
  // A client keeps a failed answer about the server's features for ever, and then appends nothing any more.
  await within(PROBE_MS, 'asking for the features of the store', client['capabilities']);
  await consume(client.readAll({ direction: BACKWARDS, fromPosition: END, maxCount: 1 }), () => undefined, PROBE_MS, lease);
}

/** Ends the client's streams, then its channel, which `dispose` leaves open. */
async function retire(client: EventStoreDBClient): Promise<void> {
  const ended = client.dispose().then(() => client['getChannel']());
  await within(RETIRE_MS, 'disposing', ended).then(
    channel => channel.close(),
    () => undefined,
  );
}
