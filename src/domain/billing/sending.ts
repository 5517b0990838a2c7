/** Sending an issued invoice to a person at the customer: asked for, then sent or failed. */
import { z } from 'zod';
import { type Decision, invalidTransition, notFound, type Refusal, refuse } from '../../kernel/decider.ts';
import { type DataOf, type EventOf, event } from '../../kernel/event.ts';

/** The sending's id begins with the invoice's, joined by `~`. The person is a reference: where to write to is asked when the letter is sent. */
export const InvoiceSendingRequested = event('InvoiceSendingRequested', { sendingId: z.string(), contactId: z.string() });
/** The mail server has taken the letter. */
export const InvoiceSent = event('InvoiceSent', { sendingId: z.string() });
export const InvoiceSendingFailed = event('InvoiceSendingFailed', { sendingId: z.string(), because: z.string() });

/** Contacts to whom the invoice is on its way, by sending. */
export type Sendings = Readonly<Record<string, string>>;

export const requested = (sendings: Sendings, { sendingId, contactId }: DataOf<typeof InvoiceSendingRequested>): Sendings => ({
  ...sendings,
  [sendingId]: contactId,
});

export const answered = (sendings: Sendings, sendingId: string): Sendings =>
  Object.fromEntries(Object.entries(sendings).filter(([id]) => id !== sendingId));

interface State {
  readonly status: string;
  readonly sendings: Sendings;
}

interface Person {
  readonly id: string;
  readonly accountId: string | null;
  readonly email: string | null;
}

/** The person asked for, or else the one to turn to first; null where there is none. */
export interface SendingKnowledge {
  readonly contact: Person | null;
}

interface Wish {
  readonly id: string;
  readonly sendingId: string;
  readonly accountId: string;
}

type Requested = EventOf<typeof InvoiceSendingRequested>;

export function send(state: State, { id, sendingId, accountId }: Wish, { contact }: SendingKnowledge): Decision<Requested> {
  if (state.status === 'none') return notFound('invoice', id);
  if (state.status !== 'issued') return invalidTransition('Only an issued invoice is sent.', ['IssueInvoice']);
  if (contact === null) return noReader('The customer has no contact with an e-mail address; name one in contactId.');
  if (contact.accountId !== accountId) return noReader('This contact does not speak for the customer of the invoice.');
  if (contact.email === null) return noReader('This contact has no e-mail address.');
  if (Object.values(state.sendings).includes(contact.id)) return [];
  return [InvoiceSendingRequested({ sendingId, contactId: contact.id })];
}

const noReader = (because: string): Refusal => refuse('NoAddress', because);

type Answered = EventOf<typeof InvoiceSent | typeof InvoiceSendingFailed>;

/** `because` where it could not be sent. */
export function answer(
  state: State,
  { sendingId, because }: { readonly sendingId: string; readonly because?: string | undefined },
): Decision<Answered> {
  if (!Object.hasOwn(state.sendings, sendingId)) return [];
  return because === undefined ? [InvoiceSent({ sendingId })] : [InvoiceSendingFailed({ sendingId, because })];
}
