import { SpanStatusCode, trace } from '@opentelemetry/api';
import pg from 'pg';
import type { Caller } from '../../kernel/authority.ts';
import type { Registry } from '../../kernel/module.ts';
import type { AnyQuery, ReadDatabase } from '../../kernel/query.ts';
import { dayIn, systemClock } from '../clock.ts';
import { rowsOf, transaction } from '../database.ts';
import type { EventLog } from '../event-log/port.ts';
import { pointersOf } from '../executor/pointers.ts';
import { InvalidInput, ViewsLag } from '../executor/port.ts';
import { derivedSecret } from '../secrets.ts';
import { type Checkpoint, CheckpointWatch, readCheckpoints } from './checkpoints.ts';
import { type Sealer, sealer } from './cursor.ts';
import { narrow, type Past, sourceOf } from './narrow.ts';
import { pastOf, recordedAt } from './past.ts';
import type { Asking, AsOf, QueryRunner } from './port.ts';

export interface QueryRunnerOptions {
  readonly pool: pg.Pool;
  readonly registry: Registry;
  /** Seals cursors, and is what secrets for others derive from; the same for all processes that answer the same callers. */
  readonly secret: string;
  /** How long a query waits for its views to catch up. */
  readonly patienceMs: number;
  /** IANA name of the company's time zone; UTC where none is said. */
  readonly timeZone?: string;
  /** Tells where the log ends; needed only where the past is asked for. */
  readonly log?: Pick<EventLog, 'head'>;
  /** Whether answers are held against their declared shape; for tests. */
  readonly checkOutput?: boolean;
}

/** How far one projection is behind the log. */
export interface Lag extends Checkpoint {
  /** Distance to the head in the log's own positions: events in the embedded node, bytes in an EventStoreDB. */
  readonly behind: bigint;
}

export interface WatchedQueryRunner extends QueryRunner {
  /** Where each projection of the registry stands against the head of the log. @throws DatabaseUnavailable */
  checkpointsLag(head: bigint | undefined): Promise<readonly Lag[]>;
  /** Waits until the named views have passed a position. @throws ViewsLag after the patience, DatabaseUnavailable */
  passed(names: readonly string[], position: bigint, patienceMs: number): Promise<void>;
  /** True as soon as something is told of one of the named views, false when nothing was for a while. */
  told(names: readonly string[], patienceMs: number): Promise<boolean>;
}

export function createQueryRunner(options: QueryRunnerOptions): WatchedQueryRunner {
  const runner = new Runner(options);
  return {
    // A query's own type promises what it answers.
    ask: (query, input, asking) => runner.run(query, input, asking) as Promise<never>,
    askAny: (query, input, asking) => runner.run(query, input, asking),
    checkpointsLag: head => runner.lag(head),
    passed: (names, position, patienceMs) => runner.passed(names, position, patienceMs),
    told: (names, patienceMs) => runner.told(names, patienceMs),
    close: () => runner.close(),
  };
}

const UTC = 'UTC';
const tracer = trace.getTracer('throughline');

class Runner {
  readonly #options: QueryRunnerOptions;
  readonly #watch: CheckpointWatch;
  readonly #sealer: Sealer;
  /** Queries seen to make more than one statement. */
  readonly #several = new WeakSet<AnyQuery>();

  constructor(options: QueryRunnerOptions) {
    this.#options = options;
    this.#watch = new CheckpointWatch(options.pool);
    this.#sealer = sealer(options.secret);
  }

  close(): Promise<void> {
    return this.#watch.close();
  }

  run(query: AnyQuery, input: unknown, asking: Asking): Promise<unknown> {
    return tracer.startActiveSpan('answer query', { attributes: { 'throughline.query': query.type } }, async span => {
      try {
        return await this.#answer(query, input, asking);
      } catch (error) {
        span.setStatus({ code: SpanStatusCode.ERROR, message: error instanceof Error ? error.name : 'unknown' });
        throw error;
      } finally {
        span.end();
      }
    });
  }

  async lag(head: bigint | undefined): Promise<readonly Lag[]> {
    const checkpoints = await readCheckpoints(this.#options.pool);
    return [...this.#options.registry.projections.values()].flatMap(({ name, version }) => {
      const known = checkpoints.filter(checkpoint => checkpoint.name === name);
      const absent: Checkpoint = { name, version, position: undefined, state: 'building', shown: false, reason: undefined };
      return (known.length === 0 ? [absent] : known).map(checkpoint => ({ ...checkpoint, behind: behind(checkpoint.position, head) }));
    });
  }

  async #answer(query: AnyQuery, input: unknown, { caller, after, asOf, since }: Asking): Promise<unknown> {
    const parsed = query.input.safeParse(input);
    if (!parsed.success) throw new InvalidInput(pointersOf(parsed.error));
    const names = query.reads.map(({ name }) => name);
    const passed = (position: bigint): Promise<void> => this.passed(names, position, this.#options.patienceMs);
    if (after !== undefined) await passed(after);
    const past = asOf && (await pastOf(asOf, { ...this.#options, passed }));
    const earlier = since && (await pastOf(since, { ...this.#options, passed }));
    const today = await this.#dayOf(asOf);
    const work = (db: ReadDatabase): Promise<unknown> => query.answer(db, parsed.data as never, caller);
    try {
      return this.#checked(query, await this.#read(query, { caller, past, earlier: inOrder(query, earlier, past), today }, work));
    } catch (error) {
      throw await this.#meaning(query, error);
    }
  }

  async #dayOf(asOf: AsOf | undefined): Promise<string> {
    const { pool, timeZone = UTC } = this.#options;
    if (asOf !== undefined && 'happened' in asOf) return asOf.happened;
    const instant = asOf === undefined ? systemClock.now() : 'recorded' in asOf ? asOf.recorded : await recordedAt(pool, asOf.position);
    return dayIn(timeZone, instant);
  }

  passed(names: readonly string[], position: bigint, patienceMs: number): Promise<void> {
    return this.#watch.passed(names, position, patienceMs);
  }

  told(names: readonly string[], patienceMs: number): Promise<boolean> {
    return this.#watch.told(names, patienceMs);
  }

  /**
   * A query that makes one statement needs no transaction. One that asks for a second is begun anew inside one, where all its
   * statements see the same moment, and is remembered; answers only read, so beginning anew has no effect.
   */
  async #read(query: AnyQuery, reading: Reading, work: (db: ReadDatabase) => Promise<unknown>): Promise<unknown> {
    const { caller, past, earlier } = reading;
    if (!this.#several.has(query)) {
      const once = new OneStatement((sql, parameters, when) => {
        const { text, values } = narrow(query, caller, sql, parameters, when);
        return rowsOf(this.#options.pool, text, values);
      });
      const answer = await work(this.#database(query, once.rows, reading)).catch((error: unknown) => {
        if (!once.exceeded) throw error;
      });
      if (!once.exceeded) return answer;
      this.#several.add(query);
    }
    return transaction(
      this.#options.pool,
      async client => {
        // One connection runs one statement at a time.
        let turn: Promise<unknown> = Promise.resolve();
        const rows: Rows = (sql, parameters, when) => {
          const { text, values } = narrow(query, caller, sql, parameters, when);
          const result = turn.then(() => rowsOf(client, text, values));
          turn = result.catch(() => undefined);
          return result;
        };
        const answer = await work(this.#database(query, rows, reading));
        await turn;
        return answer;
      },
      snapshotOf(query, earlier === undefined ? [past] : [past, earlier]),
    );
  }

  #database(query: AnyQuery, rows: Rows, { past, earlier, today }: Omit<Reading, 'caller'>): ReadDatabase {
    return {
      ...(earlier === undefined ? {} : { earlier: this.#database(query, rows, { past: earlier, earlier: undefined, today }) }),
      timeZone: this.#options.timeZone ?? UTC,
      today,
      rows: async <Row>(sql: string, parameters: readonly unknown[] = []) => (await rows(sql, parameters, past)) as Row[],
      seal: values => this.#sealer.seal(query.type, values),
      unseal: cursor => this.#sealer.unseal(query.type, cursor),
      secretFor: (...parts) => derivedSecret(this.#options.secret, parts),
    };
  }

  #checked(query: AnyQuery, answer: unknown): unknown {
    if (!this.#options.checkOutput) return answer;
    const checked = query.output.safeParse(answer);
    if (!checked.success) throw new Error(`${query.type} answered in another shape than it declares: ${checked.error.message}`);
    return answer;
  }

  /** What an error of the database means to who asked. */
  async #meaning(query: AnyQuery, error: unknown): Promise<unknown> {
    if (!(error instanceof pg.DatabaseError)) return error;
    if (UNREADABLE_VALUES.includes(error.code ?? ''))
      return new InvalidInput([{ pointer: '', detail: `A value is not of the kind asked for: ${error.message}.` }]);
    if (!UNDEFINED_NAMES.includes(error.code ?? '')) return error;
    // Only we name it, and only for views that keep their past.
    if (error.message.includes(PAST_SCHEMA)) return new ViewsLag('The past this answer needs is being built', { cause: error });
    const current = await Promise.all(query.reads.map(({ name, version }) => this.#watch.shows(name, version)));
    return current.every(Boolean) ? error : new ViewsLag('A view this answer needs is being built', { cause: error });
  }
}

interface Reading {
  readonly caller: Caller;
  readonly past: Past | undefined;
  readonly earlier: Past | undefined;
  readonly today: string;
}

type Rows = (sql: string, parameters: readonly unknown[], when: Past | undefined) => Promise<object[]>;

/** What a query compares with lies before what it shows. @throws InvalidInput */
function inOrder({ compares }: AnyQuery, earlier: Past | undefined, past: Past | undefined): Past | undefined {
  if (compares === true && earlier === undefined) throw new InvalidInput([{ pointer: '/since', detail: 'Since when?' }]);
  if (earlier !== undefined && past !== undefined && 'before' in earlier && 'before' in past && earlier.before > past.before)
    throw new InvalidInput([{ pointer: '/since', detail: 'What is compared with lies before asOf.' }]);
  return earlier;
}

/** invalid_datetime_format, datetime_field_overflow, invalid_text_representation, numeric_value_out_of_range, character_not_in_repertoire */
const UNREADABLE_VALUES = ['22007', '22008', '22P02', '22003', '22021'];
const PAST_SCHEMA = 'read_past';
/** undefined_table, undefined_column */
const UNDEFINED_NAMES = ['42P01', '42703'];

/** Lets one statement through, and refuses the second. */
class OneStatement {
  readonly #rows: Rows;
  #used = false;
  exceeded = false;

  constructor(rows: Rows) {
    this.#rows = rows;
  }

  readonly rows: Rows = async (sql, parameters, when) => {
    this.exceeded = this.#used;
    this.#used = true;
    if (this.exceeded) throw new Error('This answer needs a transaction');
    return this.#rows(sql, parameters, when);
  };
}

/** The locks come before the snapshot: a view exchanged in between would show a table this snapshot has seen only half of. */
function snapshotOf({ reads }: AnyQuery, pasts: readonly (Past | undefined)[]): string {
  const begin = 'begin isolation level repeatable read read only';
  if (reads.length === 0) return begin;
  const relations = pasts.flatMap(past => reads.map(read => sourceOf(read, past, value => value).relation));
  return `${begin}; lock table ${[...new Set(relations)].join(', ')} in access share mode`;
}

function behind(position: bigint | undefined, head: bigint | undefined): bigint {
  const distance = (head ?? 0n) - (position ?? 0n);
  return distance > 0n ? distance : 0n;
}
