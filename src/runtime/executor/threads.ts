import { type AnyCommand, type RecordRef, streamOf } from '../../kernel/command.ts';
import type { DomainEvent } from '../../kernel/event.ts';
import type { Registry } from '../../kernel/module.ts';
import type { Execution } from './port.ts';
import type { Folded, Streams } from './streams.ts';

/** The thread that a command's events belong to, and those they touch. */
export interface Thread {
  readonly correlationId: string;
  readonly links: readonly string[];
}

export class Threads {
  readonly #deciders: Registry['deciders'];
  readonly #streams: Streams;

  constructor(deciders: Registry['deciders'], streams: Streams) {
    this.#deciders = deciders;
    this.#streams = streams;
  }

  /** One correlation from first cause to last effect: the stream's own thread, else the parent's, else the cause's. */
  async of(command: AnyCommand, input: never, execution: Execution, folded: Folded): Promise<Thread> {
    const parent = command.parent?.(input);
    const own = command.decider.shared ? undefined : folded.thread;
    const correlationId =
      own ?? (parent && (await this.#threadOf(parent))) ?? execution.cause?.correlationId ?? folded.thread ?? execution.commandId;
    return { correlationId, links: await this.#others(correlationId, command.links?.(input) ?? []) };
  }

  /** The links of one event: those of its command, and the threads it touches itself. */
  async linksOf(command: AnyCommand, event: DomainEvent, { correlationId, links }: Thread): Promise<readonly string[]> {
    const touched = command.touches?.(event as never) ?? [];
    return touched.length === 0 ? links : [...new Set([...links, ...(await this.#others(correlationId, touched))])];
  }

  async #others(correlationId: string, records: readonly RecordRef[]): Promise<readonly string[]> {
    const threads = await Promise.all(records.map(record => this.#threadOf(record)));
    return [...new Set(threads)].filter(thread => thread !== undefined && thread !== correlationId) as string[];
  }

  async #threadOf(record: RecordRef): Promise<string | undefined> {
    const decider = this.#deciders.get(record.category);
    if (decider === undefined) throw new Error(`No module has records of category ${record.category}`);
    return (await this.#streams.load(decider, streamOf(record))).folded.thread;
  }
}
