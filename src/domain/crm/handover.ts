/** Many records are given to another owner at once: when somebody leaves, or takes over a region. */
import { z } from 'zod';
import type { DecisionContext } from '../../kernel/command.ts';
import { type Decision, decider, invalid } from '../../kernel/decider.ts';
import { type EventOf, event } from '../../kernel/event.ts';
import { type Fault, refusedFor, unless } from '../faults.ts';
import type { OwnerKnowledge } from './owner.ts';

/** Kinds of records that have an owner, by the name of their list. */
export const handedOver = { leads: 'lead', accounts: 'account', contacts: 'contact', deals: 'deal' } as const;
export type HandedOver = keyof typeof handedOver;
const lists = Object.keys(handedOver) as HandedOver[];

/** Names every record, so that each is given by an event of its own. */
export const HandoverOrdered = event('HandoverOrdered', {
  to: z.string(),
  reason: z.string(),
  by: z.string(),
  records: z.array(z.strictObject({ category: z.enum(Object.values(handedOver)), id: z.string() })),
});
const events = [HandoverOrdered] as const;
type Fact = EventOf<(typeof events)[number]>;

interface State {
  readonly ordered: boolean;
}

export const Handover = decider({
  category: 'handover',
  stateVersion: 1,
  events,
  initial: (): State => ({ ordered: false }),
  evolve: { HandoverOrdered: (): State => ({ ordered: true }) },
});

export type Lists = Readonly<Record<HandedOver, readonly string[]>>;
type Wish = Lists & { readonly ownerId: string; readonly reason: string };

/** The ids among those named that are of no record. */
export interface HandoverKnowledge extends OwnerKnowledge {
  readonly unknown: readonly string[];
}

/** An event stays small, and so does what is undone when it was a mistake. */
const RECORDS_MAX = 200;

export function order({ ordered }: State, wish: Wish, { actor, facts }: DecisionContext<HandoverKnowledge>): Decision<Fact> {
  if (ordered) return [];
  const records = lists.flatMap(list => [...new Set(wish[list])].map(id => ({ category: handedOver[list], id })));
  if (records.length === 0 || records.length > RECORDS_MAX)
    return invalid([{ pointer: '', detail: `Name at least one record and at most ${RECORDS_MAX}.` }]);
  const faults = [...unless(facts.ownerKnown !== false, '/ownerId', 'There is no such user.'), ...unknownIn(wish, facts)];
  return refusedFor(faults) ?? [HandoverOrdered({ to: wish.ownerId, reason: wish.reason, by: actor.id, records })];
}

const unknownIn = (wish: Lists, { unknown }: HandoverKnowledge): readonly Fault[] =>
  lists.flatMap(list =>
    wish[list].flatMap((id, index) => unless(!unknown.includes(id), `/${list}/${index}`, `There is no such ${handedOver[list]}.`)),
  );
