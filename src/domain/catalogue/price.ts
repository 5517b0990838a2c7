/** The price of one item in one list, with a stream of its own: every change of price is a fact. */
import { z } from 'zod';
import type { DecisionContext } from '../../kernel/command.ts';
import { type Decision, decider, invalid, type Refusal, refuse } from '../../kernel/decider.ts';
import { Decimal } from '../../kernel/decimal.ts';
import { type DataOf, type EventOf, event } from '../../kernel/event.ts';
import { Currency } from '../../kernel/money.ts';
import { Quantity } from '../../kernel/quantity.ts';

const place = { priceListId: z.string(), itemId: z.string(), from: z.iso.date() };

/** From a quantity on, another unit price holds. */
const Break = z.strictObject({ quantity: Quantity, unitPrice: Decimal });

/** The price from a day on, until the next day that says another. Breaks stand in order of their quantity. */
export const PriceSet = event('PriceSet', { ...place, currency: Currency, unitPrice: Decimal, breaks: z.array(Break) });
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
  stateVersion: 1,
  events,
  initial: (): Price | undefined => undefined,
  evolve: {
    PriceSet: (_, last): Price => ({ last }),
    PriceWithdrawn: (_, last): Price => ({ last }),
  },
});

/** Id of the price of an item in a list. */
export const priceId = ({ id, itemId }: { readonly id: string; readonly itemId: string }): string => `${id}~${itemId}`;

export interface PriceKnowledge {
  /** Null where there is no such list. */
  readonly list: { readonly currency: string; readonly archived: boolean } | null;
  readonly itemKnown: boolean;
}

interface Place {
  readonly id: string;
  readonly itemId: string;
  readonly from?: string | undefined;
}
type Wish = Place & Pick<DataOf<typeof PriceSet>, 'unitPrice' | 'breaks'>;

/** A day to come is admitted: the price then changes by itself. */
export function setPrice(price: Price | undefined, wish: Wish, { facts, today }: DecisionContext<PriceKnowledge>): Decision<PriceFact> {
  const stop = faultOf(wish, facts);
  if (stop) return stop;
  const breaks = wish.breaks.toSorted((a, b) => a.quantity - b.quantity);
  const currency = facts.list?.currency as string;
  const set = PriceSet({
    priceListId: wish.id,
    itemId: wish.itemId,
    from: wish.from ?? today,
    currency,
    unitPrice: wish.unitPrice,
    breaks,
  });
  return JSON.stringify(price?.last) === JSON.stringify(set.data) ? [] : [set];
}

function faultOf({ breaks }: Wish, { list, itemKnown }: PriceKnowledge): Refusal | undefined {
  if (!itemKnown) return invalid([{ pointer: '/itemId', detail: 'There is no such item.' }]);
  if (list === null) return refuse('NotFound', 'There is no such price list.');
  if (list.archived) return refuse('DocumentLocked', 'This price list is archived.');
  const quantities = new Set(breaks.map(({ quantity }) => quantity));
  if (quantities.size < breaks.length) return invalid([{ pointer: '/breaks', detail: 'Each break needs a quantity of its own.' }]);
  return undefined;
}

export function withdraw({ last }: Price, { id, itemId, from: wished }: Place, { today }: DecisionContext<unknown>): Decision<PriceFact> {
  const from = wished ?? today;
  const already = !('unitPrice' in last) && last.from === from;
  return already ? [] : [PriceWithdrawn({ priceListId: id, itemId, from })];
}
