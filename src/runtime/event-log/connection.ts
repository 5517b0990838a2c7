import { BACKWARDS, END, EventStoreDBClient } from '@eventstore/db-client';
import { Deadline, within } from './patience.ts';
import { consume } from './reading.ts';
import { isOfTheStore, verdictOn } from './verdict.ts';

const PROBE_MS = 2_000;
const RETIRE_MS = 1_000;
/** Failures in a row of one kind of work, not explained by the store, after which the client itself is no longer trusted. */
const STRIKES_MAX = 3;

export interface Logger {
  info(details: object, message: string): void;
  warn(details: object, message: string): void;
}

export interface Lease {
  readonly client: EventStoreDBClient;
  /** Fires when this client is given up; what hangs on it must ask for another. */
  readonly retired: AbortSignal;
}

type Work = 'append' | 'read' | 'probe';

/**
 * The one client of the process. After a failure it is cold: the next callers share one small probe, and only when that
 * answers does their work go out. So a store that is down or frozen is asked by one call instead of by all, nothing is
 * written into a connection that does not drain, and a fresh connection is warm before many appends use it at once.
 */
export class Connection {
  readonly #url: string;
  readonly #logger: Logger;
  readonly #strikes: Record<Work, number> = { append: 0, read: 0, probe: 0 };
  #current: { readonly client: EventStoreDBClient; readonly retire: AbortController };
  #ready: Promise<Lease> | undefined;
  #retirement: Promise<void> = Promise.resolve();
  #reachable = true;

  /** @throws when the URL is no connection string of EventStoreDB */
  constructor(url: string, logger: Logger) {
    this.#url = url;
    this.#logger = logger;
    this.#current = this.#open();
  }

  /** Does work on a warm connection; `patienceMs` covers the warming. A failure of unknown outcome makes the connection cold. */
  async use<T>(kind: Work, patienceMs: number, work: (lease: Lease, patienceMs: number) => Promise<T>): Promise<T> {
    const deadline = new Deadline(patienceMs);
    const ready = (this.#ready ??= this.#probe());
    const lease = await within(deadline.left, 'connecting', ready);
    try {
      const result = await work(lease, deadline.left);
      this.#strikes[kind] = 0;
      return result;
    } catch (error) {
      if (verdictOn(error).is === 'unknown') this.#cool(ready, kind, error);
      throw error;
    }
  }

  async close(): Promise<void> {
    this.#ready = undefined;
    this.#current.retire.abort();
    await this.#retirement;
    await retire(this.#current.client);
  }

  #open(): { client: EventStoreDBClient; retire: AbortController } {
    return { client: EventStoreDBClient.connectionString(this.#url), retire: new AbortController() };
  }

  async #probe(): Promise<Lease> {
    await this.#retirement;
    const lease: Lease = { client: this.#current.client, retired: this.#current.retire.signal };
    try {
      // A client keeps a failed answer about the server's features for ever, and then appends nothing any more.
      await within(PROBE_MS, 'asking for features', lease.client['capabilities']);
      await consume(
        lease.client.readAll({ direction: BACKWARDS, fromPosition: END, maxCount: 1 }),
        () => undefined,
        PROBE_MS,
        lease.retired,
      );
    } catch (error) {
      this.#tell(false, verdictOn(error));
      this.#cool(this.#ready, 'probe', error);
      throw error;
    }
    this.#strikes.probe = 0;
    this.#tell(true, {});
    return lease;
  }

  /** Many calls fail together when a connection breaks; they count as one failure. */
  #cool(ready: Promise<Lease> | undefined, kind: Work, error: unknown): void {
    if (this.#ready !== ready) return;
    this.#ready = undefined;
    if (isOfTheStore(error)) return;
    this.#strikes[kind] += 1;
    if (this.#strikes[kind] < STRIKES_MAX) return;
    this.#strikes[kind] = 0;
    this.#replace();
  }

  /** The new client waits for the old one's streams to end: their errors reject the pending batch appends of every client. */
  #replace(): void {
    const old = this.#current;
    this.#logger.warn({}, 'The client of the event store is replaced after repeated failures');
    this.#current = this.#open();
    old.retire.abort();
    this.#retirement = retire(old.client);
  }

  #tell(reachable: boolean, details: object): void {
    if (this.#reachable === reachable) return;
    this.#reachable = reachable;
    if (reachable) this.#logger.info(details, 'The event store answers again');
    else this.#logger.warn(details, 'The event store does not answer');
  }
}

/** Ends the client's streams, then its channel, which `dispose` leaves open. */
async function retire(client: EventStoreDBClient): Promise<void> {
  const ended = client.dispose().then(() => client['getChannel']());
  await within(RETIRE_MS, 'disposing', ended).then(
    channel => channel.close(),
    () => undefined,
  );
}
