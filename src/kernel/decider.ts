import type { AnyEventDefinition, Handlers } from './event.ts';
import { HoldLapsed } from './hold.ts';

/** A business "no": a stable name for programs, a sentence for people. Returned, never thrown. */
export interface Refusal {
  /** UpperCamelCase and stable: programs and the problem's `code` use it. */
  readonly refused: string;
  /** A whole sentence a user understands and can act on. */
  readonly because: string;
  readonly details?: Readonly<Record<string, unknown>>;
}

/** Events to append; none means it is already so, a silent success. */
export type Decision<Event> = readonly Event[] | Refusal;

/**
 * How one category of streams is folded. Stream = `category-id`. The state holds what decisions ask, nothing else.
 * `stateVersion` grows when the folded state's shape or meaning changes.
 */
export interface Decider<State, D extends AnyEventDefinition = AnyEventDefinition> {
  /** camelCase noun, unique in the house, without `-`. */
  readonly category: string;
  readonly stateVersion: number;
  readonly events: readonly D[];
  /**
   * True for streams that serve many threads (a stock cell, a number series): their events belong to the thread of the
   * command that caused them, not to the thread of the stream's first event.
   */
  readonly shared?: boolean;
  /** Ids that tell of somebody: streams are named by a keyed hash of them instead, behind their part before the first `~`. */
  readonly hides?: (id: string) => boolean;
  initial(): State;
  readonly evolve: Handlers<D, State, State>;
}

/** A decider as the runtime sees it. */
// States are opaque to the runtime, so the parameter of evolve is erased here once.
export interface AnyDecider {
  readonly category: string;
  readonly stateVersion: number;
  readonly events: readonly AnyEventDefinition[];
  readonly shared?: boolean;
  readonly hides?: (id: string) => boolean;
  initial(): unknown;
  readonly evolve: Readonly<Record<string, (state: never, data: never) => unknown>>;
}

export const decider = <const State, D extends AnyEventDefinition>(definition: Decider<State, D>): Decider<State, D> => definition;

export function refuse(refused: string, because: string, details?: Readonly<Record<string, unknown>>): Refusal {
  return details === undefined ? { refused, because } : { refused, because, details };
}

/** The refusal for a record that does not exist, or that the caller may not know of; answered as 404. */
export const notFound = (noun: string, id: string): Refusal => refuse('NotFound', `There is no ${noun} ${id}.`);

/** The refusal of a command the record's present state does not permit; `permitted` names the commands it does. */
export const invalidTransition = (because: string, permitted: readonly string[]): Refusal =>
  refuse('InvalidTransition', because, { permitted });

/** The refusal of input whose fault only the state or the facts show; answered as 422 with pointers (RFC 6901). */
export const invalid = (errors: readonly { readonly pointer: string; readonly detail: string }[]): Refusal =>
  refuse('Validation', errors.map(error => error.detail).join(' '), { errors });

export function isRefusal(value: unknown): value is Refusal {
  return typeof value === 'object' && value !== null && 'refused' in value;
}

/** Folds one event of known type into a state; that a hold lapsed changes no state. */
export function evolve<State>(definition: Pick<AnyDecider, 'category' | 'evolve'>, state: State, type: string, data: unknown): State {
  if (type === HoldLapsed.type) return state;
  const step = definition.evolve[type] as ((state: State, data: unknown) => State) | undefined;
  if (step === undefined) throw new Error(`${definition.category} does not know the event ${type}`);
  return step(state, data);
}
