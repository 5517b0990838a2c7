/** Price lists agreed with a client for some days: on no day there are two, so no item has two prices of the client's own. */
import { z } from 'zod';
import type { DecisionContext } from '../../kernel/command.ts';
import { type Decision, invalid, type Refusal, refuse } from '../../kernel/decider.ts';
import { type DataOf, event } from '../../kernel/event.ts';
import type { Account, AccountCard, AccountFact } from './account.ts';

const agreement = { priceListId: z.string(), from: z.iso.date(), until: z.iso.date().optional() };
/** A price list of their own for some days, in place of the one on the card. */
export const AccountPriceListAgreed = event('AccountPriceListAgreed', agreement);
/** The list agreed from that day on has another last day; one before its first day means that it never held. */
export const AccountPriceListEnded = event('AccountPriceListEnded', { ...agreement, until: z.iso.date() });

/** `until` is the last day; open where none is stated. */
export type Agreement = DataOf<typeof AccountPriceListAgreed>;
type End = DataOf<typeof AccountPriceListEnded>;

const ALWAYS = '9999-12-31';
const lastDay = ({ until }: Agreement): string => until ?? ALWAYS;
const meet = (a: Agreement, b: Agreement): boolean => a.from <= lastDay(b) && b.from <= lastDay(a);
const isSame = (a: Agreement, b: Agreement): boolean => a.priceListId === b.priceListId && a.from === b.from;

/** One that ends before it began never held, and is forgotten. */
export const ended = (agreements: readonly Agreement[], { until, ...end }: End): readonly Agreement[] =>
  agreements.flatMap(agreed => (isSame(agreed, end) ? (until < agreed.from ? [] : [{ ...agreed, until }]) : [agreed]));

const overlap = ({ priceListId, from, until }: Partial<Agreement>): Refusal =>
  refuse(
    'PriceOverlap',
    from === undefined
      ? 'The account has a price list of its own on every day; a list for some days takes its place once that is taken off the account.'
      : `Another price list is agreed from ${from} ${until === undefined ? 'on' : `until ${until}`}; two on one day could name two prices.`,
    { priceListId, from: from ?? null, until: until ?? null },
  );

/** A list on the card holds on every day, so it leaves no day to one that is agreed for some, unless those are past. */
export function overlapWithCard({ priceListId }: AccountCard, agreements: readonly Agreement[], today: string): Refusal | undefined {
  const open = agreements.find(agreed => lastDay(agreed) >= today);
  return priceListId !== undefined && open ? overlap(open) : undefined;
}

/** More than these are no agreement with one client. */
const AGREEMENTS_MAX = 200;

export interface ListKnowledge {
  readonly priceListKnown: boolean;
}

export function agreePriceList(
  { card, agreements }: Account,
  wish: Agreement,
  { facts }: DecisionContext<ListKnowledge>,
): Decision<AccountFact> {
  if (agreements.some(agreed => isSame(agreed, wish) && agreed.until === wish.until)) return [];
  if (!facts.priceListKnown) return invalid([{ pointer: '/priceListId', detail: 'There is no such price list.' }]);
  if (lastDay(wish) < wish.from) return invalid([{ pointer: '/until', detail: 'It cannot end before it begins.' }]);
  if (card.priceListId !== undefined) return overlap({ priceListId: card.priceListId });
  const other = agreements.find(agreed => meet(agreed, wish));
  if (other) return overlap(other);
  if (agreements.length >= AGREEMENTS_MAX)
    return refuse('TooManyPriceLists', `An account has ${AGREEMENTS_MAX} price lists for some days at most.`);
  return [AccountPriceListAgreed(wish)];
}

/** A later end must not run into what was agreed for the days after it. */
export function endPriceList({ agreements }: Account, wish: End): Decision<AccountFact> {
  const agreed = agreements.find(entry => isSame(entry, wish));
  if (agreed === undefined || agreed.until === wish.until) return [];
  const other = agreements.find(entry => entry !== agreed && meet(entry, wish));
  return other && wish.until >= wish.from ? overlap(other) : [AccountPriceListEnded(wish)];
}
