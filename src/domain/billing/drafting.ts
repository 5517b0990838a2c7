/** Drafting an invoice by hand, for what was not ordered here. */
import type { DecisionContext } from '../../kernel/command.ts';
import { type Decision, invalid, type Refusal, refuse } from '../../kernel/decider.ts';
import type { Decimal } from '../../kernel/decimal.ts';
import type { EventOf } from '../../kernel/event.ts';
import type { Currency } from '../../kernel/money.ts';
import type { Quantity } from '../../kernel/quantity.ts';
import { type DocumentLine, isTooLarge } from '../document.ts';
import { type Fault, refusedFor, unless } from '../faults.ts';
import type { InvoicingTerms } from '../invoicing.ts';
import { type BareLine, type Discount, reckoned, worthOf } from '../reckoning.ts';
import { InvoiceDrafted } from './invoice.ts';

export interface HandLine {
  readonly itemId: string;
  readonly quantity: Quantity;
  readonly unitPrice: Decimal;
  /** Percentage. */
  readonly discount: Decimal;
}

export interface Wish {
  readonly accountId: string;
  readonly currency?: Currency | undefined;
  readonly paymentTermDays?: number | undefined;
  readonly termEndOfMonth?: boolean | undefined;
  readonly pricesIncludeTax?: boolean | undefined;
  readonly reference?: string | undefined;
  /** Taken off the whole document. */
  readonly discount?: Discount | undefined;
  readonly lines: readonly HandLine[];
}

/** What must be known of other contexts; null where there is no such account, items by id. */
export interface DraftingFacts {
  readonly account: { readonly id: string; readonly currency: Currency; readonly paymentTermDays: number } | null;
  readonly invoicing: InvoicingTerms;
  readonly items: ReadonlyMap<string, Pick<DocumentLine, 'sku' | 'uom' | 'stocked' | 'taxPercent'> & { readonly name: string }>;
}

export function draftByHand(
  { discount, pricesIncludeTax, ...wish }: Wish,
  { facts }: DecisionContext<DraftingFacts>,
): Decision<EventOf<typeof InvoiceDrafted>> {
  const { account } = facts;
  const faults = faultsOf(wish, facts);
  if (account === null || faults.length > 0) return invalid(faults);
  const currency = wish.currency ?? account.currency;
  const paymentTermDays = wish.paymentTermDays ?? account.paymentTermDays;
  const unpriceable = wish.lines.findIndex(line => isTooLarge(line, currency));
  if (unpriceable >= 0) return refuse('AmountTooLarge', `Line ${unpriceable + 1} is worth more than a document can sum up.`);
  const lines = wish.lines.map((line, index) => lineOf(line, index, facts));
  const { reckoning, ...usual } = facts.invoicing;
  const termEndOfMonth = wish.termEndOfMonth ?? usual.termEndOfMonth;
  const how = { ...reckoning, pricesIncludeTax: pricesIncludeTax ?? reckoning.pricesIncludeTax };
  return (
    unfit(discount, lines, currency) ?? [
      InvoiceDrafted({
        ...wish,
        accountId: account.id,
        currency,
        paymentTermDays,
        termEndOfMonth,
        ...reckoned(lines, currency, how, discount),
      }),
    ]
  );
}

/** Why so much cannot be taken off these lines. */
function unfit(discount: Discount | undefined, lines: readonly BareLine[], currency: Currency): Refusal | undefined {
  if (discount === undefined || 'percent' in discount) return undefined;
  const { amount } = discount;
  if (amount.currency !== currency) return refuse('CurrencyMismatch', `The invoice is in ${currency}, the discount in ${amount.currency}.`);
  return refusedFor(
    unless(
      amount.minor >= 0 && amount.minor <= worthOf(lines, currency).minor,
      '/discount/amount',
      'A discount is at most what the lines come to.',
    ),
  );
}

const faultsOf = ({ accountId, lines }: Wish, { account, items }: DraftingFacts): readonly Fault[] => [
  ...unless(account !== null, '/accountId', `There is no account ${accountId}.`),
  ...lines.flatMap(({ itemId }, index) => unless(items.has(itemId), `/lines/${index}/itemId`, `There is no item ${itemId}.`)),
];

function lineOf(wish: HandLine, index: number, { items }: DraftingFacts): BareLine {
  const item = items.get(wish.itemId);
  if (item === undefined) throw new Error(`The item ${wish.itemId} was found before`);
  const { sku, name: description, uom, stocked, taxPercent } = item;
  const price = { level: 0, source: 'hand', reason: 'Invoiced by hand' } as const;
  return { ...wish, line: index + 1, sku, description, uom, stocked, taxPercent, price };
}
