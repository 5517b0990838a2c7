import { metrics, SpanStatusCode, trace } from '@opentelemetry/api';
import { z } from 'zod';
import { authorise, system } from '../../kernel/authority.ts';
import {
  type AnyCommand,
  type Ask,
  type CommandMessage,
  type DecisionContext,
  type Hold,
  type RecordRef,
  streamOf,
} from '../../kernel/command.ts';
import { type Decision, isRefusal, notFound } from '../../kernel/decider.ts';
import type { DomainEvent } from '../../kernel/event.ts';
import type { EventMetadata } from '../../kernel/metadata.ts';
import type { Registry } from '../../kernel/module.ts';
import { type Clock, dayIn } from '../clock.ts';
import { type Appended, type EventLog, type NewEvent, WrongRevision } from '../event-log/port.ts';
import { digest, recordId, uuidv5 } from '../ids.ts';
import type { QueryRunner } from '../queries/port.ts';
import { pointersOf } from './pointers.ts';
import { CommandMismatch, Conflict, type Execution, type Executor, InvalidInput, type Outcome } from './port.ts';
import { type Folded, Streams, take } from './streams.ts';
import { Turns } from './turns.ts';

export interface ExecutorOptions {
  readonly log: EventLog;
  readonly registry: Registry;
  readonly queries: QueryRunner;
  readonly clock: Clock;
  /** IANA name; decides which day an instant belongs to. */
  readonly timeZone: string;
  readonly cacheBytesMax?: number;
  readonly patienceMs?: number;
}

const CACHE_BYTES_MAX = 64 * 1024 * 1024;
const PATIENCE_MS = 10_000;
const PAUSE_MS = 2;
const PAUSE_MAX_MS = 100;
/** What follows a command may itself be followed, e.g. issue → number → issued; more than this is a loop. */
const FOLLOWS_DEEP_MAX = 4;

/** One command on its way, with all that stays the same however often it is decided. */
interface Attempt {
  readonly command: AnyCommand;
  readonly input: never;
  readonly record: RecordRef;
  readonly stream: string;
  readonly hash: string;
  readonly execution: Execution;
  readonly deadline: number;
  /** Holds taken so far, by their message, over all rounds of deciding. */
  readonly held: Map<string, Hold>;
  /** The thread its events belong to, known once they are decided. */
  thread?: Thread;
}

interface Thread {
  readonly correlationId: string;
  readonly links: readonly string[];
}

export function createExecutor(options: ExecutorOptions): Executor & { readonly streams: Streams } {
  return new CommandExecutor(options);
}

const tracer = trace.getTracer('throughline');

class CommandExecutor implements Executor {
  readonly #options: ExecutorOptions;
  readonly #turns = new Turns();
  // Made here and not once for the module: a meter asked for before the process's provider is installed counts nothing.
  readonly #meter = metrics.getMeter('throughline');
  readonly #outcomes = this.#meter.createCounter('throughline_commands', { description: 'Commands by type and outcome' });
  readonly #conflicts = this.#meter.createCounter('throughline_conflicts', { description: 'Appends that found the stream moved on' });
  readonly streams: Streams;

  constructor(options: ExecutorOptions) {
    this.#options = options;
    this.streams = new Streams(options.log, options.cacheBytesMax ?? CACHE_BYTES_MAX);
  }

  execute(message: CommandMessage, execution: Execution): Promise<Outcome> {
    return tracer.startActiveSpan(`execute ${message.command}`, async span => {
      try {
        const outcome = await this.#run(message, execution, 0);
        this.#outcomes.add(1, { command: message.command, outcome: outcome.kind });
        return outcome;
      } catch (error) {
        this.#outcomes.add(1, { command: message.command, outcome: error instanceof Error ? error.name : 'Error' });
        span.setStatus({ code: SpanStatusCode.ERROR });
        throw error;
      } finally {
        span.end();
      }
    });
  }

  async #run(message: CommandMessage, execution: Execution, depth: number): Promise<Outcome> {
    const attempt = this.#attempt(message, execution);
    const { outcome, events } = await this.#turns.run(attempt.stream, () => this.#untilDecided(attempt));
    return outcome.kind === 'done' && depth < FOLLOWS_DEEP_MAX ? this.#follow(attempt, outcome, events, depth) : outcome;
  }

  #attempt(message: CommandMessage, execution: Execution): Attempt {
    const command = this.#options.registry.commands.get(message.command);
    if (command === undefined) throw new Error(`No module offers the command ${message.command}`);
    const parsed = z.safeDecode(command.input, message.input);
    if (!parsed.success) throw new InvalidInput(pointersOf(parsed.error));
    const input = parsed.data as never;
    const id = command.entityId?.(input) ?? recordId(execution.commandId);
    const record = { category: command.decider.category, id };
    const deadline = performance.now() + (this.#options.patienceMs ?? PATIENCE_MS);
    const hash = digest([message.command, message.input]);
    return { command, input, record, stream: streamOf(record), hash, execution, deadline, held: new Map() };
  }

  /** Decides again, with growing jittered pauses, as long as the stream moves under the decision. */
  async #untilDecided(attempt: Attempt): Promise<{ outcome: Outcome; events: readonly DomainEvent[] }> {
    for (let round = 0; ; round++) {
      try {
        return await this.#decideOnce(attempt);
      } catch (error) {
        if (!(error instanceof WrongRevision)) throw error;
        this.#conflicts.add(1);
        this.streams.forget(attempt.stream);
        const pause = Math.min(PAUSE_MS * 2 ** round, PAUSE_MAX_MS) * (0.5 + Math.random());
        if (performance.now() + pause > attempt.deadline) throw new Conflict(`${attempt.stream} kept changing`);
        await new Promise(resolve => setTimeout(resolve, pause));
      }
    }
  }

  async #decideOnce(attempt: Attempt): Promise<{ outcome: Outcome; events: readonly DomainEvent[] }> {
    const { command, execution, stream, record } = attempt;
    const { folded, confirmed } = await this.streams.load(command.decider, stream);
    const known = folded.known.get(execution.commandId);
    if (known !== undefined) {
      if (known.hash !== attempt.hash) throw new CommandMismatch('The same key came with another body');
      return settled({ kind: 'done', record, revision: known.revision, position: known.position, repeated: true });
    }
    const verdict = this.#preconditions(attempt, folded) ?? (await this.#decide(attempt, folded));
    if (Array.isArray(verdict) && verdict.length > 0) return this.#carryOut(attempt, folded, verdict);
    // Nothing is to be appended, so no append will prove the state right: the stream's tail must.
    if (!confirmed && (await this.streams.refresh(command.decider, stream, folded))) return this.#decideOnce(attempt);
    if (Array.isArray(verdict))
      return settled({ kind: 'done', record, revision: folded.revision, position: folded.position, repeated: false });
    return settled(await this.#released(attempt, verdict as Outcome));
  }

  /** Authority and If-Match; undefined when nothing stands against deciding. */
  #preconditions({ command, execution, record }: Attempt, folded: Folded): Outcome | undefined {
    const creates = command.entityId === undefined;
    const relations = creates ? undefined : command.relations?.(folded.state as never);
    const verdict = authorise(execution.caller, command.permission, relations);
    if (verdict === 'forbidden') return { kind: 'forbidden' };
    if (verdict === 'hidden') return { kind: 'refused', refusal: notFound(record.category, record.id), position: folded.position };
    if (execution.ifMatch !== undefined && execution.ifMatch !== folded.revision) return { kind: 'stale', revision: folded.revision };
    return undefined;
  }

  async #decide(attempt: Attempt, folded: Folded): Promise<readonly DomainEvent[] | Outcome> {
    const { command, input, execution, record } = attempt;
    const now = execution.occurredAt ?? this.#options.clock.now();
    const today = dayIn(this.#options.timeZone, now);
    const facts = await command.facts?.(folded.state as never, input, this.#ask(execution), { today, entityId: record.id });
    const context: DecisionContext<unknown> = {
      now,
      today,
      actor: execution.caller.actor,
      facts,
      entityId: record.id,
      id: name => recordId(uuidv5('record', execution.commandId, name)),
      may: permission => execution.caller.may(permission),
    };
    const decision: Decision<DomainEvent> = command.decide(folded.state as never, input, context as DecisionContext<never>);
    return isRefusal(decision) ? { kind: 'refused', refusal: decision, position: folded.position } : decision;
  }

  /** Facts are asked as the system and show at least all that led to the command. */
  #ask({ after }: Execution): Ask {
    const asking = { caller: system('facts'), ...(after === undefined ? {} : { after }) };
    return (query, input) => this.#options.queries.ask(query, input, asking);
  }

  async #carryOut(
    attempt: Attempt,
    folded: Folded,
    events: readonly DomainEvent[],
  ): Promise<{ outcome: Outcome; events: readonly DomainEvent[] }> {
    const { command, record, stream } = attempt;
    attempt.thread = await this.#thread(attempt, folded);
    const refused = await this.#hold(attempt, command.holds?.(events as never, folded.state as never, record.id) ?? []);
    if (refused !== undefined) return settled(await this.#released(attempt, refused));
    const batch = this.#recorded(attempt, attempt.thread, folded, events);
    const appended = await this.#options.log.append(stream, batch, folded.revision);
    this.#takeIn(attempt, folded, batch, events, appended);
    return {
      outcome: { kind: 'done', record, revision: appended.revision, position: appended.position, repeated: false },
      events,
    };
  }

  /** Takes holds one after the other in the order of their streams, so that two commands never wait for each other. */
  async #hold(attempt: Attempt, holds: readonly Hold[]): Promise<Outcome | undefined> {
    const wanted = holds.map(hold => ({ hold, stream: this.#streamOfMessage(hold.take) })).sort((a, b) => (a.stream < b.stream ? -1 : 1));
    for (const { hold } of wanted) {
      const outcome = await this.#asSystem(hold.take, attempt, crypto.randomUUID());
      if (outcome.kind !== 'done') return outcome;
      attempt.held.set(digest(hold.take), hold);
    }
    return undefined;
  }

  /** Gives back, newest first, what was held for a command that came to nothing; the answer's position shows it given back. */
  async #released(attempt: Attempt, outcome: Outcome): Promise<Outcome> {
    let position = 'position' in outcome ? outcome.position : undefined;
    for (const hold of [...attempt.held.values()].reverse()) {
      const back = await this.#asSystem(hold.release, attempt, crypto.randomUUID());
      if (back.kind === 'done') position = newer(position, back.position);
    }
    attempt.held.clear();
    return outcome.kind === 'refused' ? { ...outcome, position } : outcome;
  }

  /** Runs a further command of the house itself, in the thread of the one that wants it. */
  #asSystem(message: CommandMessage, { execution, thread }: Attempt, commandId: string, depth = 0): Promise<Outcome> {
    const cause = { correlationId: thread?.correlationId ?? execution.commandId, causationId: execution.commandId };
    const { ifMatch: _, ...rest } = execution;
    return this.#run(message, { ...rest, commandId, caller: system('house'), cause }, depth);
  }

  #streamOfMessage(message: CommandMessage): string {
    const command = this.#options.registry.commands.get(message.command);
    if (command?.entityId === undefined) throw new Error(`${message.command} cannot be held: it names no record`);
    return streamOf({ category: command.decider.category, id: command.entityId(z.decode(command.input, message.input) as never) });
  }

  #recorded(attempt: Attempt, { correlationId, links }: Thread, folded: Folded, events: readonly DomainEvent[]): readonly NewEvent[] {
    const { command, execution, stream } = attempt;
    const recordedAt = this.#options.clock.now();
    const metadata = {
      recordedAt,
      occurredAt: execution.occurredAt ?? recordedAt,
      actor: execution.caller.actor,
      commandId: execution.commandId,
      commandHash: attempt.hash,
      correlationId,
      causationId: execution.cause?.causationId ?? execution.commandId,
      basis: folded.revision,
      ...(links.length === 0 ? {} : { links }),
      ...(execution.traceparent === undefined ? {} : { traceparent: execution.traceparent }),
    } satisfies Omit<EventMetadata, 'version'>;
    return events.map(({ type, data }, index) => {
      const version = command.decider.events.find(definition => definition.type === type)?.version;
      if (version === undefined) throw new Error(`${command.type} decided ${type}, which ${command.decider.category} does not know`);
      return { id: uuidv5('event', execution.commandId, stream, String(index)), type, data, metadata: { version, ...metadata } };
    });
  }

  /** One correlation from first cause to last effect: the stream's own thread, else the parent's, else the cause's. */
  async #thread({ command, input, execution }: Attempt, folded: Folded): Promise<Thread> {
    const parent = command.parent?.(input);
    const own = command.decider.shared ? undefined : folded.thread;
    const correlationId =
      own ?? (parent && (await this.#threadOf(parent))) ?? execution.cause?.correlationId ?? folded.thread ?? execution.commandId;
    const linked = await Promise.all((command.links?.(input) ?? []).map(record => this.#threadOf(record)));
    return { correlationId, links: [...new Set(linked)].filter(thread => thread !== undefined && thread !== correlationId) as string[] };
  }

  async #threadOf(record: RecordRef): Promise<string | undefined> {
    const decider = this.#options.registry.deciders.get(record.category);
    if (decider === undefined) throw new Error(`No module has records of category ${record.category}`);
    return (await this.streams.load(decider, streamOf(record))).folded.thread;
  }

  #takeIn(attempt: Attempt, folded: Folded, batch: readonly NewEvent[], events: readonly DomainEvent[], appended: Appended): void {
    const { decider } = attempt.command;
    const first = appended.revision - batch.length + 1;
    batch.forEach((entry, index) => {
      const { data } = events[index] as DomainEvent;
      take(decider, folded, { type: entry.type, metadata: entry.metadata, revision: first + index, position: appended.position }, data);
    });
    this.streams.keep(attempt.stream, folded);
  }

  /** Goes on with what follows; what fails for want of time or connection is left to the saga that does the same. */
  async #follow(
    attempt: Attempt,
    done: Extract<Outcome, { kind: 'done' }>,
    events: readonly DomainEvent[],
    depth: number,
  ): Promise<Outcome> {
    let outcome = done;
    for (const [index, message] of (attempt.command.follows?.(events as never, attempt.record.id) ?? []).entries()) {
      const commandId = uuidv5('follow', attempt.execution.commandId, String(index));
      const next = await this.#asSystem(message, attempt, commandId, depth + 1).catch(() => undefined);
      if (next?.kind === 'refused') return next;
      if (next?.kind === 'done') outcome = later(outcome, next);
    }
    return outcome;
  }
}

const settled = (outcome: Outcome) => ({ outcome, events: [] as readonly DomainEvent[] });

type Done = Extract<Outcome, { kind: 'done' }>;

/** The answer for the first record, at the position that shows the follow-up too. */
function later(first: Done, next: Done): Done {
  const sameRecord = streamOf(first.record) === streamOf(next.record);
  return { ...first, position: newer(first.position, next.position), revision: sameRecord ? next.revision : first.revision };
}

const newer = (a: bigint | undefined, b: bigint | undefined): bigint | undefined => ((a ?? -1n) < (b ?? -1n) ? b : a);
