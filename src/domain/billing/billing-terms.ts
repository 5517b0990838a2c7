/** How an account is invoiced where that differs from what the company does usually. */
import { z } from 'zod';
import { type Decision, decider, invalid } from '../../kernel/decider.ts';
import { type EventOf, event } from '../../kernel/event.ts';
import { InvoiceMode } from '../invoicing.ts';
import { type Edit, edited } from '../records.ts';

export const TermsCard = z.strictObject({ invoiceMode: InvoiceMode.optional(), termEndOfMonth: z.boolean().optional() });
export type TermsCard = z.output<typeof TermsCard>;

/** What is absent is as the company does it. */
export const BillingTermsChosen = event('BillingTermsChosen', TermsCard.shape);
const events = [BillingTermsChosen] as const;
type Fact = EventOf<(typeof events)[number]>;

/** One for each account, under its id. */
export const BillingTerms = decider({
  category: 'billingTerms',
  stateVersion: 1,
  events,
  initial: (): TermsCard => ({}),
  evolve: { BillingTermsChosen: (_, card) => card },
});

export function choose(
  terms: TermsCard,
  { id, ...wish }: Edit<TermsCard> & { readonly id: string },
  { facts }: { readonly facts: { readonly accountKnown: boolean } },
): Decision<Fact> {
  if (!facts.accountKnown) return invalid([{ pointer: '/id', detail: `There is no account ${id}.` }]);
  const { card, changed } = edited(TermsCard, terms, wish);
  return changed.length === 0 ? [] : [BillingTermsChosen(card)];
}
