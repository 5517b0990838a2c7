import type { z } from 'zod';
import type { AnyDecider, Decider, Decision, Refusal } from './decider.ts';
import type { AnyEventDefinition, EventOf } from './event.ts';
import type { Actor } from './metadata.ts';
import type { Overridable } from './override.ts';
import type { Query } from './query.ts';

/** `context:action`, e.g. `warehouse:adjust`. A role grants it whole, or `context:action:own` for one's own records only. */
export type Permission = `${string}:${string}`;

/** `METHOD /path/:name`, below /api/v1. */
export type Route = `${'GET' | 'POST' | 'PUT' | 'DELETE'} /${string}`;

/** A command as sagas, holds and tests hand it on: its name and its input in wire form. */
export interface CommandMessage {
  readonly command: string;
  readonly input: unknown;
}

/** A stream named by what it is about. */
export interface RecordRef {
  readonly category: string;
  readonly id: string;
}

/** Who stands how to a record; asked by authorisation. Values are user ids. */
export interface Relations {
  readonly owner?: string | undefined;
  /** They may know of it, and do nothing to it. */
  readonly observers?: readonly string[] | undefined;
}

/** All a decision may know beside the state and the wish. */
export interface DecisionContext<Facts = undefined> {
  /** ISO 8601 instant in UTC: the business time of the command (recorded time unless back-dated). */
  readonly now: string;
  /** ISO 8601 date of `now` in the company's time zone. */
  readonly today: string;
  readonly actor: Actor;
  readonly facts: Facts;
  /** Id of the entity the command is for; derived from the command id where the command creates one. */
  readonly entityId: string;
  /** Ids for what this command's consequences will create: the same for the same command id and name. */
  id(name: string): string;
  /** Whether the caller's roles grant a further permission, e.g. to state a price by hand. */
  may(permission: Permission): boolean;
  /**
   * Sets a rule aside that is broken, by the approval the input names: undefined where it names one, else the refusal
   * `OverrideRequired`. `terms` say what is let pass, the same each time for the same. Whether the approval is good is decided
   * in its own stream, before the append.
   */
  override(rule: string, terms: string): Refusal | undefined;
}

/** Asks a query as the system, after all that caused this command is visible. Advisory: what must never break is decided in a stream. */
export type Ask = <Input extends z.ZodType, Answer>(query: Query<Input, Answer>, input: z.input<Input>) => Promise<Answer>;

/** What asking for facts may lean on. */
export interface FactsContext {
  /** ISO 8601 date of the command in the company's time zone. */
  readonly today: string;
  readonly entityId: string;
  readonly actor: Actor;
  /** Whether the caller may know of what this person owns: all there is, or own records only where the right to the command says so. */
  reaches(ownerId: string): boolean;
}

/** Something secured in another stream before the append, and the way back when a later hold or the append is refused. */
export interface Hold {
  readonly take: CommandMessage;
  readonly release: CommandMessage;
}

export interface CommandDefinition<
  Type extends string = string,
  Input extends z.ZodType = z.ZodType,
  State = unknown,
  D extends AnyEventDefinition = AnyEventDefinition,
  Facts = unknown,
> {
  readonly type: Type;
  /** One sentence for the API reference: what it does and what it may refuse. */
  readonly summary: string;
  /** Absent for commands that only sagas and holds send. */
  readonly route?: Route;
  readonly permission: Permission;
  /** True where the command may change what somebody is allowed to do: its answer waits until all later requests obey. */
  readonly changesRights?: true;
  /** Wire form in, values out; a strict object. Names in the route's path come from the path. */
  readonly input: Input;
  readonly decider: Decider<State, D>;
  /** Which entity; absent for a command that creates one under a new id. */
  readonly entityId?: (input: z.output<Input>) => string;
  /** The id is as the log has it: one that would tell of somebody is a hash there already. */
  readonly idAsStored?: true;
  /** The record whose thread a creating command continues. */
  readonly parent?: (input: z.output<Input>) => RecordRef | undefined;
  /** Further records whose threads this command touches. */
  readonly links?: (input: z.output<Input>) => readonly RecordRef[];
  /** Records whose threads one event touches beside the command's own: a receipt reserves for the orders that wait. */
  readonly touches?: (event: EventOf<D>) => readonly RecordRef[];
  readonly relations?: (state: State) => Relations;
  readonly facts?: (state: State, input: z.output<Input>, ask: Ask, context: FactsContext) => Promise<Facts>;
  readonly decide: (state: State, input: z.output<Input>, context: DecisionContext<Facts>) => Decision<EventOf<D>>;
  /** Rules that an approval may set aside; only of commands on a record that exists. The input takes `approvals`. */
  readonly overridable?: Overridable;
  /** What must be true in other streams first; taken in stream-name order before the append. */
  readonly holds?: (events: readonly EventOf<D>[], state: State, entityId: string) => readonly Hold[];
  /** What the same request goes on with after the append; a saga does the same should the process die in between. */
  readonly follows?: (events: readonly EventOf<D>[], entityId: string) => readonly CommandMessage[];
}

/** A command as the runtime sees it; inputs and states are opaque there. */
export interface AnyCommand {
  readonly type: string;
  readonly summary: string;
  readonly route?: Route;
  readonly permission: Permission;
  readonly changesRights?: true;
  readonly input: z.ZodType;
  readonly decider: AnyDecider;
  readonly entityId?: (input: never) => string;
  readonly idAsStored?: true;
  readonly parent?: (input: never) => RecordRef | undefined;
  readonly links?: (input: never) => readonly RecordRef[];
  readonly touches?: (event: never) => readonly RecordRef[];
  readonly relations?: (state: never) => Relations;
  readonly facts?: (state: never, input: never, ask: Ask, context: FactsContext) => Promise<unknown>;
  readonly decide: (
    state: never,
    input: never,
    context: DecisionContext<never>,
  ) => Decision<{ readonly type: string; readonly data: unknown }>;
  readonly overridable?: Overridable;
  readonly holds?: (events: readonly never[], state: never, entityId: string) => readonly Hold[];
  readonly follows?: (events: readonly never[], entityId: string) => readonly CommandMessage[];
}

/** A command definition that can be called with its input, in wire form, to build the message that asks for it. */
export type Command<Type extends string, Input extends z.ZodType, State, D extends AnyEventDefinition, Facts> = ((
  input: z.input<Input>,
) => CommandMessage) &
  CommandDefinition<Type, Input, State, D, Facts>;

export function command<const Type extends string, Input extends z.ZodType, State, D extends AnyEventDefinition, Facts = undefined>(
  definition: CommandDefinition<Type, Input, State, D, Facts>,
): Command<Type, Input, State, D, Facts> {
  const message = (input: z.input<Input>): CommandMessage => ({ command: definition.type, input });
  return Object.assign(message, definition);
}

/** For commands on one existing record named in the path: `/…/:id/…`. */
export const byId = ({ id }: { readonly id: string }): string => id;

/** The relations of a record that belongs to one user. */
export const byOwner = (record: { readonly ownerId: string } | undefined): Relations => ({ owner: record?.ownerId });

/** The relations of a record that others may look at beside its owner. */
export const byOwnerAndObservers = (
  record: { readonly ownerId: string; readonly observers: readonly string[] } | undefined,
): Relations => ({ owner: record?.ownerId, observers: record?.observers });

/** The name of a record's stream. */
export const streamOf = ({ category, id }: RecordRef): string => `${category}-${id}`;

/** The record a stream is about; ids may themselves contain dashes, categories never do. */
export function recordOf(stream: string): RecordRef {
  const dash = stream.indexOf('-');
  return dash < 0 ? { category: stream, id: '' } : { category: stream.slice(0, dash), id: stream.slice(dash + 1) };
}
