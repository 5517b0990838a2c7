/** Which price holds: the levels of the hierarchy in order, the first that has one wins, and the answer says why. */
import { z } from 'zod';
import { LINES_MAX } from '../../domain/document.ts';
import type { RateFrozen } from '../../domain/exchange.ts';
import type { CompanySettings } from '../../domain/platform/company-settings.ts';
import {
  ACCOUNT_LIST,
  chosenOf,
  DEFAULT_LIST,
  GROUP_LIST,
  PROMOTION,
  PriceTried,
  type PriceWorking,
  STANDARD,
  worth,
} from '../../domain/pricing.ts';
import { Day, Id } from '../../domain/vocabulary.ts';
import { Decimal, millionths } from '../../kernel/decimal.ts';
import { Currency } from '../../kernel/money.ts';
import { type Quantity, QuantityText, quantity, quantityText } from '../../kernel/quantity.ts';
import { NoSuchRecord, query, type ReadDatabase } from '../../kernel/query.ts';
import { accountPriceLists } from '../crm/account-price-lists.ts';
import { accounts } from '../crm/accounts.ts';
import { settingsIn } from '../platform/company-settings.ts';
import { customerGroupMembers, customerGroups } from './customer-groups.ts';
import { ratesAndSettings, usableRates } from './exchange-rates.ts';
import { items } from './items.ts';
import { priceLists } from './price-lists.ts';
import { type Breaks, prices, standardPrices } from './prices.ts';

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
  /** Percentage off price and breaks. */
  readonly discount: Decimal | null;
  readonly minQuantity: Quantity | null;
  readonly orderMultiple: Quantity | null;
  /** Unit of measure the price is per, null where that was never said, and the one the item is sold by. */
  readonly uom: string | null;
  readonly itemUom: string;
}

export interface Wish {
  readonly currency: string;
  readonly quantity: Quantity;
  readonly day: string;
}

/** What the company chose about prices, and the rates of the day of currencies other than that of the books. */
export interface Policy extends Pick<CompanySettings, 'promoBeatsNegotiated' | 'lowestOfTiedGroups' | 'convertListCurrencies'> {
  /** Currency of the books. */
  readonly currency: string;
  readonly rates: ReadonlyMap<string, RateFrozen>;
}

const PriceFound = z.strictObject({
  itemId: z.string(),
  currency: z.string(),
  unitPrice: Decimal.nullable(),
  level: z.int().nullable(),
  priceListId: z.string().nullable(),
  /** Fewer than this, or what is not a multiple of this, is not sold at this price. */
  minQuantity: Decimal.nullable(),
  orderMultiple: Decimal.nullable(),
  promoBeatsNegotiated: z.boolean(),
  explanation: z.array(PriceTried),
});
type PriceFound = z.output<typeof PriceFound>;

type Candidate = Omit<PriceTried, 'chosen'>;

/** The first level with a price wins; a list without the item falls through to the next, item by item. */
export function resolve(itemId: string, lists: readonly ListTried[], standard: Decimal | null, wish: Wish, policy: Policy): PriceFound {
  const { promoBeatsNegotiated } = policy;
  const candidates = [...listCandidates(lists, wish, policy), standardCandidate(standard, wish)];
  const chosen = chosenOf(candidates, { promoBeatsNegotiated });
  return {
    itemId,
    currency: wish.currency,
    unitPrice: chosen?.unitPrice ?? null,
    level: chosen?.level ?? null,
    priceListId: chosen?.priceListId ?? null,
    minQuantity: chosen?.minQuantity ?? null,
    orderMultiple: chosen?.orderMultiple ?? null,
    promoBeatsNegotiated,
    explanation: candidates.map(candidate => explained(candidate, chosen, candidates)),
  };
}

function explained(candidate: Candidate, chosen: Candidate | undefined, all: readonly Candidate[]): PriceTried {
  if (candidate !== chosen) return { ...candidate, chosen: false };
  const wentBefore = all.find(({ unitPrice }) => unitPrice !== null) !== candidate;
  return { ...candidate, chosen: true, tried: wentBefore ? `${candidate.tried} It goes before the dearer price agreed.` : candidate.tried };
}

const LIST_LEVELS = [
  { level: ACCOUNT_LIST, name: 'List of the account', none: 'The account has no price list of its own.' },
  { level: GROUP_LIST, name: 'List of a group', none: 'The account is in no group with a price list.' },
  { level: PROMOTION, name: 'Promotion', none: 'No promotion runs.' },
  { level: DEFAULT_LIST, name: 'Default list', none: 'The currency has no default price list.' },
];

const listCandidates = (lists: readonly ListTried[], wish: Wish, policy: Policy): readonly Candidate[] =>
  LIST_LEVELS.flatMap(({ level, name, none }) => {
    const tried = lists.filter(list => list.level === level).map(list => ({ list, found: { name, ...listTried(list, wish, policy) } }));
    if (tried.length === 0) return [{ level, name, unitPrice: null, tried: none }];
    return tried.toSorted(orderOf(level, policy)).map(({ found }) => found);
  });

interface Tried {
  readonly list: ListTried;
  readonly found: Candidate;
}
type Order = (a: Tried, b: Tried) => number;

function orderOf(level: number, { lowestOfTiedGroups }: Policy): Order {
  if (level === PROMOTION) return cheaperFirst;
  return level === GROUP_LIST && lowestOfTiedGroups ? (a, b) => a.list.rank - b.list.rank || cheaperFirst(a, b) : earlierFirst;
}

/** By rank, then by id, so that the order is the same whoever asks. */
const earlierFirst: Order = ({ list: a }, { list: b }) => a.rank - b.rank || (a.listId < b.listId ? -1 : 1);

/** Of promotions that run at once the client gets the best. */
function cheaperFirst(a: Tried, b: Tried): number {
  const price = ({ found }: Tried): bigint | undefined => (found.unitPrice === null ? undefined : millionths(found.unitPrice));
  const [first, second] = [price(a), price(b)];
  if (first === second) return earlierFirst(a, b);
  return second === undefined || (first !== undefined && first < second) ? -1 : 1;
}

function listTried(list: ListTried, wish: Wish, policy: Policy): Omit<Candidate, 'name'> {
  const { level, listId: priceListId } = list;
  const skipped = whyNot(list, wish, policy);
  if (skipped !== undefined) return { level, priceListId, unitPrice: null, tried: `${list.name} ${skipped}.` };
  const working = workingOf(list, wish, policy);
  const unitPrice = worth(working, wish.currency);
  return {
    level,
    priceListId,
    unitPrice,
    tried: `${list.name} says ${said(list, working, unitPrice, wish.currency)}.`,
    ...(list.minQuantity === null ? {} : { minQuantity: quantityText(list.minQuantity) as Decimal }),
    ...(list.orderMultiple === null ? {} : { orderMultiple: quantityText(list.orderMultiple) as Decimal }),
    working,
  };
}

/** Why a list is passed over, to follow its name; undefined where it counts. */
function whyNot(list: ListTried, { currency, day }: Wish, policy: Policy): string | undefined {
  if (list.archived) return 'is archived';
  if (list.currency !== currency && !policy.convertListCurrencies) return `is in ${list.currency}, the price is wanted in ${currency}`;
  if (list.validFrom !== null && day < list.validFrom) return `holds from ${list.validFrom} on`;
  if (list.validUntil !== null && day > list.validUntil) return `held until ${list.validUntil}`;
  if (list.unitPrice === null) return `has no price for the item on ${day}`;
  if (list.uom !== null && list.uom !== list.itemUom) return `is priced per ${list.uom}, the item is sold by ${list.itemUom}`;
  const unknown = list.currency === currency ? undefined : [list.currency, currency].find(code => !isKnown(code, policy));
  return unknown && `is in ${list.currency}, and no rate of ${unknown} to ${policy.currency} counts on ${day}`;
}

const isKnown = (code: string, { currency, rates }: Policy): boolean => code === currency || rates.has(code);

function workingOf(
  { unitPrice, breaks, discount, currency: from }: ListTried,
  { quantity, currency: into }: Wish,
  { rates }: Policy,
): PriceWorking {
  const step = (breaks ?? []).findLast(entry => entry.quantity <= quantity);
  const [rateFrom, rateInto] = from === into ? [] : [rates.get(from), rates.get(into)];
  return {
    stated: step?.unitPrice ?? (unitPrice as Decimal),
    ...(step === undefined ? {} : { fromQuantity: quantityText(step.quantity) as Decimal }),
    ...(discount === null ? {} : { discount }),
    ...(rateFrom === undefined ? {} : { rateFrom }),
    ...(rateInto === undefined ? {} : { rateInto }),
  };
}

function said(
  list: ListTried,
  { stated, fromQuantity, discount, rateFrom, rateInto }: PriceWorking,
  unitPrice: Decimal,
  currency: string,
): string {
  const reach = fromQuantity === undefined ? '' : ` from ${fromQuantity} on`;
  const less = discount === undefined ? '' : ` less ${discount} %`;
  const rates = [rateFrom, rateInto].filter(rate => rate !== undefined).map(rateText);
  const comes =
    rates.length > 0 ? `, at ${rates.join(' and ')} that is ${unitPrice} ${currency}` : less && `, that is ${unitPrice} ${currency}`;
  return `${stated} ${list.currency}${reach}${less}${comes}`;
}

const rateText = ({ rate, to, multiplier, currency, day }: RateFrozen): string => `${rate} ${to} for ${multiplier} ${currency} of ${day}`;

const standardCandidate = (unitPrice: Decimal | null, { currency, day }: Wish): Candidate => ({
  level: STANDARD,
  name: 'Standard price',
  unitPrice,
  tried: unitPrice === null ? `The item has no standard price in ${currency} on ${day}.` : `The item costs ${unitPrice} ${currency}.`,
  ...(unitPrice === null ? {} : { working: { stated: unitPrice } }),
});

interface Terms {
  readonly accountId: string | undefined;
  readonly currency: string;
  readonly day: string;
}

/** A list as found, with the item whose price it may name. */
type ListRow = ListTried & { readonly itemId: string };

const LIST = 'l.id, l.name, l.currency, l.archived, l.valid_from, l.valid_until';

/** What was agreed with an account is found by way of the account, so that who may not know of it sees none of its prices. Promotions and default lists of other currencies are found where they may be converted; the default of the currency goes before them. */
const findLists = (
  db: ReadDatabase,
  { accountId, currency, day }: Terms,
  itemIds: readonly string[],
  convert: boolean,
): Promise<ListRow[]> =>
  db.rows<ListRow>(
    `with tried as (
       select ${ACCOUNT_LIST} as level, 1 as rank, ${LIST} from accounts a join price_lists l on l.id = a.price_list_id where a.id = $1
       union all
       select ${ACCOUNT_LIST}, 0, l.id, l.name, l.currency, l.archived,
         greatest(l.valid_from, x.valid_from), least(l.valid_until, x.valid_until)
         from accounts a join account_price_lists x on x.account_id = a.id join price_lists l on l.id = x.price_list_id where a.id = $1
       union all
       select ${GROUP_LIST}, g.priority, ${LIST} from accounts a join customer_group_members m on m.account_id = a.id
         join customer_groups g on g.id = m.group_id join price_lists l on l.id = g.price_list_id where a.id = $1
       union all
       select ${PROMOTION}, 0, ${LIST} from price_lists l where l.is_promotion and not l.archived and (l.currency = $2 or $5)
         and coalesce(l.valid_from, '-infinity') <= $3::date and coalesce(l.valid_until, 'infinity') >= $3::date
       union all
       select ${DEFAULT_LIST}, (l.currency <> $2)::int, ${LIST} from price_lists l
         where l.is_default and not l.archived and (l.currency = $2 or $5))
     select i.id as "itemId", i.uom as "itemUom", t.level, t.id as "listId", t.name, t.currency, t.archived, t.rank,
       t.valid_from as "validFrom", t.valid_until as "validUntil", trim_scale(p.unit_price)::text as "unitPrice", p.breaks,
       trim_scale(p.discount)::text as discount, p.min_quantity as "minQuantity", p.order_multiple as "orderMultiple", p.uom
     from items i cross join tried t
     left join lateral (
       select * from prices q
       where q.price_list_id = t.id and q.item_id = i.id and q.valid_from <= $3::date and coalesce(q.valid_until, 'infinity') >= $3::date
       order by q.valid_from desc limit 1) p on true
     where i.id = any($4)`,
    [accountId ?? null, currency, day, itemIds, convert],
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
  const settings = await settingsIn(db);
  const found = await findLists(db, terms, itemIds, settings.convertListCurrencies);
  const policy = { ...settings, rates: await ratesOf(db, terms, found, settings) };
  const lists = Map.groupBy(found, ({ itemId }) => itemId);
  const standards = new Map((await findStandards(db, terms, itemIds)).map(({ itemId, unitPrice }) => [itemId, unitPrice]));
  return wishes.map(({ itemId, quantity }) =>
    resolve(itemId, lists.get(itemId) ?? [], standards.get(itemId) ?? null, { ...terms, quantity }, policy),
  );
}

/** The rates that lists in other currencies are converted with; none where they are not. */
async function ratesOf(
  db: ReadDatabase,
  { currency, day }: Terms,
  lists: readonly ListRow[],
  settings: CompanySettings,
): Promise<ReadonlyMap<string, RateFrozen>> {
  const codes = new Set(lists.map(list => list.currency)).add(currency);
  const wanted = settings.convertListCurrencies && codes.size > 1 ? [...codes] : [];
  return usableRates(db, day, wanted, settings);
}

const pricing = {
  permission: 'catalogue:read',
  reads: [
    accounts,
    accountPriceLists,
    items,
    customerGroups,
    customerGroupMembers,
    priceLists,
    prices,
    standardPrices,
    ...ratesAndSettings,
  ],
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
