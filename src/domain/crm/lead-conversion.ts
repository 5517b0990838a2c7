/** A lead becomes a deal with an account: one that exists, or one made of the lead's company or person. */
import type { DecisionContext } from '../../kernel/command.ts';
import { type Decision, invalid, refuse } from '../../kernel/decider.ts';
import type { DataOf } from '../../kernel/event.ts';
import type { Currency, Money } from '../../kernel/money.ts';
import { barred, hasChannel, type Lead, LeadConverted, type LeadFact } from './lead.ts';

export interface Conversion {
  /** Absent to make a new account. */
  readonly accountId?: string | undefined;
  readonly dealName?: string | undefined;
  readonly requestCategory?: string | undefined;
  readonly amount?: Money | undefined;
  readonly currency?: Currency | undefined;
  readonly expectedClose?: string | undefined;
}

/** The account chosen: null where it does not exist, undefined where none was chosen. */
export interface ConversionKnowledge {
  readonly account: { readonly currency: string } | null | undefined;
}

type Converted = DataOf<typeof LeadConverted>;

/**
 * Converts once. Needs a request category, a currency and an account: chosen, or with a name and a channel to make one of.
 * All ids are minted here, so that repeating the work behind it makes nothing twice.
 */
export function convert(lead: Lead, wish: Conversion, context: DecisionContext<ConversionKnowledge>): Decision<LeadFact> {
  if (lead.conversion) return refuse('LeadAlreadyConverted', 'This lead is a deal already.', lead.conversion);
  const amount = wish.amount ?? lead.card.value;
  const currency = wish.currency ?? amount?.currency ?? context.facts.account?.currency;
  const stops = barred(lead, 'ConvertLead') ?? faults(lead, wish, currency, context.facts);
  if (stops) return stops;
  if (amount && amount.currency !== currency)
    return refuse('CurrencyMismatch', `The deal is in ${currency}, its amount in ${amount.currency}.`);
  return [LeadConverted(converted(lead, wish, { amount, currency: currency as Currency }, context))];
}

function faults({ card }: Lead, wish: Conversion, currency: string | undefined, { account }: ConversionKnowledge) {
  const makesAccount = account === undefined;
  const missing = [
    account === null && { pointer: '/accountId', detail: 'There is no such account.' },
    makesAccount &&
      !accountName(card) && { pointer: '/accountId', detail: 'Deal needs an account, or a company or person to make one of.' },
    makesAccount && !hasChannel(card) && { pointer: '/contact', detail: 'Deal needs an e-mail address or a phone number.' },
    !(wish.requestCategory ?? card.requestCategory) && { pointer: '/requestCategory', detail: 'Deal needs a request category.' },
    account !== null && !currency && { pointer: '/currency', detail: 'Deal needs a currency.' },
  ].filter(fault => fault !== false);
  return missing.length === 0 ? undefined : invalid(missing);
}

const accountName = ({ company, contact }: Lead['card']): string | undefined => company ?? contact?.name;

function converted(
  { stage, ownerId, card }: Lead,
  wish: Conversion,
  { amount, currency }: { readonly amount: Money | undefined; readonly currency: Currency },
  { id }: DecisionContext<unknown>,
): Converted {
  const { contact } = card;
  const newAccount = wish.accountId === undefined && { name: accountName(card) as string, currency, phone: contact?.phone };
  const newContact = contact?.name !== undefined && { ...contact, name: contact.name };
  const requestCategory = (wish.requestCategory ?? card.requestCategory) as string;
  const { description } = card;
  return {
    from: stage,
    ownerId,
    dealId: id('deal'),
    accountId: wish.accountId ?? id('account'),
    ...(newAccount && { newAccount }),
    ...(newContact && { contactId: id('contact'), newContact }),
    deal: { name: wish.dealName ?? card.name, currency, amount, requestCategory, description, expectedClose: wish.expectedClose },
  };
}
