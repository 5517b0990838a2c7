/** Drafting an invoice by hand, for what was not ordered here. */
import type { DecisionContext } from '../../kernel/command.ts';
import { type Decision, invalid, refuse } from '../../kernel/decider.ts';
import type { Decimal } from '../../kernel/decimal.ts';
import type { EventOf } from '../../kernel/event.ts';
import type { Currency } from '../../kernel/money.ts';
import type { Quantity } from '../../kernel/quantity.ts';
import { type DocumentLine, isTooLarge, priced, totalsOf } from '../document.ts';
import { type Fault, unless } from '../faults.ts';
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
  readonly reference?: string | undefined;
  readonly lines: readonly HandLine[];
}

/** What must be known of other contexts; null where there is no such account, items by id. */
export interface DraftingFacts {
  readonly account: { readonly currency: Currency; readonly paymentTermDays: number } | null;
  readonly items: ReadonlyMap<string, Pick<DocumentLine, 'sku' | 'uom' | 'stocked' | 'taxPercent'> & { readonly name: string }>;
}

export function draftByHand(wish: Wish, { facts }: DecisionContext<DraftingFacts>): Decision<EventOf<typeof InvoiceDrafted>> {
  const { account } = facts;
  const faults = faultsOf(wish, facts);
  if (account === null || faults.length > 0) return invalid(faults);
  const currency = wish.currency ?? account.currency;
  const paymentTermDays = wish.paymentTermDays ?? account.paymentTermDays;
  const unpriceable = wish.lines.findIndex(line => isTooLarge(line, currency));
  if (unpriceable >= 0) return refuse('AmountTooLarge', `Line ${unpriceable + 1} is worth more than a document can sum up.`);
  const lines = wish.lines.map((line, index) => lineOf(line, index, facts, currency));
  return [InvoiceDrafted({ ...wish, currency, paymentTermDays, lines, totals: totalsOf(lines, currency) })];
}

const faultsOf = ({ accountId, lines }: Wish, { account, items }: DraftingFacts): readonly Fault[] => [
  ...unless(account !== null, '/accountId', `There is no account ${accountId}.`),
  ...lines.flatMap(({ itemId }, index) => unless(items.has(itemId), `/lines/${index}/itemId`, `There is no item ${itemId}.`)),
];

function lineOf(wish: HandLine, index: number, { items }: DraftingFacts, currency: Currency): DocumentLine {
  const item = items.get(wish.itemId);
  if (item === undefined) throw new Error(`The item ${wish.itemId} was found before`);
  const { sku, name: description, uom, stocked, taxPercent } = item;
  const price = { level: 0, source: 'hand', reason: 'Invoiced by hand' } as const;
  return priced({ ...wish, line: index + 1, sku, description, uom, stocked, taxPercent, price }, currency);
}
