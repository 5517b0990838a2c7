/** Many prices of one list said at once, all of them or none; each is then taken over where the price of its item has its stream. */
import { z } from 'zod';
import type { DecisionContext } from '../../kernel/command.ts';
import { type Decision, decider, invalid, type Refusal } from '../../kernel/decider.ts';
import { type DataOf, type EventOf, event } from '../../kernel/event.ts';
import { Currency } from '../../kernel/money.ts';
import { type Fault, unless } from '../faults.ts';
import { faultsOfPrice, type KnownList, listFault, PriceSet, type Said, sorted } from './price.ts';
import { changedPrice, type PriceChange } from './price-change.ts';

export const Entered = PriceSet.schema.omit({ priceListId: true, from: true, currency: true });
export type Entered = z.output<typeof Entered>;

/** `copy`: how far the copying of another list has come with this sheet, by the id of its last item. */
export const PricesEntered = event('PricesEntered', {
  priceListId: z.string(),
  currency: Currency,
  from: z.iso.date(),
  prices: z.array(Entered),
  copy: z.strictObject({ step: z.int(), after: z.string(), last: z.boolean() }).optional(),
});

const events = [PricesEntered] as const;
type Fact = EventOf<(typeof events)[number]>;
export type PricesEntered = DataOf<typeof PricesEntered>;

export const PriceSheet = decider({
  category: 'priceSheet',
  stateVersion: 1,
  events,
  initial: (): object | undefined => undefined,
  evolve: { PricesEntered: () => ({}) },
});

interface SheetKnowledge {
  readonly list: KnownList | null;
  /** Unit of measure by item; unknown items are left out. */
  readonly uoms: ReadonlyMap<string, string>;
}

interface Sheet {
  readonly id: string;
  readonly from?: string | undefined;
  readonly prices: readonly Said[];
}

export function enter({ id: priceListId, from: wished, prices }: Sheet, { facts, today }: DecisionContext<SheetKnowledge>): Decision<Fact> {
  const { list, uoms } = facts;
  const stop = listFault(list);
  if (list === null || stop) return stop as Refusal;
  const from = wished ?? today;
  const faults = prices.flatMap((price, index) => faultsOf(price, index, from, prices, uoms));
  if (faults.length > 0) return invalid(faults);
  const entered = prices.map(price => ({ ...sorted(price), uom: uoms.get(price.itemId) }));
  return [PricesEntered({ priceListId, currency: list.currency, from, prices: entered })];
}

function faultsOf(price: Said, index: number, from: string, all: readonly Said[], uoms: SheetKnowledge['uoms']): readonly Fault[] {
  const at = `/prices/${index}`;
  const uom = uoms.get(price.itemId);
  const first = all.findIndex(({ itemId }) => itemId === price.itemId);
  return [
    ...unless(first === index, `${at}/itemId`, 'Each item may be named once.'),
    ...(uom === undefined ? unless(false, `${at}/itemId`, 'There is no such item.') : faultsOfPrice(price, from, uom, at)),
  ];
}

interface Copying extends PriceChange {
  readonly priceListId: string;
  readonly currency: string;
  readonly from: string;
  readonly step: number;
  readonly after: string;
}

export interface Origin {
  /** The next prices of the list that is copied, by the ids of their items. */
  readonly prices: readonly Entered[];
  /** Whether there are none after these. */
  readonly last: boolean;
}

export function copy({ priceListId, currency, from, step, after, ...change }: Copying, { facts }: DecisionContext<Origin>): Decision<Fact> {
  const anew = (price: DataOf<typeof PriceSet>['unitPrice']) => changedPrice(price, change, currency);
  const prices = facts.prices.map(price => ({
    ...price,
    unitPrice: anew(price.unitPrice),
    breaks: price.breaks.map(step => ({ ...step, unitPrice: anew(step.unitPrice) })),
  }));
  const reached = { step, after: prices.at(-1)?.itemId ?? after, last: facts.last };
  return [PricesEntered({ priceListId, currency, from, prices, copy: reached })];
}
