/** A contact is a person, who may speak for an account. */
import { z } from 'zod';
import type { DecisionContext } from '../../kernel/command.ts';
import { type Decision, decider, invalid, isRefusal, type Refusal } from '../../kernel/decider.ts';
import { type DataOf, type EventOf, event } from '../../kernel/event.ts';
import { type Edit, edited } from '../records.ts';
import { type AssignmentWish, assigned, assignment, type Owned, type OwnerKnowledge, ownerFor } from './owner.ts';

export const ContactCard = z.strictObject({
  name: z.string(),
  accountId: z.string().optional(),
  position: z.string().optional(),
  /** Part the person plays in buying, e.g. decides, pays, uses. */
  role: z.string().optional(),
  /** The one to turn to first at the account. */
  primary: z.boolean(),
  email: z.string().optional(),
  phone: z.string().optional(),
});
export type ContactCard = z.output<typeof ContactCard>;

export const ContactAdded = event('ContactAdded', { ...ContactCard.shape, ownerId: z.string(), leadId: z.string().optional() });
export const ContactEdited = event('ContactEdited', { ...ContactCard.shape, changed: z.array(z.string()) });
export const ContactAssigned = event('ContactAssigned', assignment);

const events = [ContactAdded, ContactEdited, ContactAssigned] as const;
export type ContactFact = EventOf<(typeof events)[number]>;

export interface Contact extends Owned {
  readonly card: ContactCard;
}

const added = ({ ownerId, leadId: _, ...card }: DataOf<typeof ContactAdded>): Contact => ({ ownerId, card });

export const Contact = decider({
  category: 'contact',
  stateVersion: 1,
  events,
  initial: (): Contact | undefined => undefined,
  evolve: {
    ContactAdded: (_, data): Contact => added(data),
    ContactEdited: (contact, { changed: _, ...card }) => contact && { ...contact, card },
    ContactAssigned: (contact, { to }) => contact && { ...contact, ownerId: to },
  },
});

/** Whether the account named exists; undefined where none was named. */
export interface ContactKnowledge extends OwnerKnowledge {
  readonly accountKnown: boolean | undefined;
}

const faultOf = ({ accountKnown }: ContactKnowledge): Refusal | undefined =>
  accountKnown === false ? invalid([{ pointer: '/accountId', detail: 'There is no such account.' }]) : undefined;

type Addition = ContactCard & { readonly ownerId?: string | undefined };

export function add(wish: Addition, context: DecisionContext<ContactKnowledge>): Decision<ContactFact> {
  const ownerId = ownerFor(wish.ownerId, context);
  if (isRefusal(ownerId)) return ownerId;
  return faultOf(context.facts) ?? [ContactAdded({ ...wish, ownerId })];
}

export function edit(contact: Contact, wish: Edit<ContactCard>, { facts }: DecisionContext<ContactKnowledge>): Decision<ContactFact> {
  const { card, changed } = edited(ContactCard, contact.card, wish);
  if (changed.length === 0) return [];
  return faultOf(facts) ?? [ContactEdited({ ...card, changed })];
}

export const assign = (contact: Contact, wish: AssignmentWish, { facts }: DecisionContext<OwnerKnowledge>): Decision<ContactFact> =>
  assigned(ContactAssigned, contact, wish, facts);
