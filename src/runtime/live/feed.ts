/** What happens in the house, told to whoever listens and may know of it. */
import { interval, map, merge, Observable, Subject, type Subscriber, share, takeUntil, timer } from 'rxjs';
import { recordOf } from '../../kernel/command.ts';
import type { Registry } from '../../kernel/module.ts';
import type { EventLog, StoredEvent } from '../event-log/port.ts';
import type { Identity, SignedIn } from '../identity/port.ts';
import { Mailbox } from './mailbox.ts';
import { Owners } from './owners.ts';
import { type Changed, mayKnow, Sight } from './sight.ts';

/** Batches a listener may have waiting. */
const WAITING_MAX = 1_000;
const BATCH_MAX = 200;
const BEAT_MS = 5_000;
/** The follower outlives its last listener so long: pages that are turned come back at once. */
const LINGER_MS = 10_000;
/** Events read again for a listener who comes back; after a longer absence all is to be asked anew. */
const RESUME_MAX = 20_000;
const RESUME_PAGE = 500;

/** An event that happened. It tells that there is something to look at, never what: looking is for queries. */
export interface Notice {
  readonly position: bigint;
  readonly category: string;
  readonly recordId: string;
  readonly revision: number;
  readonly type: string;
  /** ISO 8601 instant. */
  readonly recordedAt: string;
  readonly actorId: string;
  readonly changed: readonly Changed[];
}

export type Tiding =
  /** From here on nothing is missed. */
  | { readonly kind: 'ready'; readonly position: bigint | undefined }
  /** Too much was missed to be told one by one: ask anew for all that is shown. */
  | { readonly kind: 'reset'; readonly position: bigint | undefined }
  | { readonly kind: 'change'; readonly notice: Notice }
  /** Everything up to here was told, or is not for this listener. */
  | { readonly kind: 'beat'; readonly position: bigint | undefined };

export interface Listener {
  /** Who they are now; undefined when they are no longer signed in. */
  again(): Promise<SignedIn | undefined>;
  /** Whether they want to hear of it. */
  wants(notice: Notice): boolean;
  /** Position of what they heard last. */
  readonly after?: bigint;
  /** Fires when they have gone. */
  readonly gone: AbortSignal;
}

export interface FeedOptions {
  readonly log: EventLog;
  readonly registry: Registry;
  readonly identity: Pick<Identity, 'settled'>;
}

interface Batch {
  readonly notices: readonly Notice[];
  readonly reached: bigint;
  /** Whether somebody's rights may have changed. */
  readonly rights: boolean;
}

type Item = Batch | 'beat';

/** One follower of the log for all listeners of this process; it runs while there are any. */
export class LiveFeed {
  readonly #options: FeedOptions;
  readonly #sight: Sight;
  readonly #owners: Owners;
  readonly #rightsTypes: ReadonlySet<string>;
  readonly #closing = new Subject<void>();
  readonly #batches: Observable<Batch>;
  #begun: Promise<void> = Promise.resolve();
  #position: bigint | undefined;

  constructor(options: FeedOptions) {
    this.#options = options;
    this.#sight = new Sight(options.registry);
    this.#owners = new Owners(options.log, options.registry);
    this.#rightsTypes = rightsTypes(options.registry);
    const followed = new Observable<Batch>(subscriber => this.#follow(subscriber));
    this.#batches = followed.pipe(takeUntil(this.#closing), share({ resetOnRefCountZero: () => timer(LINGER_MS) }));
  }

  /**
   * Tells a listener what they want to hear and may know, until they are signed in no more or the feed closes.
   * @throws TooSlow, LogUnavailable, ViewsLag, DatabaseUnavailable, LogExchanged: whoever comes back goes on from where they were
   */
  async *listen(listener: Listener): AsyncGenerator<Tiding, void> {
    const mailbox = new Mailbox<Item>(WAITING_MAX);
    const beats = interval(BEAT_MS).pipe(
      map(() => 'beat' as const),
      takeUntil(this.#closing),
    );
    const subscription = merge(this.#batches, beats).subscribe({
      next: item => mailbox.put(item),
      error: error => mailbox.fail(error),
      complete: () => mailbox.end(),
    });
    listener.gone.addEventListener('abort', () => mailbox.end());
    try {
      await this.#begun;
      yield* this.#tell(listener, mailbox);
    } finally {
      subscription.unsubscribe();
    }
  }

  /** Forgets what it remembers of records, after somebody was erased. */
  forgetAll(): void {
    this.#owners.forgetAll();
  }

  /** Ends all listening. */
  close(): void {
    this.#closing.next();
  }

  async *#tell(listener: Listener, mailbox: Mailbox<Item>): AsyncGenerator<Tiding, void> {
    let told = yield* this.#past(listener, this.#position);
    let who = await listener.again();
    if (who !== undefined) yield { kind: 'ready', position: told };
    for await (const item of mailbox) {
      if (listener.gone.aborted) return;
      if (item === 'beat' || item.rights) who = await listener.again();
      if (who === undefined) return;
      if (item === 'beat') yield { kind: 'beat', position: told };
      else {
        yield* changes(item.notices, { ...listener, who }, told);
        told = later(told, item.reached);
      }
    }
  }

  /** What a listener missed between what they heard last and what they will hear live; answers how far it went. */
  async *#past(listener: Listener, present: bigint | undefined): AsyncGenerator<Tiding, bigint | undefined> {
    const { log, registry } = this.#options;
    let told = listener.after;
    if (told === undefined) return present;
    const owners = new Owners(log, registry);
    for (let read = 0; told < (present ?? 0n) && read < RESUME_MAX; read += RESUME_PAGE) {
      const page = await log.readAll(told, RESUME_PAGE);
      const notices = await this.#noticesOf(page, owners);
      const who = await listener.again();
      if (who === undefined) return told;
      yield* changes(notices, { ...listener, who }, told);
      told = page.at(-1)?.position ?? present ?? told;
    }
    if (told >= (present ?? 0n) && told <= ((await log.head()) ?? 0n)) return told;
    yield { kind: 'reset', position: present };
    return present;
  }

  #follow(subscriber: Subscriber<Batch>): () => void {
    const stopping = new AbortController();
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#begun = promise;
    // Told to the listeners through the subscriber as well.
    promise.catch(() => undefined);
    this.#run(subscriber, stopping.signal, resolve).then(
      () => subscriber.complete(),
      error => {
        reject(error);
        subscriber.error(error);
      },
    );
    return () => stopping.abort();
  }

  async #run(subscriber: Subscriber<Batch>, signal: AbortSignal, begun: () => void): Promise<void> {
    const { log, identity } = this.#options;
    this.#position = await log.head();
    begun();
    for await (const events of log.follow(this.#position, { signal, batchMax: BATCH_MAX })) {
      const reached = events.at(-1)?.position;
      if (reached === undefined) continue;
      const rights = events.some(({ type }) => this.#rightsTypes.has(type));
      // Nobody is told anything by rights they may have lost with this very batch.
      if (rights) await identity.settled(reached);
      const notices = await this.#noticesOf(events, this.#owners);
      this.#position = reached;
      subscriber.next({ notices, reached, rights });
    }
  }

  async #noticesOf(events: readonly StoredEvent[], owners: Owners): Promise<readonly Notice[]> {
    const notices: Notice[] = [];
    for (const event of events) if (isOurs(event)) notices.push(noticeOf(event, this.#sight.changedBy(event.type, await owners.of(event))));
    return notices;
  }
}

/** Kinds of events that commands which change rights may leave behind. */
const rightsTypes = ({ commands }: Registry): ReadonlySet<string> =>
  new Set(
    [...commands.values()].filter(({ changesRights }) => changesRights).flatMap(({ decider }) => decider.events.map(({ type }) => type)),
  );

/** Another program's events carry no metadata of ours. */
const isOurs = ({ metadata }: StoredEvent): boolean => typeof metadata?.recordedAt === 'string' && metadata.actor !== undefined;

function noticeOf({ stream, position, revision, type, metadata }: StoredEvent, changed: readonly Changed[]): Notice {
  const { category, id } = recordOf(stream);
  const { recordedAt, actor } = metadata;
  return { position, category, recordId: id, revision, type, recordedAt, actorId: actor.id, changed };
}

function* changes(
  notices: readonly Notice[],
  { who, wants }: Pick<Listener, 'wants'> & { readonly who: SignedIn },
  told: bigint | undefined,
): Generator<Tiding, void> {
  for (const notice of notices)
    if ((told === undefined || notice.position > told) && mayKnow(who.caller, notice.changed) && wants(notice))
      yield { kind: 'change', notice };
}

const later = (a: bigint | undefined, b: bigint): bigint => (a === undefined || b > a ? b : a);
