import { expect } from 'vitest';
import { z } from 'zod';
import { caller } from '../../src/kernel/authority.ts';
import type { AnyCommand, CommandDefinition, Hold } from '../../src/kernel/command.ts';
import { type Decision, evolve, isRefusal, type Refusal } from '../../src/kernel/decider.ts';
import type { AnyEventDefinition, DomainEvent } from '../../src/kernel/event.ts';
import { overriding } from '../../src/kernel/override.ts';

/** What surrounds a decision in a test; each has a harmless default. */
export interface Circumstances {
  readonly facts?: unknown;
  /** ISO 8601 instant. */
  readonly now?: string;
  readonly entityId?: string;
  readonly actorId?: string;
  /** Permissions the actor holds; all by default. */
  readonly grants?: readonly string[];
}

export interface Verdict {
  /** Exactly these events, in order. */
  thenEvents(...events: readonly DomainEvent[]): void;
  thenRefuses(code: string): void;
  /** Refused as not valid, with exactly these pointers, in order. */
  thenInvalid(...pointers: readonly string[]): void;
  /** It is already so: nothing is appended. */
  thenNothing(): void;
  /** The holds the decision takes first. */
  thenHolds(...holds: readonly Hold[]): void;
  /** The events, for questions the other forms do not ask. */
  events(): readonly DomainEvent[];
  /** The refusal with its details; undefined where nothing was refused. */
  refusal(): Refusal | undefined;
}

type When = <Type extends string, Input extends z.ZodType, State, D extends AnyEventDefinition, Facts>(
  command: CommandDefinition<Type, Input, State, D, Facts>,
  input: z.input<Input>,
  circumstances?: Circumstances,
) => Verdict;

const NOW = '2026-03-02T09:00:00.000Z';

/** Given these facts, when this is asked, then this comes of it. */
export function given(...history: readonly DomainEvent[]): { readonly when: When } {
  return { when: (command, input, circumstances = {}) => judge(command as unknown as AnyCommand, history, input, circumstances) };
}

function judge(command: AnyCommand, history: readonly DomainEvent[], wire: unknown, circumstances: Circumstances): Verdict {
  const input = z.decode(command.input, wire) as never;
  const state = history.reduce<unknown>((folded, { type, data }) => evolve(command.decider, folded, type, data), command.decider.initial());
  // A snapshot keeps a state as JSON, so no decider may fold into anything else.
  if (state !== undefined) expect(JSON.parse(JSON.stringify(state))).toEqual(state);
  const entityId = circumstances.entityId ?? command.entityId?.(input) ?? 'new-id';
  const now = circumstances.now ?? NOW;
  const who = caller({ kind: 'staff', id: circumstances.actorId ?? 'ana' }, new Set(circumstances.grants ?? ['*']));
  const record = { category: command.decider.category, id: entityId };
  const at = { record, revision: history.length - 1 };
  const { override, holds } = overriding(command, input, at, { commandId: 'command', actorId: who.actor.id });
  const decision = command.decide(state as never, input, {
    now,
    today: now.slice(0, 10),
    actor: who.actor,
    facts: circumstances.facts as never,
    entityId,
    id: name => `${entityId}.${name}`,
    may: permission => who.may(permission),
    override,
  });
  const held = (events: readonly DomainEvent[]) => [...(command.holds?.(events as never, state as never, entityId) ?? []), ...holds()];
  return verdict(decision, held);
}

function verdict(decision: Decision<DomainEvent>, held: (events: readonly DomainEvent[]) => readonly Hold[]): Verdict {
  const events = (): readonly DomainEvent[] => {
    if (isRefusal(decision)) throw new Error(`refused as ${decision.refused}: ${decision.because}`);
    return decision;
  };
  return {
    events,
    refusal: () => (isRefusal(decision) ? decision : undefined),
    thenEvents: (...expected) => expect(events()).toEqual(expected),
    thenNothing: () => expect(events()).toEqual([]),
    thenRefuses: code => expect(isRefusal(decision) ? decision.refused : decision).toBe(code),
    thenInvalid: (...pointers) =>
      expect(decision).toMatchObject({ refused: 'Validation', details: { errors: pointers.map(pointer => ({ pointer })) } }),
    thenHolds: (...holds) => expect(held(events())).toEqual(holds),
  };
}
