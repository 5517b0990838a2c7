import { expect } from 'vitest';
import { type CommandMessage, recordOf } from '../../src/kernel/command.ts';
import type { EffectMessage } from '../../src/kernel/effect.ts';
import type { AnyEventDefinition, DomainEvent } from '../../src/kernel/event.ts';
import { AlarmRang, CommandRefused, type processEvents, processOf } from '../../src/kernel/processes.ts';
import type { ViewMeta } from '../../src/kernel/projection.ts';
import type { AnySaga, Saga, WaitingFor } from '../../src/kernel/saga.ts';
import { type Instance, move } from '../../src/runtime/sagas/move.ts';

const NOW = '2026-03-02T09:00:00.000Z';
const STREAM = 'record-1';

/** What a test may say of a fact besides its data: above all `stream`, e.g. `salesOrder-o1`, and `occurredAt` to back-date it. */
export type About = Partial<Omit<ViewMeta, 'type' | 'category' | 'entityId' | 'revision' | 'position'>>;

type Sent = { readonly instance: string; readonly message: CommandMessage };

/**
 * A saga on its own: facts go in, commands come out. What `sends`, `wakes` and the like promise is about the last fact;
 * the rest is about the one instance there is, or the one that `of` names.
 */
export function givenSaga<State, D extends AnyEventDefinition, Alarm extends string = never>(
  saga: Saga<State, D, Alarm>,
): SagaScenario<Alarm> {
  return new SagaScenario<Alarm>(saga as unknown as AnySaga);
}

export class SagaScenario<Alarm extends string> {
  readonly #saga: AnySaga;
  readonly #instances = new Map<string, Instance>();
  readonly #unanswered: Sent[] = [];
  #last: readonly Sent[] = [];
  #lastEffects: readonly EffectMessage[] = [];
  #position = 0;
  #now = NOW;
  #focus: string | undefined;

  constructor(saga: AnySaga) {
    this.#saga = saga;
  }

  /** A fact of the business comes along. */
  on(event: DomainEvent, about: About = {}): this {
    const definition = this.#saga.events.find(({ type }) => type === event.type);
    if (definition === undefined) throw new Error(`${this.#saga.name} does not listen to ${event.type}`);
    const data = definition.decode(plain(event.data), definition.version);
    const meta = this.#meta(event.type, about);
    const instances = this.#saga.instances[event.type] as (data: unknown, meta: ViewMeta) => readonly string[];
    return this.#happens(instances(data, meta), data, meta);
  }

  /** The oldest command of that name that has not been answered is refused. */
  refused(command: string | { readonly type: string }, code: string, because = `It is refused as ${code}.`): this {
    const name = typeof command === 'string' ? command : command.type;
    const index = this.#unanswered.findIndex(({ message }) => message.command === name);
    const [asked] = index < 0 ? [] : this.#unanswered.splice(index, 1);
    if (asked === undefined) throw new Error(`${this.#saga.name} has not sent ${name}`);
    const { instance, message } = asked;
    const input = plain(message.input) as never;
    return this.#steers(CommandRefused({ saga: this.#saga.name, instance, commandId: 'c', command: name, input, refused: code, because }));
  }

  /** An alarm that is set falls due. */
  rings(alarm: Alarm): this {
    const instance = this.#name();
    const set = this.#instance().alarms[alarm];
    if (set === undefined) throw new Error(`${instance} has not set the alarm ${alarm}`);
    this.#now = set.due;
    return this.#steers(AlarmRang({ saga: this.#saga.name, instance, alarm, setBy: set.setBy }));
  }

  /** Turns to one of several instances. */
  of(instance: string): this {
    this.#focus = instance;
    return this;
  }

  /** Exactly these commands, in order. */
  sends(messages: readonly CommandMessage[]): this {
    const stopped = [...this.#instances.values()].find(({ status }) => status === 'parked');
    if (stopped !== undefined && messages.length > 0) throw new Error(`It is parked: ${stopped.waiting.reason}`);
    expect(this.#last.map(({ message }) => message)).toEqual(messages);
    return this;
  }

  sendsNothing(): this {
    return this.sends([]);
  }

  /** Exactly these effects outside the house, in order. */
  asksFor(...effects: readonly EffectMessage[]): this {
    expect(this.#lastEffects).toEqual(effects);
    return this;
  }

  /** The alarm is set to ring an ISO 8601 duration from now. */
  wakes(alarm: Alarm, duration: string): this {
    const due = Temporal.Instant.from(this.#now).toZonedDateTimeISO('UTC').add(duration).toInstant();
    expect(this.#instance().alarms[alarm]?.due).toBe(due.toString({ fractionalSecondDigits: 3 }));
    return this;
  }

  sleeps(alarm: Alarm): this {
    expect(this.#instance().alarms[alarm]).toBeUndefined();
    return this;
  }

  /** It is under way and explains itself so. */
  waitsFor(expected: Partial<WaitingFor>): this {
    const { status, waiting } = this.#instance();
    expect({ status, waiting }).toMatchObject({ status: 'running', waiting: expected });
    return this;
  }

  finished(): this {
    expect(this.#instance()).toMatchObject({ status: 'finished' });
    return this;
  }

  /** It stands still; the reason holds these words. */
  parked(reason: string): this {
    const { status, waiting } = this.#instance();
    expect({ status, reason: waiting.reason }).toEqual({ status: 'parked', reason: expect.stringContaining(reason) });
    return this;
  }

  /** These instances there are, and no others; none of them when a fact is not this saga's matter. */
  begins(...instances: readonly string[]): this {
    expect([...this.#instances.keys()]).toEqual(instances);
    return this;
  }

  #steers({ data, type }: { readonly type: (typeof processEvents)[number]['type']; readonly data: { readonly instance: string } }): this {
    const { id } = processOf(this.#saga.name, data.instance);
    return this.#happens([data.instance], data, this.#meta(type, { stream: `process-${id}` }));
  }

  #happens(instances: readonly string[], data: unknown, meta: ViewMeta): this {
    const fact = { data, meta, wakes: meta.occurredAt === meta.recordedAt, history: false };
    const effects: EffectMessage[] = [];
    this.#last = instances.flatMap(instance => {
      const moved = move(this.#saga, instance, this.#instances.get(instance), fact);
      if (moved === undefined) return [];
      // States go through JSON, as they do between two batches: what does not survive that shows here.
      if (moved.forget) this.#instances.delete(instance);
      else this.#instances.set(instance, { ...moved.instance, state: plain(moved.instance.state) });
      effects.push(...moved.effects);
      return moved.send.map(message => ({ instance, message }));
    });
    this.#lastEffects = effects;
    this.#unanswered.push(...this.#last);
    return this;
  }

  #meta(type: string, about: About): ViewMeta {
    const position = String(++this.#position);
    const stream = about.stream ?? STREAM;
    const { category, id: entityId } = recordOf(stream);
    const recordedAt = about.recordedAt ?? this.#now;
    this.#now = recordedAt;
    return {
      eventId: `event-${position}`,
      revision: 0,
      recordedAt,
      occurredAt: recordedAt,
      actor: { kind: 'staff', id: 'ana' },
      commandId: `command-${position}`,
      correlationId: 'thread',
      causationId: `command-${position}`,
      links: [],
      ...about,
      type,
      stream,
      category,
      entityId,
      position,
    };
  }

  #name(): string {
    const names = this.#focus === undefined ? [...this.#instances.keys()] : [this.#focus];
    if (names.length !== 1) throw new Error(`${this.#saga.name} has ${names.length} instances; say which one with of()`);
    return names[0] as string;
  }

  #instance(): Instance {
    const instance = this.#instances.get(this.#name());
    if (instance === undefined) throw new Error(`${this.#saga.name} has no instance ${this.#name()}`);
    return instance;
  }
}

const plain = (value: unknown): unknown => (value === undefined ? undefined : JSON.parse(JSON.stringify(value)));
