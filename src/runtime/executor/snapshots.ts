/** Folded states of long streams, kept beside the log: a shortcut only, which may be dropped at any time. */
import type pg from 'pg';
import type { AnyDecider } from '../../kernel/decider.ts';
import { rowsOf } from '../database.ts';
import { digest } from '../ids.ts';
import type { Folded, KnownCommand } from './streams.ts';

/** A stream is kept again after so many further events. */
export const SNAPSHOT_EVERY = 100;

/** Streams waiting to be kept; more than this are not worth the memory. */
const WAITING_MAX = 64;
/** How old the knowledge may be of which categories have long streams at all. */
const LONG_FRESH_MS = 30_000;

export interface Snapshots {
  /** The newest one that this decider can go on from; undefined when there is none. Never throws: the log has it all. */
  newest(decider: AnyDecider, stream: string): Promise<Folded | undefined>;
  /** Keeps a folded state in its own time. What cannot be written is left. */
  keep(decider: AnyDecider, stream: string, folded: Folded): void;
  /** Settles when all that was to be kept has been written or left. */
  written(): Promise<void>;
}

interface Row {
  readonly stream: string;
  readonly decider: string;
  readonly revision: number;
  readonly content: string;
  readonly checksum: string;
}

interface Content {
  readonly state: unknown;
  readonly revision: number;
  readonly position: string;
  readonly thread: string;
  readonly last: string;
  readonly known: readonly (readonly [commandId: string, hash: string, revision: number, position: string])[];
}

const KEEP = `
  insert into ops.snapshots (stream, decider, revision, content, checksum)
  select stream, decider, revision, content, checksum from unnest($1::text[], $2::text[], $3::bigint[], $4::text[], $5::text[])
         as given (stream, decider, revision, content, checksum)
  on conflict (stream) do update set decider = excluded.decider, revision = excluded.revision, content = excluded.content,
                                     checksum = excluded.checksum
  where snapshots.revision < excluded.revision or snapshots.decider <> excluded.decider`;

export class StoredSnapshots implements Snapshots {
  readonly #pool: pg.Pool;
  readonly #waiting = new Map<string, Row>();
  #writing: Promise<void> | undefined;
  #long: Promise<ReadonlySet<string>> | undefined;
  #longAskedAt = 0;

  constructor(pool: pg.Pool) {
    this.#pool = pool;
  }

  async newest(decider: AnyDecider, stream: string): Promise<Folded | undefined> {
    try {
      // Most streams are short; those of a category without long ones cost no question.
      if (!(await this.#longCategories()).has(decider.category)) return undefined;
      const [row] = await rowsOf<Row>(this.#pool, 'select * from ops.snapshots where stream = $1', [stream]);
      return row === undefined || row.decider !== fingerprint(decider) ? undefined : thawed(row);
    } catch {
      return undefined;
    }
  }

  keep(decider: AnyDecider, stream: string, folded: Folded): void {
    if (isPersonal(decider) || (this.#waiting.size >= WAITING_MAX && !this.#waiting.has(stream))) return;
    this.#waiting.set(stream, frozen(decider, stream, folded));
    this.#writing ??= this.#write().finally(() => {
      this.#writing = undefined;
    });
  }

  async written(): Promise<void> {
    await this.#writing;
  }

  async #write(): Promise<void> {
    while (this.#waiting.size > 0) {
      const rows = [...this.#waiting.values()];
      this.#waiting.clear();
      const columns = (['stream', 'decider', 'revision', 'content', 'checksum'] as const).map(name => rows.map(row => row[name]));
      await this.#pool.query(KEEP, columns).catch(() => undefined);
    }
  }

  #longCategories(): Promise<ReadonlySet<string>> {
    const now = performance.now();
    if (this.#long === undefined || now - this.#longAskedAt > LONG_FRESH_MS) {
      this.#longAskedAt = now;
      this.#long = this.#askCategories();
    }
    return this.#long;
  }

  async #askCategories(): Promise<ReadonlySet<string>> {
    const rows = await rowsOf<{ category: string }>(
      this.#pool,
      `select distinct split_part(stream, '-', 1) as category from ops.snapshots`,
    );
    return new Set(rows.map(({ category }) => category));
  }
}

/** What names people would have to be found again at their erasure; such streams are short anyway. */
const isPersonal = ({ events }: AnyDecider): boolean =>
  events.some(definition => 'personal' in definition && definition.personal !== undefined);

const fingerprints = new WeakMap<AnyDecider, string>();

/**
 * Changes with the version of the state and with any of the functions that fold it. What these call elsewhere it cannot see:
 * for that a decider raises its `stateVersion`.
 */
export function fingerprint(decider: AnyDecider): string {
  const known = fingerprints.get(decider);
  if (known !== undefined) return known;
  const { category, stateVersion, events, evolve } = decider;
  const steps = Object.entries(evolve).map(([type, step]) => [type, step.toString()]);
  const made = digest([category, stateVersion, events.map(({ type, version }) => [type, version]), steps]);
  fingerprints.set(decider, made);
  return made;
}

function frozen(decider: AnyDecider, stream: string, folded: Folded): Row {
  const { state, revision, position, thread, last, known } = folded;
  const commands = [...known].map(([id, command]) => [id, command.hash, command.revision, String(command.position)]);
  const content = JSON.stringify({ state, revision, position: String(position), thread, last, known: commands });
  return { stream, decider: fingerprint(decider), revision, content, checksum: digest(content) };
}

function thawed({ content, checksum }: Row): Folded | undefined {
  if (digest(content) !== checksum) return undefined;
  const { state, revision, position, thread, last, known } = JSON.parse(content) as Content;
  const commands = known.map(([id, hash, at, where]): [string, KnownCommand] => [id, { hash, revision: at, position: BigInt(where) }]);
  return { state, revision, position: BigInt(position), thread, last, known: new Map(commands), keptAt: revision };
}
