/** Clients that share a price list. A client may be in several groups: the lowest priority number counts first. */
import { z } from 'zod';
import type { DecisionContext } from '../../kernel/command.ts';
import { type Decision, decider, invalid, type Refusal, refuse } from '../../kernel/decider.ts';
import { type EventOf, event } from '../../kernel/event.ts';
import { unless } from '../faults.ts';
import { type Edit, edited } from '../records.ts';

export const GroupCard = z.strictObject({ name: z.string(), priority: z.int(), priceListId: z.string().optional() });
export type GroupCard = z.output<typeof GroupCard>;

export const CustomerGroupCreated = event('CustomerGroupCreated', GroupCard.shape);
export const CustomerGroupEdited = event('CustomerGroupEdited', { ...GroupCard.shape, changed: z.array(z.string()) });
export const CustomerGroupJoined = event('CustomerGroupJoined', { accountId: z.string() });
export const CustomerGroupLeft = event('CustomerGroupLeft', { accountId: z.string() });

const events = [CustomerGroupCreated, CustomerGroupEdited, CustomerGroupJoined, CustomerGroupLeft] as const;
type Fact = EventOf<(typeof events)[number]>;

interface Group {
  readonly card: GroupCard;
  /** Ids of accounts. */
  readonly members: readonly string[];
}

export const CustomerGroup = decider({
  category: 'customerGroup',
  stateVersion: 1,
  events,
  initial: (): Group | undefined => undefined,
  evolve: {
    CustomerGroupCreated: (_, card): Group => ({ card, members: [] }),
    CustomerGroupEdited: (group, { changed: _, ...card }) => group && { ...group, card },
    CustomerGroupJoined: (group, { accountId }) => group && { ...group, members: [...group.members, accountId] },
    CustomerGroupLeft: (group, { accountId }) => group && { ...group, members: group.members.filter(id => id !== accountId) },
  },
});

/** Whether the price list named exists; undefined where none was named. */
export interface GroupKnowledge {
  readonly priceListKnown: boolean | undefined;
}

/** So many clients share one list at most; more of them are better served by the default list. */
const MEMBERS_MAX = 5_000;

const faultOf = ({ facts }: DecisionContext<GroupKnowledge>): Refusal | undefined => {
  const faults = unless(facts.priceListKnown !== false, '/priceListId', 'There is no such price list.');
  return faults.length > 0 ? invalid(faults) : undefined;
};

export const create = (wish: GroupCard, context: DecisionContext<GroupKnowledge>): Decision<Fact> =>
  faultOf(context) ?? [CustomerGroupCreated(wish)];

export function edit(group: Group, wish: Edit<GroupCard>, context: DecisionContext<GroupKnowledge>): Decision<Fact> {
  const { card, changed } = edited(GroupCard, group.card, wish);
  return changed.length === 0 ? [] : (faultOf(context) ?? [CustomerGroupEdited({ ...card, changed })]);
}

interface Membership {
  readonly accountId: string;
}

export function join(
  { members }: Group,
  { accountId }: Membership,
  { facts }: DecisionContext<{ readonly accountKnown: boolean }>,
): Decision<Fact> {
  if (members.includes(accountId)) return [];
  if (!facts.accountKnown) return invalid([{ pointer: '/accountId', detail: 'There is no such account.' }]);
  if (members.length >= MEMBERS_MAX) return refuse('GroupFull', `A group has ${MEMBERS_MAX} members at most.`);
  return [CustomerGroupJoined({ accountId })];
}

export const leave = ({ members }: Group, { accountId }: Membership): Decision<Fact> =>
  members.includes(accountId) ? [CustomerGroupLeft({ accountId })] : [];
