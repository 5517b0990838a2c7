/** A price list names prices in one currency; one list of each currency is the default for whoever has none of their own. */
import { z } from 'zod';
import type { DecisionContext } from '../../kernel/command.ts';
import { type Decision, decider, invalid, notFound, type Refusal, refuse } from '../../kernel/decider.ts';
import { Decimal } from '../../kernel/decimal.ts';
import { type EventOf, event } from '../../kernel/event.ts';
import { Currency } from '../../kernel/money.ts';
import { unless } from '../faults.ts';
import { type Edit, edited } from '../records.ts';
import { type PriceChange, PriceRounding } from './price-change.ts';

/** What of a list may be edited; its currency stays, since its prices are in it. */
export const PriceListCard = z.strictObject({
  name: z.string(),
  isDefault: z.boolean(),
  /** Holds for everybody while it runs, unless a price was agreed with them. */
  isPromotion: z.boolean().optional(),
  /** First and last day on which its prices hold; open where none is stated. */
  validFrom: z.iso.date().optional(),
  validUntil: z.iso.date().optional(),
});
export type PriceListCard = z.output<typeof PriceListCard>;

/** The list this one is a copy of: its prices of that day, changed by a percentage and rounded; `prices` is how many there are. */
const Origin = z.strictObject({
  priceListId: z.string(),
  on: z.iso.date(),
  changePercent: Decimal,
  rounding: PriceRounding,
  prices: z.int(),
});
export type Origin = z.output<typeof Origin>;

export const PriceListCreated = event('PriceListCreated', { ...PriceListCard.shape, currency: Currency, origin: Origin.optional() });
export const PriceListEdited = event('PriceListEdited', { ...PriceListCard.shape, changed: z.array(z.string()) });
/** Its prices hold no longer. */
export const PriceListArchived = event('PriceListArchived', {});

const events = [PriceListCreated, PriceListEdited, PriceListArchived] as const;
export type PriceListFact = EventOf<(typeof events)[number]>;

export interface PriceList {
  readonly card: PriceListCard;
  readonly currency: Currency;
  readonly archived: boolean;
}

export const PriceList = decider({
  category: 'priceList',
  stateVersion: 2,
  events,
  initial: (): PriceList | undefined => undefined,
  evolve: {
    PriceListCreated: (_, { currency, origin: _origin, ...card }): PriceList => ({ card, currency, archived: false }),
    PriceListEdited: (list, { changed: _, ...card }) => list && { ...list, card },
    PriceListArchived: list => list && { ...list, archived: true },
  },
});

export type CurrencyOf = Pick<PriceList, 'currency'>;

/** The default list of the currency as the views know it; two that are made at once are told apart by a claim. */
export interface DefaultKnowledge {
  readonly defaultListId: string | undefined;
}

function conflict(
  { isDefault }: PriceListCard,
  currency: string,
  { facts, entityId }: DecisionContext<DefaultKnowledge>,
): Refusal | undefined {
  const existingId = facts.defaultListId;
  if (!isDefault || existingId === undefined || existingId === entityId) return undefined;
  return refuse('DefaultListConflict', `There is a default price list in ${currency} already.`, { existingId });
}

function contradiction({ isDefault, isPromotion, validFrom, validUntil }: PriceListCard): Refusal | undefined {
  const faults = [
    ...unless(!(isDefault && isPromotion), '/isPromotion', 'A promotion cannot be the default list as well.'),
    ...unless(!(isDefault && (validFrom ?? validUntil)), '/validFrom', 'The default list holds on every day.'),
    ...unless(!validFrom || !validUntil || validFrom <= validUntil, '/validUntil', 'It cannot end before it begins.'),
  ];
  return faults.length > 0 ? invalid(faults) : undefined;
}

export const create = (wish: PriceListCard & CurrencyOf, context: DecisionContext<DefaultKnowledge>): Decision<PriceListFact> =>
  contradiction(wish) ?? conflict(wish, wish.currency, context) ?? [PriceListCreated(wish)];

interface Cloning extends PriceChange {
  readonly id: string;
  readonly name: string;
  readonly on?: string | undefined;
}

/** Currency and number of prices of the list to copy; null where there is none. */
export interface CloneKnowledge {
  readonly origin: { readonly currency: Currency; readonly prices: number } | null;
}

/** Its prices follow, sheet by sheet; until then it names none, and no level of the hierarchy leads to it. */
export function clone(
  { id: priceListId, name, on, ...change }: Cloning,
  { facts, today }: DecisionContext<CloneKnowledge>,
): Decision<PriceListFact> {
  if (facts.origin === null) return notFound('price list', priceListId);
  const { currency, prices } = facts.origin;
  return [PriceListCreated({ name, isDefault: false, currency, origin: { priceListId, on: on ?? today, ...change, prices } })];
}

const archived: Refusal = refuse('DocumentLocked', 'This price list is archived.');

export function edit(list: PriceList, wish: Edit<PriceListCard>, context: DecisionContext<DefaultKnowledge>): Decision<PriceListFact> {
  const { card, changed } = edited(PriceListCard, list.card, wish);
  if (changed.length === 0) return [];
  if (list.archived) return archived;
  return contradiction(card) ?? conflict(card, list.currency, context) ?? [PriceListEdited({ ...card, changed })];
}

export const archive = (list: PriceList): Decision<PriceListFact> => (list.archived ? [] : [PriceListArchived({})]);
