/** An item is what we sell and buy: goods we keep in stock, or services and charges we do not. */
import { z } from 'zod';
import type { DecisionContext } from '../../kernel/command.ts';
import { type Decision, decider, type Refusal } from '../../kernel/decider.ts';
import { Decimal } from '../../kernel/decimal.ts';
import { type DataOf, type EventOf, event } from '../../kernel/event.ts';
import { Currency } from '../../kernel/money.ts';
import { Quantity } from '../../kernel/quantity.ts';
import { refusedFor, unless } from '../faults.ts';
import { type Edit, edited } from '../records.ts';

const UnitPrice = z.strictObject({ unitPrice: Decimal, currency: Currency });

/** What is known of an item; all of it may be edited. Its SKU stays: papers in the world bear it. */
export const ItemCard = z.strictObject({
  name: z.string(),
  /** Unit of measure: quantities and unit prices are per one of these. */
  uom: z.string(),
  stocked: z.boolean(),
  /** Percentage of tax that sales of it bear. */
  taxPercent: Decimal,
  category: z.string().optional(),
  supplierId: z.string().optional(),
  /** How many of what make one unit, e.g. 10 boxes of 20 bags. */
  packaging: z.string().optional(),
  /** To be reordered when so few are left. */
  reorderLevel: Quantity.optional(),
  /** What one unit costs us, as somebody reckons it. */
  standardCost: UnitPrice.optional(),
  /** Percentage of the price that must remain above that cost. */
  minMarginPercent: Decimal.optional(),
  /** How stock cells value it from their first goods on; as the company does where nothing is said. */
  valuation: z.enum(['fifo', 'average']).optional(),
});
export type ItemCard = z.output<typeof ItemCard>;

/** A standard price given here holds since ever; later ones hold from their day. */
export const ItemAdded = event('ItemAdded', { ...ItemCard.shape, sku: z.string(), standardPrice: UnitPrice.optional() });
export const ItemEdited = event('ItemEdited', { ...ItemCard.shape, changed: z.array(z.string()) });
/** Price of the item where no list names one, from a day on. */
export const StandardPriceSet = event('StandardPriceSet', { ...UnitPrice.shape, from: z.iso.date() });
/** From this day on it is not sold any more. */
export const ItemDiscontinued = event('ItemDiscontinued', { on: z.iso.date(), reason: z.string().optional() });
export const ItemReinstated = event('ItemReinstated', {});

const events = [ItemAdded, ItemEdited, StandardPriceSet, ItemDiscontinued, ItemReinstated] as const;
export type ItemFact = EventOf<(typeof events)[number]>;

export interface Item {
  readonly card: ItemCard;
  readonly discontinued: boolean;
  /** The newest one said, by which a repetition is known. */
  readonly priceLast?: DataOf<typeof StandardPriceSet>;
}

const added = ({ sku: _, standardPrice: _price, ...card }: DataOf<typeof ItemAdded>): Item => ({ card, discontinued: false });

export const Item = decider({
  category: 'item',
  stateVersion: 2,
  events,
  initial: (): Item | undefined => undefined,
  evolve: {
    ItemAdded: (_, data): Item => added(data),
    ItemEdited: (item, { changed: _, ...card }) => item && { ...item, card },
    StandardPriceSet: (item, priceLast) => item && { ...item, priceLast },
    ItemDiscontinued: item => item && { ...item, discontinued: true },
    ItemReinstated: item => item && { ...item, discontinued: false },
  },
});

/** Whether the supplier named is an account; undefined where none was named. */
export interface ItemKnowledge {
  readonly supplierKnown: boolean | undefined;
}

const HUNDRED = 100;

const faultOf = ({ standardCost, minMarginPercent }: ItemCard, { supplierKnown }: ItemKnowledge): Refusal | undefined =>
  refusedFor([
    ...unless(supplierKnown !== false, '/supplierId', 'There is no such account.'),
    ...unless(minMarginPercent === undefined || standardCost !== undefined, '/standardCost', 'A margin is measured by a cost.'),
    ...unless(Number(minMarginPercent ?? 0) < HUNDRED, '/minMarginPercent', 'No price leaves a margin of 100 %.'),
  ]);

export const add = (wish: DataOf<typeof ItemAdded>, { facts }: DecisionContext<ItemKnowledge>): Decision<ItemFact> =>
  faultOf(wish, facts) ?? [ItemAdded(wish)];

export function edit(item: Item, wish: Edit<ItemCard>, { facts }: DecisionContext<ItemKnowledge>): Decision<ItemFact> {
  const { card, changed } = edited(ItemCard, item.card, wish);
  if (changed.length === 0) return [];
  return faultOf(card, facts) ?? [ItemEdited({ ...card, changed })];
}

type PriceWish = z.output<typeof UnitPrice> & { readonly from?: string | undefined };

export function setStandardPrice(
  { priceLast }: Item,
  { unitPrice, currency, from: wished }: PriceWish,
  { today }: DecisionContext<unknown>,
): Decision<ItemFact> {
  const from = wished ?? today;
  const same = priceLast?.from === from && priceLast.unitPrice === unitPrice && priceLast.currency === currency;
  return same ? [] : [StandardPriceSet({ unitPrice, currency, from })];
}

interface Discontinuation {
  readonly on?: string | undefined;
  readonly reason?: string | undefined;
}

export const discontinue = (item: Item, { on, reason }: Discontinuation, { today }: DecisionContext<unknown>): Decision<ItemFact> =>
  item.discontinued ? [] : [ItemDiscontinued({ on: on ?? today, reason })];

export const reinstate = (item: Item): Decision<ItemFact> => (item.discontinued ? [ItemReinstated({})] : []);
