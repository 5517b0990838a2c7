/** How the events of a batch move the instances of one saga, and all that comes of it. */
import { propagation, ROOT_CONTEXT, trace } from '@opentelemetry/api';
import type { DataOf } from '../../kernel/event.ts';
import { CommandRefused } from '../../kernel/processes.ts';
import type { AnySaga } from '../../kernel/saga.ts';
import type { Queued } from '../effects/outbox.ts';
import type { StoredEvent } from '../event-log/port.ts';
import { uuidv5 } from '../ids.ts';
import { type PersonalTexts, secretsOf } from '../personal/texts.ts';
import type { Standing } from './history.ts';
import { type Fact, type Instance, type Move, move, stopAgain } from './move.ts';
import { commandIdOf, type Outgoing, type Resumed } from './outbox.ts';
import { isAfter, type Seat } from './seats.ts';

const tracer = trace.getTracer('throughline');

/** One event on its way to one instance. */
export interface Visit {
  readonly name: string;
  readonly stored: StoredEvent;
  readonly fact: Fact;
}

/** The visits of one saga, each after the other, and all that they come to. */
export class Folding {
  readonly #seat: Seat;
  readonly #before: ReadonlyMap<string, Instance>;
  /** What instances have kept since before this batch. */
  readonly #inbox: Map<string, readonly Visit[]>;
  readonly #texts: PersonalTexts | undefined;
  readonly moved = new Map<string, Instance>();
  /** Instances that leave no trace. */
  readonly forgotten = new Set<string>();
  standings: Standing[] = [];
  readonly emptied = new Set<string>();
  readonly forgone = new Set<string>();
  kept: Visit[] = [];
  outgoing: Outgoing[] = [];
  readonly effects: Queued[] = [];
  readonly heard: DataOf<typeof CommandRefused>[] = [];
  readonly resumed: Resumed[] = [];

  constructor(seat: Seat, before: ReadonlyMap<string, Instance>, inbox: ReadonlyMap<string, readonly Visit[]>, texts?: PersonalTexts) {
    this.#seat = seat;
    this.#before = before;
    this.#inbox = new Map(inbox);
    this.#texts = texts;
  }

  takeAll(visits: readonly Visit[]): void {
    for (const visit of visits) this.#take(visit, visit.stored.position);
  }

  /** `now` is the position of what the instance acts upon: of an old event where it was kept until now. */
  #take(visit: Visit, now: bigint): void {
    const { saga, silentTo } = this.#seat;
    const { name } = visit;
    const before = this.forgotten.has(name) ? undefined : (this.moved.get(name) ?? this.#before.get(name));
    const { result, traceparent } = traced(saga, visit, () => this.#move(before, visit, now));
    const acts = isAfter(now, silentTo);
    if (acts) this.#hear(visit, result);
    if (result === undefined) return;
    if (result.forget) this.#forget(name, now);
    else if (result.instance !== before) this.#keep(name, now, result.instance);
    if (result.inbox === 'keep') this.kept.push(visit);
    if (result.inbox === 'drop') this.#drop(name, acts);
    if (acts && !visit.fact.history)
      this.outgoing.push(...outgoingOf(saga, visit, result, traceparent).map(row => this.#sealed(row, visit)));
    if (acts && visit.fact.wakes) this.effects.push(...effectsOf(saga, visit, result, traceparent));
    if (result.inbox === 'resume') this.#resume(result.instance, name, now, acts);
  }

  /** What a step copies of a person out of its event stands sealed in the outbox. */
  #sealed(row: Outgoing, { stored }: Visit): Outgoing {
    return this.#texts === undefined ? row : { ...row, input: this.#texts.seal(row.input, secretsOf(stored)) };
  }

  #keep(name: string, now: bigint, instance: Instance): void {
    this.forgotten.delete(name);
    this.moved.set(name, instance);
    this.standings.push({ name, from: now, instance });
  }

  /** What came and went within a batch was never there. */
  #forget(name: string, now: bigint): void {
    this.moved.delete(name);
    this.forgotten.add(name);
    if (this.#before.has(name)) this.standings.push({ name, from: now, instance: undefined });
    else this.standings = this.standings.filter(standing => standing.name !== name);
  }

  /** Where it stopped before, it stops again; only a retry takes it further. */
  #move(before: Instance | undefined, { name, stored, fact }: Visit, now: bigint): Move | undefined {
    const { saga, stops } = this.#seat;
    const stop = stops.get(name);
    return stop?.by === stored.id && now === stored.position
      ? stopAgain(saga, name, before, fact, stop.reason)
      : move(saga, name, before, fact);
  }

  /** A refused command leaves the outbox when its saga has an answer to that; else it is what a retry asks again. */
  #hear({ stored, fact }: Visit, result: Move | undefined): void {
    if (stored.type !== CommandRefused.type || result?.inbox === 'keep' || result?.instance.status === 'parked') return;
    this.heard.push(fact.data as DataOf<typeof CommandRefused>);
  }

  #resume({ attempt }: Instance, name: string, now: bigint, acts: boolean): void {
    const kept = this.#empty(name);
    const refusals = kept.filter(({ stored }) => stored.type === CommandRefused.type).map(({ fact }) => fact.data);
    const answered = (refusals as readonly DataOf<typeof CommandRefused>[]).map(({ commandId }) => commandId);
    if (acts) this.resumed.push({ instance: name, attempt, heard: answered });
    for (const visit of kept) this.#take(visit, now);
  }

  #drop(name: string, acts: boolean): void {
    this.#empty(name);
    if (!acts) return;
    this.outgoing = this.outgoing.filter(({ instance }) => instance !== name);
    this.forgone.add(name);
  }

  /** What the instance has kept until now, before this batch and in it. */
  #empty(name: string): readonly Visit[] {
    const kept = [...(this.#inbox.get(name) ?? []), ...this.kept.filter(visit => visit.name === name)];
    this.kept = this.kept.filter(visit => visit.name !== name);
    this.#inbox.delete(name);
    this.emptied.add(name);
    return kept;
  }
}

/** A step's commands, in order; a consequence of a back-dated fact is dated with it. */
const outgoingOf = (
  saga: AnySaga,
  { name, stored }: Visit,
  { instance, send }: Move,
  traceparent: string | undefined,
): readonly Outgoing[] =>
  send.map(({ command, input }, index) => ({
    saga: saga.name,
    instance: name,
    position: stored.position.toString(),
    index,
    command_id: commandIdOf(saga.name, name, stored.id, index, instance.attempt),
    command,
    input,
    // The instance's own thread: a receipt that serves an order does not draw the order into the receipt's.
    correlation_id: instance.correlationId,
    causation_id: stored.id,
    occurred_at: stored.metadata.occurredAt === stored.metadata.recordedAt ? undefined : stored.metadata.occurredAt,
    traceparent,
  }));

/** Nothing outside the house follows from back-dated facts. */
const effectsOf = (
  saga: AnySaga,
  { name, stored }: Visit,
  { instance, effects }: Move,
  traceparent: string | undefined,
): readonly Queued[] =>
  effects.map((message, index) => ({
    id: uuidv5('saga-effect', saga.name, name, stored.id, String(index), String(instance.attempt)),
    message,
    causeId: stored.id,
    position: stored.position,
    correlationId: instance.correlationId,
    traceparent,
  }));

/** Takes the step inside a span of the trace that led to it; what it sends goes on from there. */
function traced<Result>(saga: AnySaga, { name, stored }: Visit, step: () => Result): { result: Result; traceparent: string | undefined } {
  const { traceparent } = stored.metadata;
  const parent = propagation.extract(ROOT_CONTEXT, { traceparent });
  const attributes = { saga: saga.name, instance: name, event: stored.type };
  return tracer.startActiveSpan('saga step', { attributes }, parent, span => {
    const carrier: { traceparent?: string } = {};
    propagation.inject(trace.setSpan(parent, span), carrier);
    try {
      return { result: step(), traceparent: carrier.traceparent ?? traceparent };
    } finally {
      span.end();
    }
  });
}
