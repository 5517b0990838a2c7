/** The price of one item in one list, with a stream of its own: every change of price is a fact. */
import { z } from 'zod';
import type { DecisionContext } from '../../kernel/command.ts';
import { type Decision, decider, invalid, type Refusal, refuse } from '../../kernel/decider.ts';
import { Decimal } from '../../kernel/decimal.ts';
import { type DataOf, type EventOf, event } from '../../kernel/event.ts';
import { Currency } from '../../kernel/money.ts';
import { Quantity } from '../../kernel/quantity.ts';
import { type Fault, refusedFor, unless } from '../faults.ts';

const place = { priceListId: z.string(), itemId: z.string(), from: z.iso.date() };

/** From a quantity on, another unit price holds. */
const Break = z.strictObject({ quantity: Quantity, unitPrice: Decimal });

/**
 * The price from a day on, until the next day that says another. With `until` it holds for a while, and the price before it
 * counts again afterwards. Breaks stand in order of their quantity; `discount` is a percentage off price and breaks.
 */
export const PriceSet = event('PriceSet', {
  ...place,
  until: z.iso.date().optional(),
  currency: Currency,
  unitPrice: Decimal,
  breaks: z.array(Break),
  discount: Decimal.optional(),
  minQuantity: Quantity.optional(),
  orderMultiple: Quantity.optional(),
  /** Unit of measure the price is per: that of the item on the day it was said. */
  uom: z.string().optional(),
});
/** From this day on the list has no price for the item. */
export const PriceWithdrawn = event('PriceWithdrawn', place);

const events = [PriceSet, PriceWithdrawn] as const;
export type PriceFact = EventOf<(typeof events)[number]>;

/** The newest fact, by which a repetition is known. */
export interface Price {
  readonly last: DataOf<typeof PriceSet> | DataOf<typeof PriceWithdrawn>;
}

export const Price = decider({
  category: 'price',
  stateVersion: 2,
  events,
  initial: (): Price | undefined => undefined,
  evolve: {
    PriceSet: (_, last): Price => ({ last }),
    PriceWithdrawn: (_, last): Price => ({ last }),
  },
});

/** Id of the price of an item in a list. */
export const priceId = ({ id, itemId }: { readonly id: string; readonly itemId: string }): string => `${id}~${itemId}`;

export interface KnownList {
  readonly currency: string;
  readonly archived: boolean;
}

export interface PriceKnowledge {
  /** Null where there is no such list. */
  readonly list: KnownList | null;
  /** Unit of measure of the item; undefined where there is no such item. */
  readonly itemUom: string | undefined;
}

interface Place {
  readonly id: string;
  readonly itemId: string;
  readonly from?: string | undefined;
}
/** What is said of one price. */
export type Said = Omit<DataOf<typeof PriceSet>, 'priceListId' | 'from' | 'currency'>;
type Wish = Place & Said;

/** A day to come is admitted: the price then changes by itself. */
export function setPrice(price: Price | undefined, wish: Wish, { facts, today }: DecisionContext<PriceKnowledge>): Decision<PriceFact> {
  const from = wish.from ?? today;
  const stop = faultOf(wish, from, facts);
  if (stop) return stop;
  const { id: priceListId, ...said } = sorted(wish);
  return unlessSame(price, PriceSet({ ...said, priceListId, from, currency: facts.list?.currency as string, uom: facts.itemUom }));
}

/** With its breaks in order of their quantity. */
export const sorted = <Line extends Pick<Said, 'breaks'>>(price: Line): Line => ({
  ...price,
  breaks: price.breaks.toSorted((a, b) => a.quantity - b.quantity),
});

const unlessSame = (price: Price | undefined, set: EventOf<typeof PriceSet>): Decision<PriceFact> =>
  JSON.stringify(price?.last) === JSON.stringify(set.data) ? [] : [set];

type Taken = Said & Pick<DataOf<typeof PriceSet>, 'from' | 'currency'> & { readonly id: string };

/** Of a sheet, where all about it was checked. */
export const take = (price: Price | undefined, { id: priceListId, ...said }: Taken): Decision<PriceFact> =>
  unlessSame(price, PriceSet({ ...said, priceListId }));

function faultOf(wish: Wish, from: string, { list, itemUom }: PriceKnowledge): Refusal | undefined {
  if (itemUom === undefined) return invalid([{ pointer: '/itemId', detail: 'There is no such item.' }]);
  return listFault(list) ?? refusedFor(faultsOfPrice(wish, from, itemUom, ''));
}

export function listFault(list: KnownList | null): Refusal | undefined {
  if (list === null) return refuse('NotFound', 'There is no such price list.');
  return list.archived ? refuse('DocumentLocked', 'This price list is archived.') : undefined;
}

/** `at` points to the price within what was sent. */
export const faultsOfPrice = ({ breaks, until, uom, minQuantity }: Said, from: string, itemUom: string, at: string): readonly Fault[] => [
  ...unless(
    new Set(breaks.map(({ quantity }) => quantity)).size === breaks.length,
    `${at}/breaks`,
    'Each break needs a quantity of its own.',
  ),
  ...unless(
    breaks.every(({ quantity }) => quantity > (minQuantity ?? 0)),
    `${at}/breaks`,
    'A break up to the least quantity never counts.',
  ),
  ...unless(until === undefined || until >= from, `${at}/until`, 'It cannot end before it begins.'),
  ...unless(uom === undefined || uom === itemUom, `${at}/uom`, `The item is sold by ${itemUom}.`),
];

export function withdraw({ last }: Price, { id, itemId, from: wished }: Place, { today }: DecisionContext<unknown>): Decision<PriceFact> {
  const from = wished ?? today;
  const already = !('unitPrice' in last) && last.from === from;
  return already ? [] : [PriceWithdrawn({ priceListId: id, itemId, from })];
}
