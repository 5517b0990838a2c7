/** How a fact moves an instance of a saga: pure, so that the same log always makes the same state. */
import type { CommandMessage, RecordRef } from '../../kernel/command.ts';
import type { EffectMessage } from '../../kernel/effect.ts';
import type { DataOf, Handlers } from '../../kernel/event.ts';
import {
  ADOPT,
  CommandRefused,
  PROCESS_CATEGORY,
  ProcessParked,
  type ProcessStatus,
  type processEvents,
  processOf,
  RETRY,
} from '../../kernel/processes.ts';
import type { ViewMeta } from '../../kernel/projection.ts';
import type { Abandonment, AnySaga, RefusedCommand, Step, WaitingFor } from '../../kernel/saga.ts';

/** An alarm that is set. */
export interface Alarm {
  /** ISO 8601 instant. */
  readonly due: string;
  /** Id of the event that set it: an alarm that was moved meanwhile rings in vain. */
  readonly setBy: string;
}

export type Refused = Omit<RefusedCommand, 'input'>;

/** What an instance waits for, as it is shown; the name is its saga's, absent where it waits for nothing of that kind. */
export type Waiting = WaitingFor & { readonly wait?: string };

export interface Instance {
  readonly status: ProcessStatus;
  readonly state: unknown;
  readonly alarms: Readonly<Record<string, Alarm>>;
  readonly about: RecordRef;
  /** The thread of the event that began it. */
  readonly correlationId: string;
  /** When the last fact moved it, ISO 8601. */
  readonly since: string;
  readonly waiting: Waiting;
  readonly refusal: Refused | undefined;
  /** Id of the event at which a parked instance stopped, or by which one was abandoned. */
  readonly stoppedBy: string | undefined;
  /** What a parked instance was before, and is again when it is retried. */
  readonly stoppedAs: Exclude<ProcessStatus, 'parked'> | undefined;
  /** False while the log does not tell yet that it is parked. */
  readonly recorded: boolean;
  /** Number of the last thing somebody said of it; a part of its commands' ids. */
  readonly attempt: number;
}

/** A fact as sagas see it. */
export interface Fact {
  readonly data: unknown;
  readonly meta: ViewMeta;
  /** Whether it may set alarms: imported and back-dated facts may not. */
  readonly wakes: boolean;
  /** Whether it is older than the saga. */
  readonly history: boolean;
}

export interface Move {
  readonly instance: Instance;
  readonly send: readonly CommandMessage[];
  readonly effects: readonly EffectMessage[];
  /**
   * `keep`: the fact waits until the instance goes on. `resume`: what was kept is to be taken now. `drop`: what was kept, and what
   * was still to be sent, is of no use any more.
   */
  readonly inbox?: 'keep' | 'resume' | 'drop';
  /** The instance is to leave no trace. */
  readonly forget?: true;
}

/** What becomes of an instance by a fact; undefined when the fact does not concern it, the very same instance when it stays as it is. */
export function move(saga: AnySaga, name: string, before: Instance | undefined, fact: Fact): Move | undefined {
  const { category, type } = fact.meta;
  if (category === PROCESS_CATEGORY) return steered(saga, name, before, fact);
  if (before === undefined && !saga.startedBy.includes(type)) return undefined;
  if (before !== undefined && isOver(before)) return undefined;
  if (before !== undefined && standsStill(before, fact)) return kept(before);
  const step = saga.on[type] as (state: unknown, data: unknown, name: string, meta: ViewMeta) => Step<unknown>;
  return stepped(saga, name, before, fact, state => step(state, fact.data, name, fact.meta));
}

/** Stops an instance where it stopped when its saga had another shape: what was not done then is done when it is retried. */
export function stopAgain(saga: AnySaga, name: string, before: Instance | undefined, fact: Fact, reason: string): Move {
  const told = before === undefined ? begun(saga, name, fact) : toldOf(before, fact);
  return { ...still(parked(saga, name, told, reason, fact)), ...keepsForRetry(fact) };
}

const toldOf = (before: Instance, { meta, data }: Fact): Instance =>
  meta.type === CommandRefused.type ? { ...before, refusal: refusalOf(data as DataOf<typeof CommandRefused>) } : before;

const isOver = ({ status }: Instance): boolean => status === 'finished' || status === 'abandoned';

/** History makes the state also of what is not adopted; what comes later waits. */
const standsStill = ({ status }: Instance, { history }: Fact): boolean => status === 'parked' || (status === 'unadopted' && !history);

function steered(saga: AnySaga, name: string, before: Instance | undefined, fact: Fact): Move | undefined {
  const handle = steering[fact.meta.type as keyof typeof steering] as Steer | undefined;
  const known = before ?? (FAILURES.includes(fact.meta.type) ? traceOf(saga, name, fact) : undefined);
  return known && handle?.(known, fact.data, saga, name, fact);
}

const FAILURES: readonly string[] = [CommandRefused.type, ProcessParked.type];

/** An instance that was to leave no trace is there again when its last command failed: nothing fails unseen. */
const traceOf = (saga: AnySaga, name: string, fact: Fact): Instance => ({ ...begun(saga, name, fact), status: 'finished', waiting: DONE });

type Steer = (before: Instance, data: unknown, saga: AnySaga, name: string, fact: Fact) => Move | undefined;

const steering: Handlers<(typeof processEvents)[number], Instance, Move | undefined, [saga: AnySaga, name: string, fact: Fact]> = {
  /** A refusal reaches a finished instance too: the last command of a process must not fail unseen. */
  CommandRefused: (before, data, saga, name, fact) => {
    if (before.status === 'parked') return kept(before);
    if (isForgone(before, fact)) return undefined;
    const told: Instance = { ...before, refusal: refusalOf(data) };
    const answer = saga.onRefusal as ((state: unknown, refusal: RefusedCommand, name: string) => Step<unknown>) | undefined;
    const { command, input, refused, because } = data;
    if (answer === undefined || before.status === 'abandoned')
      return still(parked(saga, name, told, `${command} was refused: ${because}`, fact));
    return stepped(saga, name, told, fact, state => answer(state, { command, input, refused, because }, name));
  },
  AlarmRang: (before, { alarm, setBy }, saga, name, fact) => {
    if (before.alarms[alarm]?.setBy !== setBy) return undefined;
    if (before.status === 'parked') return kept(before);
    const { [alarm]: _, ...alarms } = before.alarms;
    const answer = saga.alarms[alarm] as ((state: unknown, name: string) => Step<unknown>) | undefined;
    return stepped(saga, name, { ...before, alarms }, fact, state => {
      if (answer === undefined) throw new Error(`${saga.name} has no alarm ${alarm}`);
      return answer(state, name);
    });
  },
  ProcessParked: (before, { reason }, saga, name, fact) =>
    before.status === 'parked' || isForgone(before, fact) ? undefined : still(parked(saga, name, before, reason, fact)),
  ProcessRetried: (before, { attempt }, saga, name, fact) =>
    attempt > before.attempt && before.status === 'parked'
      ? goesOn(saga, name, { ...before, status: before.stoppedAs ?? 'running', attempt }, fact)
      : outdated(before, attempt),
  ProcessAdopted: (before, { attempt }, saga, name, fact) =>
    attempt > before.attempt && before.status === 'unadopted'
      ? goesOn(saga, name, { ...before, status: 'running', attempt }, fact)
      : outdated(before, attempt),
  ProcessAbandoned: (before, { attempt, note }, saga, name, fact) =>
    attempt > before.attempt && !isOver(before) ? givenUp(saga, name, { ...before, attempt }, note, fact) : outdated(before, attempt),
};

const refusalOf = ({ command, refused, because }: DataOf<typeof CommandRefused>): Refused => ({ command, refused, because });

/** What an abandoned instance had asked for before does not matter any more; what it asked for in parting does. */
const isForgone = ({ status, stoppedBy }: Instance, { meta }: Fact): boolean => status === 'abandoned' && meta.causationId !== stoppedBy;

/** What was said of a standing that is over; its number is not given twice. */
const outdated = (before: Instance, attempt: number): Move => still({ ...before, attempt: Math.max(before.attempt, attempt) });

function goesOn(saga: AnySaga, name: string, before: Instance, { meta }: Fact): Move {
  const instance = { ...before, stoppedAs: undefined, recorded: true, since: meta.recordedAt };
  return { ...still({ ...instance, waiting: waitingOf(saga, name, instance) }), inbox: 'resume' };
}

/** Twice given up, it takes nothing back any more: what it tried to was refused. */
function givenUp(saga: AnySaga, name: string, before: Instance, note: string, { meta }: Fact): Move {
  const again = before.stoppedAs === 'abandoned';
  const { send = [], stays } = abandonment(saga, name, before);
  const instance: Instance = {
    ...before,
    status: 'abandoned',
    alarms: {},
    since: meta.recordedAt,
    waiting: { reason: `It was given up: ${note}`, next: stays },
    stoppedBy: meta.eventId,
    stoppedAs: undefined,
    recorded: true,
  };
  return { ...still(instance), send: again ? [] : send, inbox: 'drop' };
}

/** Whoever gives up an instance whose saga is at fault is not stopped by that fault. */
function abandonment(saga: AnySaga, name: string, { state }: Instance): Abandonment {
  try {
    return (saga.onAbandon as (state: unknown, name: string) => Abandonment)(state, name);
  } catch (error) {
    return { stays: `What it had secured stays, since taking it back failed: ${sentence(error)}` };
  }
}

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
    const done = made.finished === true || made.forgotten === true || start.status === 'finished';
    const moved: Instance = {
      ...start,
      status: done ? 'finished' : start.status,
      state: made.state === undefined ? start.state : made.state,
      alarms: done ? {} : alarmsAfter(start.alarms, made, fact),
      since: fact.meta.recordedAt,
    };
    const instance = { ...moved, waiting: waitingOf(saga, name, moved) };
    return { instance, send: made.send ?? [], effects: made.effects ?? [], ...(made.forgotten && { forget: true }) };
  } catch (error) {
    const stopped = parked(saga, name, before ?? begun(saga, name, fact), sentence(error), fact);
    return { ...still({ ...stopped, recorded: false }), ...keepsForRetry(fact) };
  }
}

/** A refused command is asked again instead: it has stayed in the outbox. */
const keepsForRetry = ({ meta }: Fact): Pick<Move, 'inbox'> =>
  meta.type === CommandRefused.type || meta.type === ProcessParked.type ? {} : { inbox: 'keep' };

const DONE: WaitingFor = { reason: 'It is finished.', next: 'Nothing is left to do.' };
const BEGUN: WaitingFor = { reason: 'It has just begun.', next: 'Its first step is taken.' };

function waitingOf(saga: AnySaga, name: string, instance: Instance): Waiting {
  if (instance.status === 'finished') return DONE;
  if (instance.status === 'abandoned') return { reason: 'It was given up.', next: abandonment(saga, name, instance).stays };
  const explained = explain(saga, name, instance.state);
  return instance.status === 'unadopted' ? foreign(saga, name, explained) : explained;
}

/** Why an instance is where it is, with the name of what it waits for. */
function explain(saga: AnySaga, name: string, state: unknown): Waiting {
  const wait = (saga.waitsFor as (state: unknown, name: string) => string)(state, name);
  const told = saga.waits[wait] as ((state: unknown, name: string) => WaitingFor) | undefined;
  if (told === undefined) throw new Error(`${saga.name} waits for nothing of the name ${wait}`);
  return { ...told(state, name), wait };
}

/** What began before its saga was installed: somebody may have done by hand what the saga would do. */
const foreign = (saga: AnySaga, name: string, { reason, next }: WaitingFor): WaitingFor => ({
  reason: `It began before ${saga.name} was there, which does not act for it yet. ${reason}`,
  next: `Once adopted, it goes on from here. ${next}`,
  record: processOf(saga.name, name),
  movedBy: ADOPT,
});

const still = (instance: Instance): Move => ({ instance, send: [], effects: [] });
const kept = (instance: Instance): Move => ({ ...still(instance), inbox: 'keep' });

const begun = (saga: AnySaga, name: string, { meta, history }: Fact): Instance => ({
  about: saga.about(name),
  status: history && !saga.adopts ? 'unadopted' : 'running',
  state: saga.initial(),
  alarms: {},
  correlationId: meta.correlationId,
  since: meta.recordedAt,
  waiting: BEGUN,
  refusal: undefined,
  stoppedBy: undefined,
  stoppedAs: undefined,
  recorded: true,
  attempt: 0,
});

const parked = (saga: AnySaga, name: string, before: Instance, reason: string, { meta }: Fact): Instance => ({
  ...before,
  status: 'parked',
  since: meta.recordedAt,
  waiting: {
    reason,
    next: 'Retried, it goes on from where it stopped; what comes for it meanwhile is kept in order.',
    record: processOf(saga.name, name),
    movedBy: RETRY,
  },
  stoppedBy: meta.eventId,
  stoppedAs: before.status === 'parked' ? before.stoppedAs : before.status,
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
