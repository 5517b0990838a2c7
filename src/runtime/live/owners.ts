import type { Registry } from '../../kernel/module.ts';
import type { AnyProjection, ViewMeta } from '../../kernel/projection.ts';
import type { EventLog, StoredEvent } from '../event-log/port.ts';
import { type Fact, factOf } from '../projector/fact.ts';

/** Streams whose rows are remembered; others are folded from their beginning when they are heard of again. */
const STREAMS_MAX = 5_000;

type Row = Readonly<Record<string, unknown>>;

interface Folded {
  revision: number;
  /** The stream's own row in each view whose rows have owners. */
  readonly rows: Map<string, Row>;
}

export type OwnersByView = ReadonlyMap<string, readonly string[]>;

const NOBODY: OwnersByView = new Map();

/**
 * Tells whose rows an event changes, before and after it: when a record is given away, the former owner is concerned too, and so
 * is who observes it. It
 * folds the views' own handlers over the record's stream, so it is right at any place of the log, however far the views are.
 */
export class Owners {
  readonly #log: Pick<EventLog, 'readStream'>;
  readonly #registry: Pick<Registry, 'events'>;
  readonly #views: readonly AnyProjection[];
  readonly #folded = new Map<string, Folded>();

  constructor(log: Pick<EventLog, 'readStream'>, registry: Pick<Registry, 'events' | 'projections'>) {
    this.#log = log;
    this.#registry = registry;
    this.#views = [...registry.projections.values()].filter(({ ownRows }) => ownRows !== undefined);
  }

  /** User ids by the name of the view; events are to come in the order of the log. @throws LogUnavailable */
  async of(event: StoredEvent): Promise<OwnersByView> {
    const concerned = this.#views.filter(view => hasOwnRow(view, event.type));
    if (concerned.length === 0) return NOBODY;
    const folded = await this.#before(event);
    const former = ownersIn(folded, concerned);
    this.#take(folded, event);
    const present = ownersIn(folded, concerned);
    return new Map(concerned.map(({ name }, index) => [name, [...new Set([...(former[index] ?? []), ...(present[index] ?? [])])]]));
  }

  /** Rows may hold what somebody wants forgotten. */
  forgetAll(): void {
    this.#folded.clear();
  }

  /** The rows as they were before the event. */
  async #before({ stream, revision }: StoredEvent): Promise<Folded> {
    const known = this.#folded.get(stream);
    this.#folded.delete(stream);
    const usable = known !== undefined && known.revision < revision;
    const folded = usable ? known : { revision: -1, rows: new Map<string, Row>() };
    if (folded.revision < revision - 1)
      for await (const earlier of this.#log.readStream(stream, folded.revision + 1)) {
        if (earlier.revision >= revision) break;
        this.#take(folded, earlier);
      }
    this.#folded.set(stream, folded);
    for (const oldest of this.#folded.keys()) {
      if (this.#folded.size <= STREAMS_MAX) break;
      this.#folded.delete(oldest);
    }
    return folded;
  }

  #take(folded: Folded, event: StoredEvent): void {
    folded.revision = event.revision;
    const fact = factOf(event, this.#registry);
    if (fact !== undefined) for (const view of this.#views) if (hasOwnRow(view, event.type)) takeInto(folded.rows, view, fact);
  }
}

/** Whether such an event changes the row under its own record's id. */
const hasOwnRow = ({ on, keys }: AnyProjection, type: string): boolean => Object.hasOwn(on, type) && keys?.[type] === undefined;

function takeInto(rows: Map<string, Row>, { name, on }: AnyProjection, { data, meta }: Fact): void {
  const step = on[meta.type] as (row: Row | undefined, data: unknown, key: string, meta: ViewMeta) => Row | null | undefined;
  const row = step(rows.get(name), data, meta.entityId, meta);
  if (row === null) rows.delete(name);
  else if (row !== undefined) rows.set(name, row);
}

const ownersIn = ({ rows }: Folded, views: readonly AnyProjection[]): readonly (readonly string[])[] =>
  views.map(({ name, ownRows: { owner = '', observers = '' } = {} }) => {
    const row = rows.get(name);
    return [row?.[owner], ...((row?.[observers] as readonly unknown[] | undefined) ?? [])].filter(isText);
  });

const isText = (value: unknown): value is string => typeof value === 'string';
