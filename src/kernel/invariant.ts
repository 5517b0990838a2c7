import type { AnyEventDefinition, DataOf, Handlers } from './event.ts';
import type { ViewMeta } from './projection.ts';

/**
 * What must be true of the business whatever happens, told from the events alone. It works everything out anew: a state, a
 * view or a decision that went wrong cannot hide from it. `on` maps each event to what is known of an instance afterwards;
 * each verdict yields a sentence for everything that is not as it must be.
 */
export interface Invariant<State, D extends AnyEventDefinition> {
  /** kebab-case, unique. */
  readonly name: string;
  /** What is promised, as a whole sentence. */
  readonly promise: string;
  readonly events: readonly D[];
  /** The instances an event concerns; by default the one of the event's entity. */
  readonly keys?: { readonly [Type in D['type']]?: (data: DataOf<Extract<D, { type: Type }>>, meta: ViewMeta) => readonly string[] };
  /** Must be JSON, and small: a verifier keeps one for every instance there is. */
  initial(): State;
  readonly on: Handlers<D, State, State, [key: string, meta: ViewMeta]>;
  /** Holds after every single event. */
  readonly always?: (state: State, key: string) => Iterable<string>;
  /** Holds after the last event of every append. */
  readonly afterAppend?: (state: State, key: string) => Iterable<string>;
  /** Holds when nothing is under way: every saga has read the whole log and nothing waits to be sent. */
  readonly atRest?: (state: State, key: string) => Iterable<string>;
}

/** An invariant as the runtime sees it. */
export interface AnyInvariant {
  readonly name: string;
  readonly promise: string;
  readonly events: readonly AnyEventDefinition[];
  readonly keys?: Readonly<Record<string, ((data: never, meta: ViewMeta) => readonly string[]) | undefined>>;
  initial(): unknown;
  readonly on: Readonly<Record<string, (state: never, data: never, key: string, meta: ViewMeta) => unknown>>;
  readonly always?: (state: never, key: string) => Iterable<string>;
  readonly afterAppend?: (state: never, key: string) => Iterable<string>;
  readonly atRest?: (state: never, key: string) => Iterable<string>;
}

export const invariant = <const State, D extends AnyEventDefinition>(definition: Invariant<State, D>): Invariant<State, D> => definition;

/** The beginning of a record, in a table of its permitted steps. */
export const NOTHING_YET = '';

interface Step {
  readonly before: string;
  readonly last: string;
}

/**
 * The steps of one kind of record as a table: after which events each may come, NOTHING_YET being the beginning. The table is
 * read beside the decider's own rules and not derived from them, so that a decision outside the rules is found.
 */
export const steps = <D extends AnyEventDefinition>({
  mayFollow,
  ...definition
}: {
  readonly name: string;
  readonly promise: string;
  readonly events: readonly D[];
  readonly mayFollow: Readonly<Record<D['type'], readonly (D['type'] | typeof NOTHING_YET)[]>>;
}): AnyInvariant => ({
  ...definition,
  initial: (): Step => ({ before: NOTHING_YET, last: NOTHING_YET }),
  on: Object.fromEntries(definition.events.map(({ type }) => [type, ({ last }: Step): Step => ({ before: last, last: type })])),
  *always({ before, last }: Step) {
    if (!(mayFollow as Readonly<Record<string, readonly string[]>>)[last]?.includes(before))
      yield `${last} came after ${before || 'nothing'}`;
  },
});

/** The keys of the instances an event concerns. */
export const instancesOf = (definition: AnyInvariant, type: string, data: unknown, meta: ViewMeta): readonly string[] => {
  const keys = definition.keys?.[type] as ((data: unknown, meta: ViewMeta) => readonly string[]) | undefined;
  return keys === undefined ? [meta.entityId] : keys(data, meta);
};
