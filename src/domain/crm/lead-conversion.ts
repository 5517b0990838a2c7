/** A lead becomes a deal with an account: one that exists, or one made of the lead's company or person. */
import type { z } from 'zod';
import type { DecisionContext } from '../../kernel/command.ts';
import { type Decision, type Refusal, refuse } from '../../kernel/decider.ts';
import type { Currency, Money } from '../../kernel/money.ts';
import { type Fault, refusedFor, unless } from '../faults.ts';
import { barred, hasChannel, type Lead, type LeadCard, LeadConverted, type LeadFact } from './lead.ts';

export interface Conversion {
  /** Absent to make a new account. */
  readonly accountId?: string | undefined;
  readonly dealName?: string | undefined;
  readonly requestCategory?: string | undefined;
  readonly amount?: Money | undefined;
  readonly currency?: Currency | undefined;
  readonly expectedClose?: string | undefined;
  readonly pipelineId?: string | undefined;
}

/** The account chosen: null where it does not exist, undefined where none was chosen; and whether the pipeline named is in use. */
export interface ConversionKnowledge {
  readonly account: { readonly currency: string } | null | undefined;
  readonly pipelineInUse?: boolean | undefined;
}

/** What the deal will rest on: what is said now, else what the lead says, else the account. */
interface Terms {
  readonly amount?: Money | undefined;
  readonly currency?: string | undefined;
  readonly requestCategory?: string | undefined;
}

function termsOf({ card }: Lead, wish: Conversion, { account }: ConversionKnowledge): Terms {
  const amount = wish.amount ?? card.value;
  const currency = wish.currency ?? amount?.currency ?? account?.currency;
  return { amount, currency, requestCategory: wish.requestCategory ?? card.requestCategory };
}

/**
 * Converts once. Needs a request category, a currency and an account: chosen, or with a name and a channel to make one of.
 * All ids are minted here, so that repeating the work behind it makes nothing twice.
 */
export function convert(lead: Lead, wish: Conversion, { facts, id }: DecisionContext<ConversionKnowledge>): Decision<LeadFact> {
  if (lead.conversion) return refuse('LeadAlreadyConverted', 'This lead is a deal already.', lead.conversion);
  const terms = termsOf(lead, wish, facts);
  const stop = barred(lead, 'ConvertLead') ?? refusedFor(faultsOf(lead, terms, facts)) ?? mismatchOf(terms);
  if (stop) return stop;
  const { stage: from, ownerId } = lead;
  const parties = { ...accountOf(lead, wish, terms, id), ...contactOf(lead, id) };
  return [LeadConverted({ from, ownerId, dealId: id('deal'), ...parties, deal: dealOf(lead, wish, terms) })];
}

const faultsOf = (
  { card }: Lead,
  { currency, requestCategory }: Terms,
  { account, pipelineInUse }: ConversionKnowledge,
): readonly Fault[] => [
  ...unless(account !== null, '/accountId', 'There is no such account.'),
  ...(account === undefined ? faultsOfMaking(card) : []),
  ...unless(pipelineInUse !== false, '/pipelineId', 'There is no such pipeline in use.'),
  ...unless(requestCategory !== undefined, '/requestCategory', 'Deal needs a request category.'),
  ...unless(currency !== undefined || account === null, '/currency', 'Deal needs a currency.'),
];

const faultsOfMaking = (card: LeadCard): readonly Fault[] => [
  ...unless(accountName(card) !== undefined, '/accountId', 'Deal needs an account, or a company or person to make one of.'),
  ...unless(hasChannel(card), '/contact', 'Deal needs an e-mail address or a phone number.'),
];

const mismatchOf = ({ amount, currency }: Terms): Refusal | undefined =>
  amount === undefined || amount.currency === currency
    ? undefined
    : refuse('CurrencyMismatch', `The deal is in ${currency}, its amount in ${amount.currency}.`);

const accountName = ({ company, contact }: LeadCard): string | undefined => company ?? contact?.name;

type Converted = z.input<(typeof LeadConverted)['schema']>;
type Mint = DecisionContext['id'];

/** The account chosen, or the one to be made. */
function accountOf({ card }: Lead, { accountId }: Conversion, { currency }: Terms, id: Mint): Pick<Converted, 'accountId' | 'newAccount'> {
  if (accountId !== undefined) return { accountId };
  return {
    accountId: id('account'),
    newAccount: {
      name: accountName(card) as string,
      currency: currency as string,
      phone: card.contact?.phone,
      ...(card.company === undefined ? { individual: true } : {}),
    },
  };
}

/** The person to talk to becomes a contact, where there is one with a name. */
function contactOf({ card: { contact } }: Lead, id: Mint): Pick<Converted, 'contactId' | 'newContact'> {
  return contact?.name === undefined ? {} : { contactId: id('contact'), newContact: { ...contact, name: contact.name } };
}

function dealOf(
  { card }: Lead,
  { dealName, expectedClose, pipelineId }: Conversion,
  { amount, currency, requestCategory }: Terms,
): Converted['deal'] {
  const { name, description } = card;
  return {
    name: dealName ?? name,
    currency: currency as string,
    amount,
    requestCategory: requestCategory as string,
    description,
    expectedClose,
    pipelineId,
  };
}
