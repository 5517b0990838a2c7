/** An account is a company or person we trade with: buyer, supplier, partner or competitor. */
import { z } from 'zod';
import type { DecisionContext } from '../../kernel/command.ts';
import { type Decision, decider, invalid, isRefusal, type Refusal, refuse } from '../../kernel/decider.ts';
import { type DataOf, type EventOf, event } from '../../kernel/event.ts';
import { Currency, Money } from '../../kernel/money.ts';
import { type Edit, edited, existing } from '../records.ts';
import { PostalAddress } from '../vocabulary.ts';
import { AccountPriceListAgreed, AccountPriceListEnded, type Agreement, ended, overlapWithCard } from './account-prices.ts';
import { alreadyThere, type Forced, type LikenessKnowledge, likeness, likenessOf } from './duplicates.ts';
import { type Resemblance, taxKey } from './likeness.ts';
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
  { ...AccountCard.shape, ...Origin.shape, ...likeness, ownerId: z.string(), leadId: z.string().optional() },
  ofPerson,
);
export const AccountEdited = event('AccountEdited', { ...AccountCard.shape, ...Origin.shape, changed: z.array(z.string()) }, ofPerson);
export const AccountAssigned = event('AccountAssigned', assignment);
/** From prospect to customer: the first deal is won, or a customer was merged into it. */
export const AccountActivated = event('AccountActivated', { dealId: z.string().optional() });
export const AccountBlocked = event('AccountBlocked', { reason: z.string() });
export const AccountUnblocked = event('AccountUnblocked', {});

/**
 * The account is another one's double and lives on in that. `along` are accounts that were merged into it before, `take` what the
 * survivor is to have of it: nothing in it is a person's. Until `undoUntil` it can be taken back.
 */
export const AccountMerged = event('AccountMerged', {
  survivorId: z.string(),
  along: z.array(z.string()),
  take: AccountCard.partial(),
  active: z.boolean(),
  blocked: z.boolean(),
  reason: z.string(),
  undoUntil: z.iso.datetime(),
});
/** The survivor has taken the other in; `before` is what the fields that it took held until then. */
export const AccountAbsorbed = event('AccountAbsorbed', {
  loserId: z.string(),
  along: z.array(z.string()),
  taken: z.array(z.string()),
  before: AccountCard.partial(),
  undoUntil: z.iso.datetime(),
});
/** The merge is taken back by the survivor, and then by the account that was merged. */
export const AccountReleased = event('AccountReleased', { loserId: z.string() });
export const AccountRestored = event('AccountRestored', { along: z.array(z.string()) });

const events = [
  AccountCreated,
  AccountEdited,
  AccountAssigned,
  AccountActivated,
  AccountBlocked,
  AccountUnblocked,
  AccountPriceListAgreed,
  AccountPriceListEnded,
  AccountMerged,
  AccountAbsorbed,
  AccountReleased,
  AccountRestored,
] as const;
export type AccountFact = EventOf<(typeof events)[number]>;

export interface Account extends Owned {
  readonly card: AccountCard;
  readonly origin: Origin;
  readonly active: boolean;
  readonly blocked: boolean;
  readonly agreements: readonly Agreement[];
  /** The tax number's key where another account holds it: whoever said that there are two may have had a reason. */
  readonly sharedTaxKey?: string | undefined;
  /** The account it lives on in. */
  readonly merged?: Pick<DataOf<typeof AccountMerged>, 'survivorId' | 'along'> | undefined;
  /** The accounts that live on in it; `taken` shrinks as the fields it took are edited. */
  readonly absorbed: readonly DataOf<typeof AccountAbsorbed>[];
}

type Created = DataOf<typeof AccountCreated>;

const created = ({ ownerId, leadId: _, personId, individual, resembles, forcedBecause, ...card }: Created): Account => ({
  ...(forcedBecause !== undefined && resembles?.some(byTaxId) ? { sharedTaxKey: taxKey(card.taxId) } : {}),
  ownerId,
  card,
  origin: { ...(personId === undefined ? {} : { personId }), ...(individual === undefined ? {} : { individual }) },
  active: false,
  blocked: false,
  agreements: [],
  absorbed: [],
});

const byTaxId = ({ by }: Resemblance): boolean => by.includes('taxId');

export const Account = decider({
  category: 'account',
  stateVersion: 4,
  events,
  initial: (): Account | undefined => undefined,
  evolve: {
    AccountCreated: (_, data): Account => created(data),
    AccountEdited: (account, { changed, personId: _person, individual: _individual, ...card }) =>
      account && { ...account, card, absorbed: account.absorbed.map(merge => ({ ...merge, taken: without(merge.taken, changed) })) },
    AccountAssigned: (account, { to }) => account && { ...account, ownerId: to },
    AccountActivated: account => account && { ...account, active: true },
    AccountBlocked: account => account && { ...account, blocked: true },
    AccountUnblocked: account => account && { ...account, blocked: false },
    AccountPriceListAgreed: (account, agreed) => account && { ...account, agreements: [...account.agreements, agreed] },
    AccountPriceListEnded: (account, end) => account && { ...account, agreements: ended(account.agreements, end) },
    AccountMerged: (account, { survivorId, along }) => account && { ...account, merged: { survivorId, along } },
    AccountAbsorbed: (account, merge) => account && { ...account, absorbed: [...account.absorbed, merge] },
    AccountReleased: (account, { loserId }) =>
      account && { ...account, absorbed: account.absorbed.filter(merge => merge.loserId !== loserId) },
    AccountRestored: account => account && { ...account, merged: undefined },
  },
});

const without = (fields: readonly string[], changed: readonly string[]): string[] => fields.filter(field => !changed.includes(field));

/** A decision on an account that lives on in no other. */
export const standing = <Wish, Facts>(decide: (account: Account, wish: Wish, context: DecisionContext<Facts>) => Decision<AccountFact>) =>
  existing('account', (account: Account, wish: Wish, context: DecisionContext<Facts>) =>
    account.merged === undefined ? decide(account, wish, context) : livesOn(account.merged.survivorId),
  );

export const livesOn = (survivorId: string): Refusal =>
  refuse('AccountMerged', 'This account was merged and lives on in another.', { survivorId });

/** Whether the price list named exists; undefined where none was named. */
export interface AccountKnowledge extends OwnerKnowledge, LikenessKnowledge {
  readonly priceListKnown: boolean | undefined;
}

function faultOf(
  { currency, creditLimit }: Pick<AccountCard, 'currency' | 'creditLimit'>,
  { priceListKnown }: AccountKnowledge,
): Refusal | undefined {
  if (priceListKnown === false) return invalid([{ pointer: '/priceListId', detail: 'There is no such price list.' }]);
  if (creditLimit !== undefined && creditLimit.currency !== currency)
    return refuse('CurrencyMismatch', `The credit limit is in ${creditLimit.currency}, the account in ${currency}.`);
  return undefined;
}

type Creation = AccountCard & Origin & Forced & { readonly ownerId?: string | undefined; readonly leadId?: string | undefined };

export const create = (wish: Creation, context: DecisionContext<AccountKnowledge>): Decision<AccountFact> =>
  alreadyThere(wish, context) ?? createOfLead(wish, context);

/** What a converted lead knows is taken as it is; what it resembles is for somebody to look at. */
export function createOfLead({ force, ...wish }: Creation, context: DecisionContext<AccountKnowledge>): Decision<AccountFact> {
  const ownerId = ownerFor(wish.ownerId, context);
  if (isRefusal(ownerId)) return ownerId;
  return faultOf(wish, context.facts) ?? [AccountCreated({ ...wish, ...likenessOf({ force }, context.facts), ownerId })];
}

/** The tax number that is the account's alone, in one form for all ways to write it. */
export function ownTaxKey({ card, sharedTaxKey, merged }: Account): string | undefined {
  if (merged !== undefined) return undefined;
  const key = taxKey(card.taxId);
  return key === '' || key === sharedTaxKey ? undefined : key;
}

/** Its code, as long as it stands for itself. */
export const ownCode = ({ card, merged }: Account): string | undefined => (merged === undefined ? card.code : undefined);

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

/** A deal of an account that was merged meanwhile makes no customer of it; its survivor became one by the merge or by deals of its own. */
export const activate = ({ active, merged }: Account, { dealId }: DataOf<typeof AccountActivated>): Decision<AccountFact> =>
  active || merged !== undefined ? [] : [AccountActivated({ dealId })];

/** Nothing new is sold to a blocked account; what is under way goes on. */
export const block = (account: Account, { reason }: DataOf<typeof AccountBlocked>): Decision<AccountFact> =>
  account.blocked ? [] : [AccountBlocked({ reason })];

export const unblock = (account: Account): Decision<AccountFact> => (account.blocked ? [AccountUnblocked({})] : []);
