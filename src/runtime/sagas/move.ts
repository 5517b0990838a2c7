/** How a fact moves an instance of a saga: pure, so that the same log always makes the same state. */
import type { CommandMessage, RecordRef } from '../../kernel/command.ts';
import type { EffectMessage } from '../../kernel/effect.ts';
import type { Handlers } from '../../kernel/event.ts';
import { PROCESS_CATEGORY, type processEvents } from '../../kernel/processes.ts';
import type { ViewMeta } from '../../kernel/projection.ts';
import type { AnySaga, RefusedCommand, Step, WaitingFor } from '../../kernel/saga.ts';

/** An alarm that is set. */
export interface Alarm {
  /** ISO 8601 instant. */
  readonly due: string;
  /** Id of the event that set it: an alarm that was moved meanwhile rings in vain. */
  readonly setBy: string;
}

export type Refused = Omit<RefusedCommand, 'input'>;

export interface Instance {
  readonly status: 'running' | 'finished' | 'parked';
  readonly state: unknown;
  readonly alarms: Readonly<Record<string, Alarm>>;
  readonly about: RecordRef;
  /** The thread of the event that began it. */
  readonly correlationId: string;
  /** When the last fact moved it, ISO 8601. */
  readonly since: string;
  readonly waiting: WaitingFor;
  readonly refusal: Refused | undefined;
  /** Where a parked instance stopped: it has seen everything up to this position; undefined for the log's beginning. */
  readonly stoppedAfter: bigint | undefined;
  /** Id of the event at which it stopped. */
  readonly stoppedBy: string | undefined;
  /** False while the log does not tell yet that it is parked. */
  readonly recorded: boolean;
  /** How often it was retried; a part of its commands' ids. */
  readonly attempt: number;
}

/** A fact as sagas see it. */
export interface Fact {
  readonly data: unknown;
  readonly meta: ViewMeta;
  /** Position of the fact before it in the log. */
  readonly previous: bigint | undefined;
  /** Whether it may set alarms: imported and back-dated facts may not. */
  readonly wakes: boolean;
}

export interface Move {
  readonly instance: Instance;
  readonly send: readonly CommandMessage[];
  readonly effects: readonly EffectMessage[];
}

/** What becomes of an instance by a fact; undefined when the fact does not concern it, the very same instance when it stays as it is. */
export function move(saga: AnySaga, name: string, before: Instance | undefined, fact: Fact): Move | undefined {
  const { category, type } = fact.meta;
  if (category === PROCESS_CATEGORY) return before && steered(saga, name, before, fact);
  if (before === undefined && !saga.startedBy.includes(type)) return undefined;
  // What comes to a parked instance is not lost: it will be replayed from where the instance stopped.
  if (before !== undefined && before.status !== 'running') return undefined;
  const step = saga.on[type] as (state: unknown, data: unknown, name: string, meta: ViewMeta) => Step<unknown>;
  return stepped(saga, name, before, fact, state => step(state, fact.data, name, fact.meta));
}

function steered(saga: AnySaga, name: string, before: Instance, fact: Fact): Move | undefined {
  if (before.status === 'parked') return undefined;
  const handle = steering[fact.meta.type as keyof typeof steering] as Steer | undefined;
  return handle?.(before, fact.data, saga, name, fact);
}

type Steer = (before: Instance, data: unknown, saga: AnySaga, name: string, fact: Fact) => Move | undefined;

const steering: Handlers<(typeof processEvents)[number], Instance, Move | undefined, [saga: AnySaga, name: string, fact: Fact]> = {
  /** A refusal reaches a finished instance too: the last command of a process must not fail unseen. */
  CommandRefused: (before, { command, input, refused, because }, saga, name, fact) => {
    const told: Instance = { ...before, refusal: { command, refused, because } };
    const answer = saga.onRefusal as ((state: unknown, refusal: RefusedCommand, name: string) => Step<unknown>) | undefined;
    if (answer === undefined) return still(parked(told, `${command} was refused: ${because}`, fact, BigInt(fact.meta.position)));
    return stepped(saga, name, told, fact, state => answer(state, { command, input, refused, because }, name));
  },
  AlarmRang: (before, { alarm, setBy }, saga, name, fact) => {
    if (before.alarms[alarm]?.setBy !== setBy) return undefined;
    const { [alarm]: _, ...alarms } = before.alarms;
    const answer = saga.alarms[alarm] as ((state: unknown, name: string) => Step<unknown>) | undefined;
    return stepped(saga, name, { ...before, alarms }, fact, state => {
      if (answer === undefined) throw new Error(`${saga.name} has no alarm ${alarm}`);
      return answer(state, name);
    });
  },
  ProcessParked: (before, { reason }, _saga, _name, fact) => still(parked(before, reason, fact, BigInt(fact.meta.position))),
};

/** Takes one step; a step that throws parks the instance before it. */
function stepped(
  saga: AnySaga,
  name: string,
  before: Instance | undefined,
  fact: Fact,
  step: (state: unknown) => Step<unknown>,
): Move | undefined {
  try {
    const start = before ?? begun(saga, name, fact);
    const made = step(start.state);
    if (before !== undefined && Object.keys(made).length === 0) return still(before);
    const state = made.state === undefined ? start.state : made.state;
    const done = made.finished === true || start.status === 'finished';
    const instance: Instance = {
      ...start,
      status: done ? 'finished' : 'running',
      state,
      alarms: done ? {} : alarmsAfter(start.alarms, made, fact),
      since: fact.meta.recordedAt,
      waiting: done ? DONE : (saga.explain as (state: unknown, name: string) => WaitingFor)(state, name),
    };
    return { instance, send: made.send ?? [], effects: made.effects ?? [] };
  } catch (error) {
    return still({ ...parked(before ?? begun(saga, name, fact), sentence(error), fact, fact.previous), recorded: false });
  }
}

const DONE: WaitingFor = { reason: 'It is finished.', next: 'Nothing is left to do.' };
const BEGUN: WaitingFor = { reason: 'It has just begun.', next: 'Its first step is taken.' };

const still = (instance: Instance): Move => ({ instance, send: [], effects: [] });

const begun = (saga: AnySaga, name: string, { meta }: Fact): Instance => ({
  about: saga.about(name),
  status: 'running',
  state: saga.initial(),
  alarms: {},
  correlationId: meta.correlationId,
  since: meta.recordedAt,
  waiting: BEGUN,
  refusal: undefined,
  stoppedAfter: undefined,
  stoppedBy: undefined,
  recorded: true,
  attempt: 0,
});

const parked = (before: Instance, reason: string, { meta }: Fact, stoppedAfter: bigint | undefined): Instance => ({
  ...before,
  status: 'parked',
  since: meta.recordedAt,
  waiting: { reason, next: 'It stands still; what comes for it meanwhile is kept in order.' },
  stoppedAfter,
  stoppedBy: meta.eventId,
});

/** `wake` counts from when the fact was recorded, so that a replay sets the same alarms. */
function alarmsAfter(before: Instance['alarms'], { wake = {}, sleep = [] }: Step<unknown>, { meta, wakes }: Fact): Instance['alarms'] {
  const kept = Object.entries(before).filter(([alarm]) => !sleep.includes(alarm));
  const set = wakes ? Object.entries(wake as Record<string, string>) : [];
  return Object.fromEntries([
    ...kept,
    ...set.map(([alarm, duration]) => [alarm, { due: later(meta.recordedAt, duration), setBy: meta.eventId }] as const),
  ]);
}

/** ISO 8601 instant an ISO 8601 duration after another; months and days are those of UTC's calendar. */
const later = (instant: string, duration: string): string =>
  Temporal.Instant.from(instant)
    .toZonedDateTimeISO('UTC')
    .add(Temporal.Duration.from(duration))
    .toInstant()
    .toString({ fractionalSecondDigits: 3 });

const sentence = (error: unknown): string => (error instanceof Error ? `${error.name}: ${error.message}` : String(error));
