/** A contact is a person, who may speak for an account. */
import { z } from 'zod';
import type { DecisionContext } from '../../kernel/command.ts';
import { type Decision, decider, invalid, isRefusal, type Refusal } from '../../kernel/decider.ts';
import { type DataOf, type EventOf, event } from '../../kernel/event.ts';
import { type Edit, edited } from '../records.ts';
import { alreadyThere, type Forced, type LikenessKnowledge, likeness, likenessOf } from './duplicates.ts';
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

/** The person may have been a lead before; then that is who they are. */
const identity = { personId: z.string().optional() };

export const personOf = ({ personId }: { readonly personId?: string | undefined }, contactId: string): string => personId ?? contactId;

const ofPerson = { personal: [{ person: personOf, fields: ['name', 'position', 'email', 'phone'] }] };

export const ContactAdded = event(
  'ContactAdded',
  { ...ContactCard.shape, ...identity, ...likeness, ownerId: z.string(), leadId: z.string().optional() },
  ofPerson,
);
export const ContactEdited = event('ContactEdited', { ...ContactCard.shape, ...identity, changed: z.array(z.string()) }, ofPerson);
export const ContactAssigned = event('ContactAssigned', assignment);

const events = [ContactAdded, ContactEdited, ContactAssigned] as const;
export type ContactFact = EventOf<(typeof events)[number]>;

export interface Contact extends Owned {
  readonly card: ContactCard;
  readonly personId?: string;
}

const added = ({
  ownerId,
  leadId: _,
  personId,
  resembles: _alike,
  forcedBecause: _because,
  ...card
}: DataOf<typeof ContactAdded>): Contact => ({
  ownerId,
  card,
  ...(personId === undefined ? {} : { personId }),
});

export const Contact = decider({
  category: 'contact',
  stateVersion: 2,
  events,
  initial: (): Contact | undefined => undefined,
  evolve: {
    ContactAdded: (_, data): Contact => added(data),
    ContactEdited: (contact, { changed: _, personId: _person, ...card }) => contact && { ...contact, card },
    ContactAssigned: (contact, { to }) => contact && { ...contact, ownerId: to },
  },
});

/** Whether the account named exists; undefined where none was named. */
export interface ContactKnowledge extends OwnerKnowledge, LikenessKnowledge {
  readonly accountKnown: boolean | undefined;
}

const faultOf = ({ accountKnown }: ContactKnowledge): Refusal | undefined =>
  accountKnown === false ? invalid([{ pointer: '/accountId', detail: 'There is no such account.' }]) : undefined;

type Addition = ContactCard &
  Forced & { readonly ownerId?: string | undefined; readonly personId?: string | undefined; readonly leadId?: string | undefined };

export const add = (wish: Addition, context: DecisionContext<ContactKnowledge>): Decision<ContactFact> =>
  alreadyThere(wish, context) ?? addOfLead(wish, context);

/** Who was a lead is added as they are; whom they resemble is for somebody to look at. */
export function addOfLead({ force, ...wish }: Addition, context: DecisionContext<ContactKnowledge>): Decision<ContactFact> {
  const ownerId = ownerFor(wish.ownerId, context);
  if (isRefusal(ownerId)) return ownerId;
  return faultOf(context.facts) ?? [ContactAdded({ ...wish, ...likenessOf({ force }, context.facts), ownerId })];
}

export function edit(contact: Contact, wish: Edit<ContactCard>, { facts }: DecisionContext<ContactKnowledge>): Decision<ContactFact> {
  const { card, changed } = edited(ContactCard, contact.card, wish);
  if (changed.length === 0) return [];
  return faultOf(facts) ?? [ContactEdited({ ...card, personId: contact.personId, changed })];
}

export const assign = (contact: Contact, wish: AssignmentWish, { facts }: DecisionContext<OwnerKnowledge>): Decision<ContactFact> =>
  assigned(ContactAssigned, contact, wish, facts);
