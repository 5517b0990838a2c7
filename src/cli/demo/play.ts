/** Plays the plan: every act a real command by whoever does such things, dated to its day. */
import { setTimeout as sleep } from 'node:timers/promises';
import { type Caller, caller, system } from '../../kernel/authority.ts';
import { Conflict, type Execution, InvalidInput, type Outcome, Overloaded, ViewsLag } from '../../runtime/executor/port.ts';
import type { Foundation } from '../../runtime/foundation.ts';
import { PERSON_QUERY, Person } from '../../runtime/identity/port.ts';
import { uuidv5 } from '../../runtime/ids.ts';
import { Rest } from '../../runtime/sagas/rest.ts';
import { type Act, courses, type Phase, phases } from './act.ts';
import { Known, Unmade } from './known.ts';

/** Played together: long enough that much is done at once, short enough that stock comes and goes in the order of its days. */
const SPAN_DAYS = 61;
const AT_ONCE = 64;
const TRIES_MAX = 20;
const PAUSE_MS = 25;
const REST_LOOK_MS = 10;
const REST_MS_MAX = 120_000;

/** Phases that build on what sagas make of the ones before. */
const AFTER_SAGAS: ReadonlySet<Phase> = new Set<Phase>(['pursue', 'decide', 'approve', 'issue', 'pay', 'comeBack']);
/** The views in which it is found. */
const MADE = ['leads', 'sales-orders', 'invoices'];

type Span = readonly Act[];
/** Correlation ids of what was done since sagas were waited for last. */
type Threads = Set<string>;

export interface Refused {
  readonly key: string;
  readonly command: string;
  readonly because: string;
}

export interface Listener {
  /** A span of the plan is played. */
  played(done: number, of: number, day: string): void;
}

type House = Pick<Foundation, 'pool' | 'log' | 'registry' | 'queries' | 'executor'>;

export class Player {
  readonly #house: House;
  readonly #seed: string;
  readonly #known: Known;
  readonly #callers = new Map<string, Caller>();
  readonly #refused: Refused[] = [];
  readonly #rest: Rest;
  /** Position of the newest that is known to have happened. */
  #newest: bigint | undefined;

  /** @param seed names the plan: the same plan under the same seed is done once, however often it is played */
  constructor(house: House, seed: string) {
    this.#house = house;
    this.#seed = seed;
    this.#known = new Known(house.pool);
    this.#rest = new Rest({ pool: house.pool, told: house.queries.told });
  }

  /** What was refused; nothing, if the plan is right. The money of a span comes in while the next one is played. */
  async play(acts: readonly Act[], listener: Listener): Promise<readonly Refused[]> {
    let money: Promise<void> = Promise.resolve();
    let done = 0;
    for (const span of spansOf(acts)) {
      const [threads, pursuits]: [Threads, Threads] = [new Set(), new Set()];
      await this.#course(courses.opening, span, threads);
      await Promise.all([this.#course(courses.pipeline, span, pursuits), this.#course(courses.placing, span, threads)]);
      for (const thread of pursuits) threads.add(thread);
      await Promise.all([this.#course(courses.delivery, span, threads), money]);
      money = this.#course(courses.money, span, threads);
      money.catch(() => undefined);
      done += span.length;
      listener.played(done, acts.length, span.at(-1)?.day ?? '');
    }
    await money;
    await this.#stillness();
    return this.#refused;
  }

  /** Phase after phase. */
  async #course(course: readonly Phase[], span: Span, threads: Threads): Promise<void> {
    for (const phase of course) {
      const part = span.filter(act => act.phase === phase);
      if (part.length === 0) continue;
      if (AFTER_SAGAS.has(phase)) await this.#sagas(threads);
      await this.#together(part, this.#newest, threads);
    }
  }

  /** Until sagas have done all that follows; then what they made is known. */
  async #sagas(threads: Threads): Promise<void> {
    const reached = await this.#rest.reached({ threads, position: this.#newest ?? 0n }, REST_MS_MAX);
    if (reached === undefined) throw new Error('The sagas did not come to rest; does a worker run?');
    threads.clear();
    this.#saw(reached);
    await this.#house.queries.passed(MADE, reached, REST_MS_MAX);
    await this.#known.look();
  }

  /** Lines beside each other, the acts of a line one after the other. */
  async #together(acts: Span, shown: bigint | undefined, threads: Threads): Promise<void> {
    const lines = Map.groupBy(acts, ({ line }) => line).values();
    const hand = async (): Promise<void> => {
      for (const line of lines)
        for (const act of line) {
          const outcome = await this.#do(act, shown);
          if (outcome?.kind === 'done' && outcome.thread !== undefined) threads.add(outcome.thread);
        }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, hand));
  }

  /** Undefined for what could not even be asked. @param shown what is visible to all that is asked for it */
  async #do(act: Act, shown: bigint | undefined): Promise<Outcome | undefined> {
    const { key, command } = act;
    try {
      const outcome = await this.#ask(act, shown);
      if (outcome.kind === 'done') this.#known.made(key, outcome.record.id);
      else this.#refuse(act, outcome.kind === 'refused' ? `${outcome.refusal.refused}: ${outcome.refusal.because}` : outcome.kind);
      return outcome;
    } catch (error) {
      if (error instanceof InvalidInput) this.#refuse(act, error.errors.map(({ pointer, detail }) => `${pointer}: ${detail}`).join(' '));
      else if (error instanceof Unmade) this.#refuse(act, error.message);
      else throw new Error(`${command} (${key}) failed`, { cause: error });
      return undefined;
    }
  }

  async #ask(act: Act, shown: bigint | undefined): Promise<Outcome> {
    const { key, command, day, phase } = act;
    const input = act.input(name => this.#known.idOf(name));
    const execution: Execution = {
      caller: await this.#callerOf(act, shown),
      commandId: uuidv5('demo', this.#seed, key),
      occurredAt: instantOf(day, phase),
      ...(shown === undefined ? {} : { after: shown }),
    };
    const outcome = await patiently(() => this.#house.executor.execute({ command, input }, execution));
    if ('position' in outcome) this.#saw(outcome.position);
    return outcome;
  }

  #saw(position: bigint | undefined): void {
    if (position !== undefined && position > (this.#newest ?? -1n)) this.#newest = position;
  }

  #refuse({ key, command }: Act, because: string): void {
    this.#refused.push({ key, command, because });
  }

  /** With the rights of their roles, no more: what a seller may not do is refused here as well. */
  async #callerOf({ by }: Act, shown: bigint | undefined): Promise<Caller> {
    if (by === undefined) return system('demo');
    const known = this.#callers.get(by);
    if (known !== undefined) return known;
    const query = this.#house.registry.queries.get(PERSON_QUERY);
    if (query === undefined) throw new Error(`No module offers the query ${PERSON_QUERY}`);
    const asking = { caller: system('demo'), ...(shown === undefined ? {} : { after: shown }) };
    const { person } = (await this.#house.queries.askAny(query, { id: this.#known.idOf(by) }, asking)) as { person: unknown };
    const { id, grants } = Person.parse(person);
    const made = caller({ kind: 'staff', id }, new Set(grants));
    this.#callers.set(by, made);
    return made;
  }

  /** Until sagas and views have nothing left to do. */
  async #stillness(): Promise<void> {
    const { pool, log } = this.#house;
    const until = performance.now() + REST_MS_MAX;
    for (;;) {
      const head = await log.head();
      const { rows } = await pool.query<{ busy: boolean }>(BUSY, [String(head ?? 0n)]);
      if (rows[0]?.busy !== true && (await log.head()) === head) return;
      if (performance.now() > until) throw new Error('The house did not come to rest; does a worker run?');
      await sleep(REST_LOOK_MS);
    }
  }
}

/** Held commands wait for people, not for the house. */
const BUSY = `
  select exists (select from ops.saga_outbox where not held)
    or exists (select from ops.sagas where coalesce(position, 0) < $1::bigint)
    or exists (select from ops.checkpoints where state = 'live' and coalesce(position, 0) < $1::bigint) as busy`;

/** What passes is tried again; everything else is a fault of the plan or of ours. */
async function patiently<T>(work: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries++)
    try {
      return await work();
    } catch (error) {
      const passes = [Conflict, Overloaded, ViewsLag].some(trouble => error instanceof trouble);
      if (!passes || tries === TRIES_MAX) throw error;
      await sleep(PAUSE_MS * tries);
    }
}

/** The acts of a span of days, spans in order; within one the acts in the order of their days. */
function spansOf(acts: readonly Act[]): readonly (readonly Act[])[] {
  const sorted = acts.toSorted((a, b) => (a.day < b.day ? -1 : a.day > b.day ? 1 : 0));
  const first = Temporal.PlainDate.from(sorted[0]?.day ?? '2000-01-01');
  const spanOf = ({ day }: Act): number => Math.floor(first.until(day).days / SPAN_DAYS);
  return [...Map.groupBy(sorted, spanOf).values()];
}

const DAY_BEGINS_H = 6;
const MINUTES_IN_HOUR = 60;
const PHASE_MINUTES = 25;

/** People do things in the order of the phases during a day: the first at six o'clock UTC, the last in the afternoon. */
function instantOf(day: string, phase: Phase): string {
  const minutes = DAY_BEGINS_H * MINUTES_IN_HOUR + phases.indexOf(phase) * PHASE_MINUTES;
  return Temporal.PlainDate.from(day).toZonedDateTime('UTC').add({ minutes }).toInstant().toString({ fractionalSecondDigits: 3 });
}
