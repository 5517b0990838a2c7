/** Which price holds: the levels of the hierarchy in order, the first that has one wins, and the answer says why. */
import { z } from 'zod';
import { LINES_MAX, PriceTried } from '../../domain/document.ts';
import { Day, Id } from '../../domain/vocabulary.ts';
import { Decimal, millionths } from '../../kernel/decimal.ts';
import { Currency } from '../../kernel/money.ts';
import { type Quantity, QuantityText, quantity, quantityText } from '../../kernel/quantity.ts';
import { NoSuchRecord, query, type ReadDatabase } from '../../kernel/query.ts';
import { accounts } from '../crm/accounts.ts';
import { customerGroupMembers, customerGroups } from './customer-groups.ts';
import { items } from './items.ts';
import { priceLists } from './price-lists.ts';
import { type Breaks, prices, standardPrices } from './prices.ts';

/** Levels as numbered by the price hierarchy. */
const ACCOUNT_LIST = 1;
const GROUP_LIST = 2;
const PROMOTION = 3;
const DEFAULT_LIST = 4;
const STANDARD = 5;

/** A list that may name the price of an item. */
export interface ListTried {
  readonly level: number;
  readonly listId: string;
  readonly name: string;
  readonly currency: string;
  readonly archived: boolean;
  /** First and last day on which it holds; null where that is open. */
  readonly validFrom: string | null;
  readonly validUntil: string | null;
  /** Of lists of one level the lowest is tried first. */
  readonly rank: number;
  /** Null where the list has no price for the item on the day. */
  readonly unitPrice: Decimal | null;
  readonly breaks: Breaks | null;
}

export interface Wish {
  readonly currency: string;
  readonly quantity: Quantity;
  readonly day: string;
}

const PriceFound = z.strictObject({
  itemId: z.string(),
  currency: z.string(),
  unitPrice: Decimal.nullable(),
  level: z.int().nullable(),
  priceListId: z.string().nullable(),
  explanation: z.array(PriceTried),
});
type PriceFound = z.output<typeof PriceFound>;

interface Candidate extends Omit<PriceTried, 'chosen'> {
  readonly listId: string | null;
}

/** The first level with a price wins; a list without the item falls through to the next, item by item. */
export function resolve(itemId: string, lists: readonly ListTried[], standard: Decimal | null, wish: Wish): PriceFound {
  const candidates = [...listCandidates(lists, wish), standardCandidate(standard, wish)];
  const chosen = candidates.find(({ unitPrice }) => unitPrice !== null);
  return {
    itemId,
    currency: wish.currency,
    unitPrice: chosen?.unitPrice ?? null,
    level: chosen?.level ?? null,
    priceListId: chosen?.listId ?? null,
    explanation: candidates.map(candidate => explained(candidate, candidate === chosen)),
  };
}

const explained = ({ listId: _, ...candidate }: Candidate, chosen: boolean): PriceTried => ({ ...candidate, chosen });

const LIST_LEVELS = [
  { level: ACCOUNT_LIST, name: 'List of the account', none: 'The account has no price list of its own.' },
  { level: GROUP_LIST, name: 'List of a group', none: 'The account is in no group with a price list.' },
  { level: PROMOTION, name: 'Promotion', none: 'No promotion runs.' },
  { level: DEFAULT_LIST, name: 'Default list', none: 'The currency has no default price list.' },
];

const listCandidates = (lists: readonly ListTried[], wish: Wish): readonly Candidate[] =>
  LIST_LEVELS.flatMap(({ level, name, none }) => {
    const tried = lists.filter(list => list.level === level).map(list => ({ list, found: { name, ...listTried(list, wish) } }));
    if (tried.length === 0) return [{ level, name, listId: null, unitPrice: null, tried: none }];
    return tried.toSorted((a, b) => (level === PROMOTION ? cheaperFirst(a, b) : earlierFirst(a, b))).map(({ found }) => found);
  });

interface Tried {
  readonly list: ListTried;
  readonly found: Candidate;
}

/** By rank, then by id, so that the order is the same whoever asks. */
const earlierFirst = ({ list: a }: Tried, { list: b }: Tried): number => a.rank - b.rank || (a.listId < b.listId ? -1 : 1);

/** Of promotions that run at once the client gets the best. */
function cheaperFirst(a: Tried, b: Tried): number {
  const price = ({ found }: Tried): bigint | undefined => (found.unitPrice === null ? undefined : millionths(found.unitPrice));
  const [first, second] = [price(a), price(b)];
  if (first === second) return earlierFirst(a, b);
  return second === undefined || (first !== undefined && first < second) ? -1 : 1;
}

function listTried({ level, listId, name, ...list }: ListTried, { currency, quantity, day }: Wish): Omit<Candidate, 'name'> {
  const skipped = { level, listId, unitPrice: null };
  if (list.archived) return { ...skipped, tried: `${name} is archived.` };
  if (list.currency !== currency) return { ...skipped, tried: `${name} is in ${list.currency}, the price is wanted in ${currency}.` };
  if (list.validFrom !== null && day < list.validFrom) return { ...skipped, tried: `${name} holds from ${list.validFrom} on.` };
  if (list.validUntil !== null && day > list.validUntil) return { ...skipped, tried: `${name} held until ${list.validUntil}.` };
  if (list.unitPrice === null) return { ...skipped, tried: `${name} has no price for the item on ${day}.` };
  const step = (list.breaks ?? []).findLast(entry => entry.quantity <= quantity);
  const unitPrice = step?.unitPrice ?? list.unitPrice;
  const reach = step === undefined ? '' : ` from ${quantityText(step.quantity)} on`;
  return { level, listId, unitPrice, tried: `${name} says ${unitPrice} ${currency}${reach}.` };
}

const standardCandidate = (unitPrice: Decimal | null, { currency, day }: Wish): Candidate => ({
  level: STANDARD,
  name: 'Standard price',
  listId: null,
  unitPrice,
  tried: unitPrice === null ? `The item has no standard price in ${currency} on ${day}.` : `The item costs ${unitPrice} ${currency}.`,
});

interface Terms {
  readonly accountId: string | undefined;
  readonly currency: string;
  readonly day: string;
}

/** A list as found, with the item whose price it may name. */
type ListRow = ListTried & { readonly itemId: string };

const findLists = (db: ReadDatabase, { accountId, currency, day }: Terms, itemIds: readonly string[]): Promise<ListRow[]> =>
  db.rows<ListRow>(
    `with tried as (
       select ${ACCOUNT_LIST} as level, 0 as rank, l.* from accounts a join price_lists l on l.id = a.price_list_id where a.id = $1
       union all
       select ${GROUP_LIST}, g.priority, l.* from customer_group_members m join customer_groups g on g.id = m.group_id
         join price_lists l on l.id = g.price_list_id where m.account_id = $1
       union all
       select ${PROMOTION}, 0, l.* from price_lists l where l.is_promotion and not l.archived and l.currency = $2
         and coalesce(l.valid_from, '-infinity') <= $3::date and coalesce(l.valid_until, 'infinity') >= $3::date
       union all
       select ${DEFAULT_LIST}, 0, l.* from price_lists l where l.is_default and not l.archived and l.currency = $2)
     select wished.id as "itemId", t.level, t.id as "listId", t.name, t.currency, t.archived, t.rank,
       t.valid_from as "validFrom", t.valid_until as "validUntil", trim_scale(p.unit_price)::text as "unitPrice", p.breaks
     from unnest($4::text[]) as wished (id) cross join tried t
     left join lateral (
       select q.unit_price, q.breaks from prices q
       where q.price_list_id = t.id and q.item_id = wished.id and q.valid_from <= $3::date
       order by q.valid_from desc limit 1) p on true`,
    [accountId ?? null, currency, day, itemIds],
  );

const findStandards = (db: ReadDatabase, { currency, day }: Terms, itemIds: readonly string[]) =>
  db.rows<{ readonly itemId: string; readonly unitPrice: Decimal }>(
    `select distinct on (s.item_id) s.item_id as "itemId", trim_scale(s.unit_price)::text as "unitPrice" from standard_prices s
     where s.item_id = any($3) and s.currency = $1 and coalesce(s.valid_from, '-infinity') <= $2::date
     order by s.item_id, s.valid_from desc nulls last`,
    [currency, day, itemIds],
  );

interface LineWish {
  readonly itemId: string;
  readonly quantity: Quantity;
}

async function findPrices(db: ReadDatabase, terms: Terms, wishes: readonly LineWish[]): Promise<PriceFound[]> {
  const itemIds = [...new Set(wishes.map(({ itemId }) => itemId))];
  const lists = Map.groupBy(await findLists(db, terms, itemIds), ({ itemId }) => itemId);
  const standards = new Map((await findStandards(db, terms, itemIds)).map(({ itemId, unitPrice }) => [itemId, unitPrice]));
  return wishes.map(({ itemId, quantity }) =>
    resolve(itemId, lists.get(itemId) ?? [], standards.get(itemId) ?? null, { ...terms, quantity }),
  );
}

const pricing = {
  permission: 'catalogue:read',
  reads: [accounts, items, customerGroups, customerGroupMembers, priceLists, prices, standardPrices],
} as const;

const ONE_PIECE = quantity(1_000);

export const priceFor = query({
  ...pricing,
  type: 'PriceFor',
  summary: 'The price of an item on a day, for an account or in a currency, and why it is this one.',
  route: 'GET /prices',
  input: z
    .strictObject({
      item: Id,
      on: Day,
      account: Id.optional(),
      currency: Currency.optional(),
      quantity: QuantityText.default(ONE_PIECE),
    })
    .refine(({ account, currency }) => account !== undefined || currency !== undefined, {
      path: ['currency'],
      message: 'A price needs an account or a currency.',
    }),
  output: PriceFound,
  answer: async (db, { item, on, account, currency, quantity: wanted }) => {
    if ((await db.rows('select 1 from items i where i.id = $1', [item])).length === 0) throw new NoSuchRecord('item', item);
    const terms = { accountId: account, currency: currency ?? (await currencyOf(db, account as string)), day: on };
    const [found] = await findPrices(db, terms, [{ itemId: item, quantity: wanted }]);
    return found as PriceFound;
  },
});

async function currencyOf(db: ReadDatabase, accountId: string): Promise<string> {
  const [account] = await db.rows<{ currency: string }>('select a.currency from accounts a where a.id = $1', [accountId]);
  if (account === undefined) throw new NoSuchRecord('account', accountId);
  return account.currency;
}

/** Asked by commands that sell: the prices of all lines at once, in their order. */
export const pricesForOrder = query({
  ...pricing,
  type: 'PricesForOrder',
  summary: 'The prices of the lines of an order, each with why it is this one.',
  input: z.strictObject({
    accountId: Id,
    currency: Currency,
    on: Day,
    lines: z.array(z.strictObject({ itemId: Id, quantity: QuantityText })).max(LINES_MAX),
  }),
  output: z.array(PriceFound),
  answer: (db, { accountId, currency, on, lines }) => findPrices(db, { accountId, currency, day: on }, lines),
});
