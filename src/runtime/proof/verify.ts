/** Verifies a house from its log: nothing lost, nothing changed, nothing that the business may never do, every view as the log says. */
import type pg from 'pg';
import type { Registry } from '../../kernel/module.ts';
import { rowsOf } from '../database.ts';
import type { EventLog, StoredEvent } from '../event-log/port.ts';
import { sealedOut } from '../personal/sealing.ts';
import { compareViews } from '../projector/compare.ts';
import { type Fact, factOf } from '../projector/fact.ts';
import { blocksIn } from './blocks.ts';
import { ChainCheck } from './chain-check.ts';
import { binding, type Heads } from './heads.ts';
import { InvariantFold, type Violation } from './invariants.ts';
import { OrderCheck } from './order-check.ts';
import { Report, type Verdict } from './report.ts';
import { type Rest, restOf } from './rest.ts';
import { Scratch } from './scratch.ts';
import type { FoundEvent, FoundLog } from './table-log.ts';

export interface VerifyOptions {
  readonly pool: pg.Pool;
  readonly log: FoundLog;
  readonly registry: Registry;
  readonly heads: Heads;
  /** The log with its personal texts opened; absent where their keys are not at hand, and views then cannot be compared. */
  readonly opened: Pick<EventLog, 'readAll'> | undefined;
}

const PAGE_EVENTS = 500;

/** @throws DatabaseUnavailable, LogUnavailable */
export async function verify(options: VerifyOptions): Promise<Verdict> {
  const report = new Report();
  const scratch = new Scratch();
  try {
    report.counted('gaps', await options.log.gaps());
    await new Walk(options, report, scratch).run();
    await verifyViews(options, report);
  } finally {
    scratch.close();
  }
  return report.verdict();
}

/** One reading of the whole log, by which everything is checked that follows from it. */
class Walk {
  readonly #options: VerifyOptions;
  readonly #report: Report;
  readonly #order: OrderCheck;
  readonly #invariants: InvariantFold;
  #last: bigint | undefined;
  #events = 0;

  constructor(options: VerifyOptions, report: Report, scratch: Scratch) {
    this.#options = options;
    this.#report = report;
    this.#order = new OrderCheck(scratch);
    this.#invariants = new InvariantFold(options.registry.invariants.values(), scratch);
  }

  async run(): Promise<void> {
    const { log, pool, heads } = this.#options;
    const restBefore = await restOf(pool);
    const bound = binding(heads.valid);
    const chain = new ChainCheck((await log.identity()) ?? '', blocksIn(pool), bound);
    for (;;) {
      const page = await log.page(this.#last, PAGE_EVENTS);
      for (const event of page) await this.#take(event, chain);
      if (page.length < PAGE_EVENTS) break;
    }
    for await (const sentence of chain.end()) this.#report.found('chain', sentence);
    this.#tellHeads(heads, chain, bound.length);
    this.#report.note(`${this.#events} events up to position ${this.#last ?? 0n} were read.`);
    this.#atRest(restBefore, await restOf(pool));
  }

  async #take(event: FoundEvent, chain: ChainCheck): Promise<void> {
    this.#events += 1;
    this.#last = event.position;
    for await (const sentence of chain.take(event)) this.#report.found('chain', sentence);
    if (event.damage !== undefined) return;
    for (const sentence of this.#order.take(event)) this.#report.found('order', sentence);
    this.#interpret(sealedOut(event));
  }

  /** What the event says, by its definition. Personal texts are not opened: nothing that is checked here depends on them. */
  #interpret(event: StoredEvent): void {
    const { registry } = this.#options;
    const fact = factOf(event, registry);
    const place = `position ${event.position}: ${event.type} (${event.stream}, revision ${event.revision})`;
    const fault = fact === undefined ? 'was not written by this product' : unreadable(fact, registry);
    if (fault !== undefined) this.#report.found('shape', `${place} ${fault}`);
    else if (fact !== undefined) for (const violation of this.#invariants.take(fact)) this.#report.found('invariants', textOf(violation));
  }

  #atRest(before: Rest, after: Rest): void {
    const isAtRest =
      before.busy === undefined && after.busy === undefined && before.head === after.head && BigInt(after.head) >= (this.#last ?? 0n);
    if (!isAtRest)
      this.#report.note(
        `Work is under way (${after.busy ?? before.busy ?? 'the sagas have not read the whole log'}), so what must hold at rest was not checked.`,
      );
    for (const violation of this.#invariants.end(isAtRest)) {
      const stopped = after.stopped.get(violation.key);
      if (stopped === undefined) this.#report.found('invariants', textOf(violation));
      else this.#report.note(`${textOf(violation)}; its process ${stopped}.`);
    }
  }

  #tellHeads({ valid, faults }: Heads, chain: ChainCheck, bound: number): void {
    for (const fault of faults) this.#report.found('heads', fault);
    const { agreed } = chain;
    if (valid.length === 0) this.#report.note('There are no signed heads to compare with: the chain vouches for itself alone.');
    else if (agreed) this.#report.note(`The head signed at ${agreed.at} agrees up to position ${agreed.position}.`);
    if (bound < valid.length) this.#report.note(`${valid.length - bound} heads are void: the log was restored to an earlier place.`);
  }
}

function unreadable(fact: Fact, { events }: Registry): string | undefined {
  if (!events.has(fact.meta.type)) return 'is of a kind that is not known here';
  try {
    return fact.data === undefined ? 'says nothing' : undefined;
  } catch (error) {
    return `cannot be read: ${(error as Error).message}`;
  }
}

const textOf = ({ invariant, key, place, sentence }: Violation): string =>
  `position ${place.position}: ${place.type} (${place.stream}, revision ${place.revision}) leaves ${invariant} of ${key} broken: ${sentence}`;

/** Not those that sagas and effects keep themselves. */
const MADE_VIEWS = `select count(*)::integer as views from ops.checkpoints where shown and shape not in ('sagas', 'effects')`;

async function verifyViews({ pool, registry, opened }: VerifyOptions, report: Report): Promise<void> {
  const [there] = await rowsOf<{ views: number }>(pool, MADE_VIEWS);
  if (opened === undefined) return report.note('The keys of personal data are not at hand, so views were not compared.');
  if (there?.views === 0) return report.note('There are no views yet; the worker makes them from the log.');
  try {
    const views = await compareViews({ pool, log: opened, registry });
    for (const { name, firstDifference } of views.filter(({ equal }) => !equal))
      report.found('views', `${name} is not what the log makes of it: ${firstDifference ?? 'it cannot be compared'}`);
    report.note(`${views.length} views were made anew from the log and compared.`);
  } catch (error) {
    // A log that cannot be read makes no views; what is wrong with it has been told.
    if (report.isClean) throw error;
    report.found('views', `they cannot be made from this log: ${(error as Error).message}`);
  }
}
