/** Where each view stands, as this process knows it: told by NOTIFY, and asked for when nothing was told. */
import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import { connected, rowsOf } from '../database.ts';
import { ViewsLag } from '../executor/port.ts';

/** Channel on which the projector tells, in the transaction itself, of every checkpoint it moves. */
export const CHECKPOINTS_CHANNEL = 'checkpoints';

export interface Checkpoint {
  readonly name: string;
  readonly version: number;
  /** Position of the last event taken in; undefined before the first. */
  readonly position: bigint | undefined;
  readonly state: 'live' | 'building' | 'arriving' | 'frozen' | 'detached';
  /** Whether read.<table> shows this version. */
  readonly shown: boolean;
  /** Why a detached one was stopped. */
  readonly reason: string | undefined;
}

interface Row {
  readonly name: string;
  readonly version: number;
  readonly position: string | null;
  readonly state: Checkpoint['state'];
  readonly shown: boolean;
  readonly reason: string | null;
}

/** What a notification tells: views that stand alike, by name with their version. */
type News = Pick<Row, 'position' | 'state' | 'shown'> & { readonly views: Readonly<Record<string, number>> };

const checkpointOf = (row: Row): Checkpoint => ({
  ...row,
  position: row.position === null ? undefined : BigInt(row.position),
  reason: row.reason ?? undefined,
});

const toldBy = ({ views, ...rest }: News): readonly Checkpoint[] =>
  Object.entries(views).map(([name, version]) => checkpointOf({ ...rest, name, version, reason: null }));

export const readCheckpoints = async (pool: pg.Pool): Promise<readonly Checkpoint[]> =>
  (await rowsOf<Row>(pool, 'select name, version, position::text, state, shown, reason from ops.checkpoints order by name, version')).map(
    checkpointOf,
  );

const POLL_MS = 500;
/** While nothing is told, for want of a connection. */
const POLL_DEAF_MS = 50;
const LISTEN_RETRY_MS = 500;

type Standing = 'passed' | 'behind' | 'stopped';

interface Waiting {
  /** Of which views it wants to hear. */
  readonly names: readonly string[];
  readonly wake: () => void;
}

export class CheckpointWatch {
  readonly #pool: pg.Pool;
  readonly #closing = new AbortController();
  readonly #shown = new Map<string, Checkpoint>();
  readonly #waiting = new Set<Waiting>();
  readonly #listener: Promise<void>;
  #listening = false;
  #reloading: Promise<void> | undefined;

  constructor(pool: pg.Pool) {
    this.#pool = pool;
    this.#listener = this.#listenAlways();
  }

  async close(): Promise<void> {
    this.#closing.abort();
    this.#changed();
    await this.#listener;
  }

  /** Whether the view shown is this version; asks the database, since it matters only when something is amiss. */
  async shows(name: string, version: number): Promise<boolean> {
    await this.#reload();
    return this.#shown.get(name)?.version === version;
  }

  /**
   * Waits until the views have taken in everything up to a position.
   * @throws ViewsLag after the patience, at once when one of them is stopped before it; DatabaseUnavailable
   */
  async passed(names: readonly string[], position: bigint, patienceMs: number): Promise<void> {
    const giveUpAt = performance.now() + patienceMs;
    while (this.#standing(names, position) !== 'passed') {
      const left = giveUpAt - performance.now();
      const told = left > 0 && this.#standing(names, position) === 'behind' && (await this.told(names, left));
      if (told) continue;
      // Nobody told us: ask, before concluding anything.
      await this.#reload();
      const standing = this.#standing(names, position);
      if (standing === 'stopped') throw new ViewsLag(`A view this answer needs is stopped: ${this.#stopped(names).join(', ')}`);
      if (standing === 'behind' && performance.now() >= giveUpAt)
        throw new ViewsLag(`The views have not reached position ${position} within ${patienceMs} ms`);
    }
  }

  #standing(names: readonly string[], position: bigint): Standing {
    const late = names.map(name => this.#shown.get(name)).filter(known => known?.position === undefined || known.position < position);
    if (late.length === 0) return 'passed';
    return late.some(known => known?.state === 'detached') ? 'stopped' : 'behind';
  }

  #stopped(names: readonly string[]): readonly string[] {
    return names.filter(name => this.#shown.get(name)?.state === 'detached');
  }

  /** True as soon as something is told of one of the views, false when nothing was for a while. */
  async told(names: readonly string[], patienceMs: number): Promise<boolean> {
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const waiting = { names, wake: () => resolve(true) };
    const timer = setTimeout(() => resolve(false), Math.min(patienceMs, this.#listening ? POLL_MS : POLL_DEAF_MS));
    this.#waiting.add(waiting);
    try {
      return await promise;
    } finally {
      clearTimeout(timer);
      this.#waiting.delete(waiting);
    }
  }

  #changed(what: (name: string) => boolean = () => true): void {
    for (const { names, wake } of [...this.#waiting]) if (names.some(what)) wake();
  }

  /** Many who wait ask once. */
  #reload(): Promise<void> {
    this.#reloading ??= readCheckpoints(this.#pool)
      .then(checkpoints => {
        this.#learn(checkpoints);
      })
      .finally(() => {
        this.#reloading = undefined;
      });
    return this.#reloading;
  }

  /** Positions of one version only grow, so late news is no news. */
  #learn(checkpoints: readonly Checkpoint[]): void {
    for (const checkpoint of checkpoints.filter(({ shown }) => shown)) {
      const known = this.#shown.get(checkpoint.name);
      const older = known?.version === checkpoint.version && (known.position ?? -1n) > (checkpoint.position ?? -1n);
      if (!older) this.#shown.set(checkpoint.name, checkpoint);
    }
    const told = new Set(checkpoints.map(({ name }) => name));
    this.#changed(name => told.has(name));
  }

  async #listenAlways(): Promise<void> {
    const signal = this.#closing.signal;
    while (!signal.aborted) {
      await this.#listen(signal).catch(() => undefined);
      await sleep(LISTEN_RETRY_MS, undefined, { signal }).catch(() => undefined);
    }
  }

  async #listen(signal: AbortSignal): Promise<void> {
    const client = await connected(this.#pool);
    const { promise: ended, resolve: end } = Promise.withResolvers<void>();
    try {
      if (signal.aborted) return;
      signal.addEventListener('abort', () => end(), { once: true });
      client.on('error', () => end());
      client.on('end', () => end());
      client.on('notification', ({ payload }) => this.#learn(toldBy(JSON.parse(payload ?? '{}') as News)));
      await client.query(`listen ${CHECKPOINTS_CHANNEL}`);
      this.#listening = true;
      // What moved before we listened.
      await this.#reload();
      await ended;
    } finally {
      this.#listening = false;
      client.release(true);
    }
  }
}
