import type { AnyCommand } from './command.ts';
import type { AnyDecider } from './decider.ts';
import type { AnyEffect, AnyReaction } from './effect.ts';
import type { AnyEventDefinition } from './event.ts';
import type { AnyInvariant } from './invariant.ts';
import type { AnyProjection } from './projection.ts';
import type { AnyQuery } from './query.ts';
import type { AnySaga } from './saga.ts';

/** A bounded context's table of contents. */
export interface Module {
  readonly name: string;
  readonly commands: readonly AnyCommand[];
  readonly projections: readonly AnyProjection[];
  readonly queries: readonly AnyQuery[];
  readonly sagas: readonly AnySaga[];
  readonly effects?: readonly AnyEffect[];
  readonly reactions?: readonly AnyReaction[];
  /** What must be true of its events whatever happens; a verifier checks it. */
  readonly invariants?: readonly AnyInvariant[];
}

export const module = (definition: Module): Module => definition;

/** All that the house offers, by name. */
export interface Registry {
  readonly modules: readonly Module[];
  readonly commands: ReadonlyMap<string, AnyCommand>;
  readonly queries: ReadonlyMap<string, AnyQuery>;
  readonly projections: ReadonlyMap<string, AnyProjection>;
  readonly sagas: ReadonlyMap<string, AnySaga>;
  readonly invariants: ReadonlyMap<string, AnyInvariant>;
  readonly effects: ReadonlyMap<string, AnyEffect>;
  readonly reactions: ReadonlyMap<string, AnyReaction>;
  /** By category. */
  readonly deciders: ReadonlyMap<string, AnyDecider>;
  /** By event type. */
  readonly events: ReadonlyMap<string, AnyEventDefinition>;
}

/** @throws when two different definitions claim one name */
export function registry(modules: readonly Module[]): Registry {
  const commands = modules.flatMap(entry => entry.commands);
  const deciders = commands.map(entry => entry.decider);
  const sagas = modules.flatMap(entry => entry.sagas);
  const projections = modules.flatMap(entry => entry.projections);
  const reactions = modules.flatMap(entry => entry.reactions ?? []);
  const events = [...deciders, ...sagas, ...projections, ...reactions].flatMap(entry => entry.events);
  return {
    modules,
    commands: named('command', commands, entry => entry.type),
    queries: named(
      'query',
      modules.flatMap(entry => entry.queries),
      entry => entry.type,
    ),
    projections: named('projection', projections, entry => entry.name),
    sagas: named('saga', sagas, entry => entry.name),
    effects: named(
      'effect',
      modules.flatMap(entry => entry.effects ?? []),
      entry => entry.type,
    ),
    reactions: named('reaction', reactions, entry => entry.name),
    invariants: named(
      'invariant',
      modules.flatMap(entry => entry.invariants ?? []),
      entry => entry.name,
    ),
    deciders: named('category', deciders, entry => entry.category),
    events: named('event type', events, entry => entry.type),
  };
}

function named<Entry>(kind: string, entries: readonly Entry[], nameOf: (entry: Entry) => string): ReadonlyMap<string, Entry> {
  const map = new Map<string, Entry>();
  for (const entry of entries) {
    const name = nameOf(entry);
    const taken = map.get(name);
    if (taken !== undefined && taken !== entry) throw new Error(`Two definitions claim the ${kind} ${name}`);
    map.set(name, entry);
  }
  return map;
}
