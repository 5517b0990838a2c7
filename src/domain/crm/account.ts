/** An account is a company or person we trade with: buyer, supplier, partner or competitor. */
import { z } from 'zod';
import type { DecisionContext } from '../../kernel/command.ts';
import { type Decision, decider, invalid, isRefusal, type Refusal, refuse } from '../../kernel/decider.ts';
import { type DataOf, type EventOf, event } from '../../kernel/event.ts';
import { Currency, Money } from '../../kernel/money.ts';
import { type Edit, edited } from '../records.ts';
import { PostalAddress } from '../vocabulary.ts';
import { AccountPriceListAgreed, AccountPriceListEnded, type Agreement, ended, overlapWithCard } from './account-prices.ts';
import { type AssignmentWish, assigned, assignment, type Owned, type OwnerKnowledge, ownerFor } from './owner.ts';

export const accountKinds = ['buyer', 'supplier', 'partner', 'competitor'] as const;

/** What is known of an account; all of it may be edited. */
export const AccountCard = z.strictObject({
  name: z.string(),
  kinds: z.array(z.enum(accountKinds)),
  /** Our own short name for it, unique. */
  code: z.string().optional(),
  legalName: z.string().optional(),
  /** Number in the register of tax payers, unique. */
  taxId: z.string().optional(),
  currency: Currency,
  priceListId: z.string().optional(),
  paymentTermDays: z.int(),
  creditLimit: Money.optional(),
  phone: z.string().optional(),
  fax: z.string().optional(),
  website: z.string().optional(),
  address: PostalAddress.optional(),
});
export type AccountCard = z.output<typeof AccountCard>;

/** The person an account was made of: its telephone is theirs; all of it is where the account is that person and no company. */
const Origin = z.strictObject({ personId: z.string().optional(), individual: z.boolean().optional() });
type Origin = z.output<typeof Origin>;

const ofPerson = {
  personal: [
    { person: ({ personId }: Origin) => personId, fields: ['phone'] },
    {
      person: ({ personId, individual }: Origin) => (individual ? personId : undefined),
      fields: ['name', 'legalName', 'taxId', 'fax', 'website', 'address'],
    },
  ],
};

export const AccountCreated = event(
  'AccountCreated',
  { ...AccountCard.shape, ...Origin.shape, ownerId: z.string(), leadId: z.string().optional() },
  ofPerson,
);
export const AccountEdited = event('AccountEdited', { ...AccountCard.shape, ...Origin.shape, changed: z.array(z.string()) }, ofPerson);
export const AccountAssigned = event('AccountAssigned', assignment);
/** From prospect to customer: the first deal is won. */
export const AccountActivated = event('AccountActivated', { dealId: z.string() });
export const AccountBlocked = event('AccountBlocked', { reason: z.string() });
export const AccountUnblocked = event('AccountUnblocked', {});

const events = [
  AccountCreated,
  AccountEdited,
  AccountAssigned,
  AccountActivated,
  AccountBlocked,
  AccountUnblocked,
  AccountPriceListAgreed,
  AccountPriceListEnded,
] as const;
export type AccountFact = EventOf<(typeof events)[number]>;

export interface Account extends Owned {
  readonly card: AccountCard;
  readonly origin: Origin;
  readonly active: boolean;
  readonly blocked: boolean;
  readonly agreements: readonly Agreement[];
}

const created = ({ ownerId, leadId: _, personId, individual, ...card }: DataOf<typeof AccountCreated>): Account => ({
  ownerId,
  card,
  origin: { ...(personId === undefined ? {} : { personId }), ...(individual === undefined ? {} : { individual }) },
  active: false,
  blocked: false,
  agreements: [],
});

export const Account = decider({
  category: 'account',
  stateVersion: 3,
  events,
  initial: (): Account | undefined => undefined,
  evolve: {
    AccountCreated: (_, data): Account => created(data),
    AccountEdited: (account, { changed: _, personId: _person, individual: _individual, ...card }) => account && { ...account, card },
    AccountAssigned: (account, { to }) => account && { ...account, ownerId: to },
    AccountActivated: account => account && { ...account, active: true },
    AccountBlocked: account => account && { ...account, blocked: true },
    AccountUnblocked: account => account && { ...account, blocked: false },
    AccountPriceListAgreed: (account, agreed) => account && { ...account, agreements: [...account.agreements, agreed] },
    AccountPriceListEnded: (account, end) => account && { ...account, agreements: ended(account.agreements, end) },
  },
});

/** Whether the price list named exists; undefined where none was named. */
export interface AccountKnowledge extends OwnerKnowledge {
  readonly priceListKnown: boolean | undefined;
}

function faultOf({ currency, creditLimit }: AccountCard, { priceListKnown }: AccountKnowledge): Refusal | undefined {
  if (priceListKnown === false) return invalid([{ pointer: '/priceListId', detail: 'There is no such price list.' }]);
  if (creditLimit !== undefined && creditLimit.currency !== currency)
    return refuse('CurrencyMismatch', `The credit limit is in ${creditLimit.currency}, the account in ${currency}.`);
  return undefined;
}

type Creation = AccountCard & Origin & { readonly ownerId?: string | undefined };

export function create(wish: Creation, context: DecisionContext<AccountKnowledge>): Decision<AccountFact> {
  const ownerId = ownerFor(wish.ownerId, context);
  if (isRefusal(ownerId)) return ownerId;
  return faultOf(wish, context.facts) ?? [AccountCreated({ ...wish, ownerId })];
}

export function edit(
  account: Account,
  wish: Edit<AccountCard>,
  { facts, today }: DecisionContext<AccountKnowledge>,
): Decision<AccountFact> {
  const { card, changed } = edited(AccountCard, account.card, wish);
  if (changed.length === 0) return [];
  const overlap = changed.includes('priceListId') ? overlapWithCard(card, account.agreements, today) : undefined;
  return overlap ?? faultOf(card, facts) ?? [AccountEdited({ ...card, ...account.origin, changed })];
}

export const assign = (account: Account, wish: AssignmentWish, { facts }: DecisionContext<OwnerKnowledge>): Decision<AccountFact> =>
  assigned(AccountAssigned, account, wish, facts);

export const activate = (account: Account, { dealId }: DataOf<typeof AccountActivated>): Decision<AccountFact> =>
  account.active ? [] : [AccountActivated({ dealId })];

/** Nothing new is sold to a blocked account; what is under way goes on. */
export const block = (account: Account, { reason }: DataOf<typeof AccountBlocked>): Decision<AccountFact> =>
  account.blocked ? [] : [AccountBlocked({ reason })];

export const unblock = (account: Account): Decision<AccountFact> => (account.blocked ? [AccountUnblocked({})] : []);
