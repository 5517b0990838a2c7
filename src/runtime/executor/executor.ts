import { metrics } from '@opentelemetry/api';
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
import { HoldLapsed } from '../../kernel/hold.ts';
import type { EventMetadata } from '../../kernel/metadata.ts';
import type { Registry } from '../../kernel/module.ts';
import { overriding } from '../../kernel/override.ts';
import { type Clock, dayIn } from '../clock.ts';
import { type Appended, type EventLog, type NewEvent, WrongRevision } from '../event-log/port.ts';
import { digest, recordId, uuidv5 } from '../ids.ts';
import type { QueryRunner } from '../queries/port.ts';
import { traced } from '../tracing.ts';
import { Holds } from './holds.ts';
import { type Blind, recordNamed } from './naming.ts';
import { type Done, later } from './outcomes.ts';
import { pointersOf } from './pointers.ts';
import { CommandMismatch, Conflict, type Execution, type Executor, InvalidInput, type Outcome } from './port.ts';
import type { Snapshots } from './snapshots.ts';
import { type Folded, Streams, take } from './streams.ts';
import { type Thread, Threads } from './threads.ts';
import { Turns } from './turns.ts';

export interface ExecutorOptions {
  readonly log: EventLog;
  readonly registry: Registry;
  readonly queries: QueryRunner;
  readonly clock: Clock;
  /** IANA name; decides which day an instant belongs to. */
  readonly timeZone: string;
  readonly cacheBytesMax?: number;
  /** Keyed hash for what must be recognised and not guessed; unkeyed where nothing is kept. */
  readonly blind?: Blind;
  readonly snapshots?: Snapshots;
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
  readonly holds: Holds;
  /** The thread its events belong to, known once they are decided. */
  thread?: Thread;
  /** Approvals that the last decision leant on. */
  approvals: readonly Hold[];
}

/** What a command came to, with the events it appended. */
interface Decided {
  readonly outcome: Outcome;
  readonly events: readonly DomainEvent[];
}

/** An executor that lets itself be measured. */
export interface WatchedExecutor extends Executor {
  readonly streams: Streams;
  /** Commands under way or waiting for their stream. */
  readonly waiting: number;
}

export function createExecutor(options: ExecutorOptions): WatchedExecutor {
  return new CommandExecutor(options);
}

class CommandExecutor implements WatchedExecutor {
  readonly #options: ExecutorOptions;
  readonly #turns = new Turns();
  // Made here and not once for the module: a meter asked for before the process's provider is installed counts nothing.
  readonly #meter = metrics.getMeter('throughline');
  readonly #outcomes = this.#meter.createCounter('throughline_commands', { description: 'Commands by type and outcome' });
  readonly #conflicts = this.#meter.createCounter('throughline_conflicts', { description: 'Appends that found the stream moved on' });
  readonly streams: Streams;
  readonly #threads: Threads;
  readonly #blind: Blind;

  constructor(options: ExecutorOptions) {
    this.#options = options;
    this.#blind = options.blind ?? digest;
    this.streams = new Streams(options.log, options.cacheBytesMax ?? CACHE_BYTES_MAX, options.snapshots);
    this.#threads = new Threads(options.registry.deciders, this.streams);
    // A counter that never counted is not shown at all; none so far is a figure too.
    this.#conflicts.add(0);
  }

  get waiting(): number {
    return this.#turns.waiting;
  }

  execute(message: CommandMessage, execution: Execution): Promise<Outcome> {
    return traced(`execute ${message.command}`, execution, async traceparent => {
      try {
        const outcome = await this.#run(message, { ...execution, ...(traceparent === undefined ? {} : { traceparent }) }, 0);
        this.#outcomes.add(1, { command: message.command, outcome: outcome.kind });
        return outcome;
      } catch (error) {
        this.#outcomes.add(1, { command: message.command, outcome: error instanceof Error ? error.name : 'Error' });
        throw error;
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
    const { category } = command.decider;
    const record = command.idAsStored ? { category, id } : recordNamed(command.decider, id, this.#blind);
    const deadline = performance.now() + (this.#options.patienceMs ?? PATIENCE_MS);
    const hash = this.#blind(digest([message.command, message.input]));
    const holds = new Holds(this.#options.registry.commands, this.#blind, held => this.#asSystem(held, attempt, crypto.randomUUID()));
    const attempt: Attempt = { command, input, record, stream: streamOf(record), hash, execution, deadline, holds, approvals: [] };
    return attempt;
  }

  /** Decides again, with growing jittered pauses, as long as the stream moves under the decision. */
  async #untilDecided(attempt: Attempt): Promise<Decided> {
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

  async #decideOnce(attempt: Attempt): Promise<Decided> {
    const { command, execution, stream, record } = attempt;
    const { folded, confirmed } = await this.streams.load(command.decider, stream);
    const known = folded.known.get(execution.commandId);
    if (known !== undefined) {
      if (known.hash !== attempt.hash) throw new CommandMismatch('The same key came with another body');
      const { thread } = folded;
      return settled({ kind: 'done', record, revision: known.revision, position: known.position, repeated: true, thread });
    }
    const verdict = this.#preconditions(attempt, folded) ?? (await this.#decide(attempt, folded));
    if (Array.isArray(verdict) && verdict.length > 0) return this.#carryOut(attempt, folded, verdict);
    // Nothing is to be appended, so no append will prove the state right: the stream's tail must.
    if (!confirmed && (await this.streams.refresh(command.decider, stream, folded))) return this.#decideOnce(attempt);
    if (Array.isArray(verdict))
      return settled({ kind: 'done', record, revision: folded.revision, position: folded.position, repeated: false });
    return settled(await attempt.holds.release(verdict as Outcome));
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
    const { caller } = execution;
    const reaches = (ownerId: string): boolean => caller.may(command.permission) || ownerId === caller.actor.id;
    const facts = await command.facts?.(folded.state as never, input, this.#ask(execution), {
      today,
      entityId: record.id,
      actor: caller.actor,
      reaches,
    });
    const user = { commandId: execution.commandId, actorId: caller.actor.id };
    const { override, holds } = overriding(command, input, { record, revision: folded.revision }, user);
    const context: DecisionContext<unknown> = {
      now,
      today,
      actor: caller.actor,
      facts,
      entityId: record.id,
      id: name => recordId(uuidv5('record', execution.commandId, name)),
      may: permission => caller.may(permission),
      override,
    };
    const decision: Decision<DomainEvent> = command.decide(folded.state as never, input, context as DecisionContext<never>);
    attempt.approvals = holds();
    return isRefusal(decision) ? { kind: 'refused', refusal: decision, position: folded.position } : decision;
  }

  /** Facts are asked as the system and show at least all that led to the command. */
  #ask({ after }: Execution): Ask {
    const asking = { caller: system('facts'), ...(after === undefined ? {} : { after }) };
    return (query, input) => this.#options.queries.ask(query, input, asking);
  }

  async #carryOut(attempt: Attempt, folded: Folded, events: readonly DomainEvent[]): Promise<Decided> {
    const { command, input, execution, record, stream, holds } = attempt;
    const thread = await this.#threads.of(command, input, execution, folded);
    attempt.thread = thread;
    const links = await Promise.all(events.map(event => this.#threads.linksOf(command, event, thread)));
    const held = command.holds?.(events as never, folded.state as never, record.id) ?? [];
    const refused = await holds.take([...held, ...attempt.approvals]);
    if (refused !== undefined) return settled(await holds.release(refused));
    const batch = this.#recorded(attempt, { ...thread, links }, folded, events);
    const appended = await this.#options.log.append(stream, batch, folded.revision);
    this.#takeIn(attempt, folded, batch, events, appended);
    return {
      outcome: { kind: 'done', record, ...appended, repeated: false, thread: thread.correlationId },
      events,
    };
  }

  /** Runs a further command of the house itself, in the thread of the one that wants it. */
  #asSystem(message: CommandMessage, { execution, thread }: Attempt, commandId: string, depth = 0): Promise<Outcome> {
    const cause = { correlationId: thread?.correlationId ?? execution.commandId, causationId: execution.commandId };
    const { ifMatch: _, ...rest } = execution;
    return this.#run(message, { ...rest, commandId, caller: system('house'), cause }, depth);
  }

  /** `links` are of each event. */
  #recorded(
    attempt: Attempt,
    { correlationId, links }: { readonly correlationId: string; readonly links: readonly (readonly string[])[] },
    folded: Folded,
    events: readonly DomainEvent[],
  ): readonly NewEvent[] {
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
      ...(execution.traceparent === undefined ? {} : { traceparent: execution.traceparent }),
    } satisfies Omit<EventMetadata, 'version'>;
    return events.map(({ type, data }, index) => {
      const version = [...command.decider.events, HoldLapsed].find(definition => definition.type === type)?.version;
      if (version === undefined) throw new Error(`${command.type} decided ${type}, which ${command.decider.category} does not know`);
      const touched = links[index] ?? [];
      return {
        id: uuidv5('event', execution.commandId, stream, String(index)),
        type,
        data,
        metadata: { version, ...metadata, ...(touched.length === 0 ? {} : { links: touched }) },
      };
    });
  }

  #takeIn(attempt: Attempt, folded: Folded, batch: readonly NewEvent[], events: readonly DomainEvent[], appended: Appended): void {
    const { decider } = attempt.command;
    const first = appended.revision - batch.length + 1;
    batch.forEach((entry, index) => {
      const { data } = events[index] as DomainEvent;
      take(
        decider,
        folded,
        { id: entry.id, type: entry.type, metadata: entry.metadata, revision: first + index, position: appended.position },
        data,
      );
    });
    this.streams.grown(decider, attempt.stream, folded);
  }

  /** Goes on with what follows; what fails for want of time or connection is left to the saga that does the same. */
  async #follow(attempt: Attempt, done: Done, events: readonly DomainEvent[], depth: number): Promise<Outcome> {
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

const settled = (outcome: Outcome): Decided => ({ outcome, events: [] });
