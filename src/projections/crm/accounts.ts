import { z } from 'zod';
import { Account, type AccountCard } from '../../domain/crm/account.ts';
import { Party } from '../../domain/party.ts';
import { type Address, PostalAddress } from '../../domain/vocabulary.ts';
import { field } from '../../kernel/field.ts';
import { byFlag, listing, record } from '../../kernel/listing.ts';
import { Currency } from '../../kernel/money.ts';
import { projection } from '../../kernel/projection.ts';
import { query } from '../../kernel/query.ts';
import { flag, instant, integer, json, minorUnits, nullable, personal, table, text, texts } from '../../kernel/table.ts';
import { priceLists } from '../catalogue/price-lists.ts';
import { revised } from '../platform/event-history.ts';
import { containing } from '../search.ts';
import { accountSurvivors, survivorOf } from './account-survivors.ts';

export const accounts = projection({
  name: 'accounts',
  version: 3,
  versioned: true,
  table: table(
    'accounts',
    'Companies and persons we trade with',
    {
      name: personal(text('Name it is known by'), 'individual_id'),
      kinds: texts('buyer, supplier, partner or competitor'),
      code: nullable(text('Our own short name for it, unique')),
      legal_name: personal(nullable(text('Name in the register of companies')), 'individual_id'),
      tax_id: personal(nullable(text('Number in the register of tax payers, unique')), 'individual_id'),
      currency: text('ISO 4217 code it trades in'),
      price_list_id: nullable(text('Price list agreed with it')),
      payment_term_days: integer('Days from issue of an invoice to its last day for payment'),
      credit_limit: nullable(minorUnits('Most it may owe')),
      phone: personal(nullable(text('Telephone')), 'person_id'),
      fax: personal(nullable(text('Fax')), 'individual_id'),
      website: personal(nullable(text('Website')), 'individual_id'),
      address: personal(nullable(json<Address>('Address: name, street, city, region, postalCode, country')), 'individual_id'),
      city: personal(nullable(text('City of the address')), 'individual_id'),
      country: personal(nullable(text('Country of the address')), 'individual_id'),
      owner_id: text('User who answers for it'),
      lead_id: nullable(text('Lead it came from')),
      person_id: nullable(text('Person it was made of, whose telephone it bears')),
      individual_id: nullable(text('The same person, where the account is that person and no company')),
      active: flag('Whether a deal with it was ever won; a prospect otherwise'),
      blocked_reason: nullable(text('Why nothing new is sold to it; empty where it is not blocked')),
      merged_into: nullable(text('Account it was merged into; empty where it stands for itself')),
      created_at: instant('When it was created'),
    },
    { indexes: ['name', 'code', 'owner_id', 'created_at, id'] },
  ),
  events: Account.events,
  ownRows: { permission: 'crm:read', owner: 'owner_id' },
  on: {
    AccountCreated: (_, { ownerId, leadId, personId, individual, ...card }, _key, { occurredAt }) => ({
      ...cardColumns(card),
      owner_id: ownerId,
      lead_id: leadId ?? null,
      person_id: personId ?? null,
      individual_id: (individual && personId) || null,
      active: false,
      blocked_reason: null,
      merged_into: null,
      created_at: occurredAt,
    }),
    AccountEdited: (row, card) => row && { ...row, ...cardColumns(card) },
    AccountAssigned: (row, { to }) => row && { ...row, owner_id: to },
    AccountActivated: row => row && { ...row, active: true },
    AccountBlocked: (row, { reason }) => row && { ...row, blocked_reason: reason },
    AccountUnblocked: row => row && { ...row, blocked_reason: null },
    AccountPriceListAgreed: () => undefined,
    AccountPriceListEnded: () => undefined,
    AccountMerged: (row, { survivorId }) => row && { ...row, merged_into: survivorId },
    AccountRestored: row => row && { ...row, merged_into: null },
    AccountAbsorbed: () => undefined,
    AccountReleased: () => undefined,
  },
});

function cardColumns(card: AccountCard) {
  return {
    name: card.name,
    kinds: card.kinds,
    code: card.code ?? null,
    legal_name: card.legalName ?? null,
    tax_id: card.taxId ?? null,
    currency: card.currency,
    price_list_id: card.priceListId ?? null,
    payment_term_days: card.paymentTermDays,
    credit_limit: card.creditLimit?.minor ?? null,
    phone: card.phone ?? null,
    fax: card.fax ?? null,
    website: card.website ?? null,
    address: card.address ?? null,
    city: card.address?.city ?? null,
    country: card.address?.country ?? null,
  };
}

/** merged, blocked, active or prospect, of `accounts a`. */
export const accountStatus = field.text(
  `case when a.merged_into is not null then 'merged' when a.blocked_reason is not null then 'blocked' when a.active then 'active' else 'prospect' end`,
);

const source = {
  permission: 'crm:read',
  reads: [accounts, priceLists],
  from: 'accounts a left join price_lists l on l.id = a.price_list_id',
  key: 'a.id',
  fields: {
    id: field.text('a.id'),
    name: field.text('a.name'),
    kinds: field.texts('a.kinds'),
    code: field.maybe(field.text('a.code')),
    legalName: field.maybe(field.text('a.legal_name')),
    taxId: field.maybe(field.text('a.tax_id')),
    currency: field.text('a.currency'),
    priceListId: field.maybe(field.text('a.price_list_id')),
    priceListName: field.maybe(field.text('l.name')),
    paymentTermDays: field.integer('a.payment_term_days'),
    creditLimit: field.maybe(field.money('a.credit_limit', 'a.currency')),
    phone: field.maybe(field.text('a.phone')),
    fax: field.maybe(field.text('a.fax')),
    website: field.maybe(field.text('a.website')),
    address: field.maybe(field.json('a.address', PostalAddress)),
    ownerId: field.text('a.owner_id'),
    leadId: field.maybe(field.text('a.lead_id')),
    personId: field.maybe(field.text('a.person_id')),
    status: accountStatus,
    blockedReason: field.maybe(field.text('a.blocked_reason')),
    mergedInto: field.maybe(field.text('a.merged_into')),
    createdAt: field.instant('a.created_at'),
  },
} as const;

export const listAccounts = listing({
  ...source,
  type: 'ListAccounts',
  summary: 'Accounts by name, without those that were merged into others; `filter[search]` looks in names, code and tax id.',
  route: 'GET /accounts',
  filters: {
    search: containing('a.name', 'a.legal_name', 'a.code', 'a.tax_id'),
    kind: '? = any(a.kinds)',
    code: 'a.code = ?',
    taxId: 'a.tax_id = ?',
    owner: 'a.owner_id = ?',
    priceList: 'a.price_list_id = ?',
    city: 'a.city = ?',
    country: 'a.country = ?',
    blocked: byFlag('a.blocked_reason is not null'),
  },
  where: 'a.merged_into is null',
  sorts: { name: { sql: 'a.name' }, newest: { sql: 'a.created_at', descending: true } },
  usual: 'name',
});

export const showAccount = record({
  ...revised('account', source),
  type: 'ShowAccount',
  summary: 'One account.',
  route: 'GET /accounts/:id',
  noun: 'account',
});

const Terms = z.strictObject({
  id: z.string(),
  name: z.string(),
  blocked: z.boolean(),
  currency: Currency,
  paymentTermDays: z.int(),
  ownerId: z.string(),
  priceListId: z.string().nullable(),
});

/** Asked by commands that trade with an account, or the one it lives on in; null where there is none. */
export const accountForOrder = query({
  type: 'AccountForOrder',
  summary: 'The terms of trade with an account, or with the one it was merged into.',
  permission: 'crm:read',
  reads: [accounts, accountSurvivors],
  input: z.strictObject({ id: z.string().max(200) }),
  output: Terms.nullable(),
  answer: async (db, { id }) => {
    const [terms] = await db.rows<z.output<typeof Terms>>(
      `select a.id, a.name, a.blocked_reason is not null as blocked, a.currency, a.payment_term_days as "paymentTermDays",
         a.owner_id as "ownerId", a.price_list_id as "priceListId" from accounts a where a.id = ${survivorOf('$1::text')}`,
      [id],
    );
    return terms ?? null;
  },
});

/** Asked when an invoice is issued to it; null where there is none. */
export const buyerOf = query({
  type: 'BuyerOf',
  summary: 'An account as an invoice names it, and whether it is a person and no company.',
  permission: 'crm:read',
  reads: [accounts],
  input: z.strictObject({ id: z.string().max(200) }),
  output: z.strictObject({ party: Party, individual: z.boolean() }).nullable(),
  answer: async (db, { id }) => {
    const [found] = await db.rows<Buyer>(
      `select a.name, a.legal_name as "legalName", a.tax_id as "taxId", a.address, a.individual_id is not null as individual
       from accounts a where a.id = $1`,
      [id],
    );
    if (found === undefined) return null;
    const { individual, name, legalName, taxId, address } = found;
    return {
      individual,
      party: {
        name,
        ...(legalName === null ? {} : { legalName }),
        ...(taxId === null ? {} : { taxId }),
        ...(address === null ? {} : { address }),
      },
    };
  },
});

interface Buyer {
  readonly name: string;
  readonly legalName: string | null;
  readonly taxId: string | null;
  readonly address: Address | null;
  readonly individual: boolean;
}
