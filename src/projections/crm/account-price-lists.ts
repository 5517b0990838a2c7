import { AccountPriceListAgreed, AccountPriceListEnded } from '../../domain/crm/account-prices.ts';
import { field } from '../../kernel/field.ts';
import { byDay, listing } from '../../kernel/listing.ts';
import { projection } from '../../kernel/projection.ts';
import { day, nullable, table, text } from '../../kernel/table.ts';
import { priceLists } from '../catalogue/price-lists.ts';
import { accounts } from './accounts.ts';

interface Place {
  readonly priceListId: string;
  readonly from: string;
}
const keyOf = ({ priceListId, from }: Place, { entityId }: { readonly entityId: string }): readonly string[] => [
  `${entityId}~${priceListId}~${from}`,
];

export const accountPriceLists = projection({
  name: 'account-price-lists',
  version: 1,
  versioned: true,
  table: table(
    'account_price_lists',
    'Price lists agreed with accounts for some days',
    {
      account_id: text('Account'),
      price_list_id: text('Price list'),
      valid_from: day('First day it holds for the account'),
      valid_until: nullable(day('Last day it holds for the account; empty where it holds for good')),
    },
    { key: 'Account, price list and first day, joined by ~', indexes: ['account_id', 'price_list_id'] },
  ),
  events: [AccountPriceListAgreed, AccountPriceListEnded],
  keys: { AccountPriceListAgreed: keyOf, AccountPriceListEnded: keyOf },
  on: {
    AccountPriceListAgreed: (_, { priceListId, from, until }, _key, { entityId }) => ({
      account_id: entityId,
      price_list_id: priceListId,
      valid_from: from,
      valid_until: until ?? null,
    }),
    AccountPriceListEnded: (row, { until }) => row && (until < row.valid_from ? null : { ...row, valid_until: until }),
  },
});

export const listAccountPriceLists = listing({
  type: 'ListAccountPriceLists',
  summary: 'Price lists agreed with an account for some days, the latest first.',
  route: 'GET /accounts/:id/price-lists',
  permission: 'crm:read',
  reads: [accountPriceLists, accounts, priceLists],
  // The account is joined so that who may not see it does not see its lists.
  from: 'account_price_lists x join accounts a on a.id = x.account_id join price_lists l on l.id = x.price_list_id',
  key: 'x.id',
  fields: {
    id: field.text('x.id'),
    priceListId: field.text('x.price_list_id'),
    name: field.text('l.name'),
    currency: field.text('l.currency'),
    from: field.day('x.valid_from'),
    until: field.maybe(field.day('x.valid_until')),
  },
  within: { id: 'x.account_id = ?' },
  filters: { on: byDay("x.valid_from <= ?::date and coalesce(x.valid_until, 'infinity') >= ?::date") },
  sorts: { from: { sql: 'x.valid_from', descending: true } },
  usual: 'from',
});
