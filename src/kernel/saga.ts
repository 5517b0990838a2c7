import type { CommandMessage, Permission, RecordRef } from './command.ts';
import type { EffectMessage } from './effect.ts';
import type { AnyEventDefinition, DataOf, Handlers } from './event.ts';
import type { ViewMeta } from './projection.ts';

/** What an instance does next. All of it is written in one transaction with the saga's checkpoint. */
export interface Step<State, Alarm extends string = string> {
  /** The new state; absent to keep the present one. */
  readonly state?: State;
  /** Commands to ask, in order; at least once delivered, once in effect. */
  readonly send?: readonly CommandMessage[];
  /** What to do outside the house; none for back-dated facts. Outcomes come back as facts. */
  readonly effects?: readonly EffectMessage[];
  /** Alarms to set: ISO 8601 duration from now, e.g. `PT48H`. Setting one again moves it. */
  readonly wake?: { readonly [Name in Alarm]?: string };
  /** Alarms to take back. */
  readonly sleep?: readonly Alarm[];
  /** The instance is done; later events do not resurrect it. */
  readonly finished?: true;
  /** The instance is done and leaves no trace: an event that may begin one begins it anew. */
  readonly forgotten?: true;
}

/** Why an instance is where it is. Every sentence is for the person who wonders. */
export interface WaitingFor {
  /** What is missing, as a whole sentence. */
  readonly reason: string;
  /** What happens once it is there, as a whole sentence. */
  readonly next: string;
  /** The record waited for. */
  readonly record?: RecordRef;
  /** The command that moves it, and the permission it takes; absent while the house itself is at work. */
  readonly movedBy?: { readonly command: string; readonly permission: Permission };
}

/** What giving up an instance means for the business. */
export interface Abandonment {
  /** Commands that take back what the instance has secured; in vain where nothing came about. */
  readonly send?: readonly CommandMessage[];
  /** What stays as it is and is for people to see to, as a whole sentence. */
  readonly stays: string;
}

/** A command of the instance that was refused. */
export interface RefusedCommand {
  readonly command: string;
  readonly input: unknown;
  readonly refused: string;
  readonly because: string;
}

export interface Saga<State, D extends AnyEventDefinition, Alarm extends string, Wait extends string = string> {
  /** kebab-case, unique. */
  readonly name: string;
  readonly stateVersion: number;
  readonly events: readonly D[];
  /** Events that may begin an instance; the others only move one that exists. */
  readonly startedBy: readonly D['type'][];
  /** Which instances an event concerns; none when it is not this saga's matter. */
  readonly instances: { readonly [Type in D['type']]: (data: DataOf<Extract<D, { type: Type }>>, meta: ViewMeta) => readonly string[] };
  initial(): State;
  readonly on: Handlers<D, State, Step<NoInfer<State>, Alarm>, [instance: string, meta: ViewMeta]>;
  /** What a refusal of one of its commands means; absent: the instance is parked with the refusal as its reason. */
  readonly onRefusal?: (state: State, refusal: RefusedCommand, instance: string) => Step<NoInfer<State>, Alarm>;
  readonly alarms: { readonly [Name in Alarm]: (state: State, instance: string) => Step<NoInfer<State>, Alarm> };
  /** All that an instance may wait for, by name: why it is where it is. */
  readonly waits: { readonly [Name in Wait]: (state: State, instance: string) => WaitingFor };
  /** Which of them it waits for now. */
  readonly waitsFor: (state: State, instance: string) => NoInfer<Wait>;
  /** Somebody gave the instance up: what is taken back, and what stays. */
  readonly onAbandon: (state: State, instance: string) => Abandonment;
  /**
   * Instances that the saga finds under way when it is installed are its own at once: it acts on what comes for them from then
   * on. Absent: each waits until somebody hands it over.
   */
  readonly adopts?: true;
  /** Label of an instance and the record it is about, for the list of processes. */
  readonly about: (instance: string) => RecordRef;
}

/** A saga as the runtime sees it. */
export interface AnySaga {
  readonly name: string;
  readonly stateVersion: number;
  readonly events: readonly AnyEventDefinition[];
  readonly startedBy: readonly string[];
  readonly instances: Readonly<Record<string, (data: never, meta: ViewMeta) => readonly string[]>>;
  initial(): unknown;
  readonly on: Readonly<Record<string, (state: never, data: never, instance: string, meta: ViewMeta) => Step<unknown>>>;
  readonly onRefusal?: (state: never, refusal: RefusedCommand, instance: string) => Step<unknown>;
  readonly alarms: Readonly<Record<string, (state: never, instance: string) => Step<unknown>>>;
  readonly waits: Readonly<Record<string, (state: never, instance: string) => WaitingFor>>;
  readonly waitsFor: (state: never, instance: string) => string;
  readonly onAbandon: (state: never, instance: string) => Abandonment;
  readonly adopts?: true;
  readonly about: (instance: string) => RecordRef;
}

export const saga = <const State, D extends AnyEventDefinition, Alarm extends string = never, Wait extends string = string>(
  definition: Saga<State, D, Alarm, Wait>,
): Saga<State, D, Alarm, Wait> => definition;

/** The step of an instance that has nothing left to do. */
export const finished = { finished: true } as const satisfies Step<never>;

/** The step that leaves everything as it is. */
export const unmoved: Step<never, never> = {};
