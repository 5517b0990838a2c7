/**
 * Lines and totals of a document. What was agreed is kept to the minor unit: the net, or where prices include tax the gross;
 * whatever is split of it (a discount on the whole, the lines of a rate, the deliveries of an order) has parts that make the whole.
 */
import { z } from 'zod';
import type { Decimal } from '../kernel/decimal.ts';
import {
  add,
  apportioned,
  type Currency,
  lineNet,
  type Money,
  proportion,
  subtract,
  sum,
  taxOn,
  withoutTax,
  zero,
} from '../kernel/money.ts';
import { Quantity } from '../kernel/quantity.ts';
import { type DocumentLine, type Reckoning, type Totals, totalsOf, USUAL } from './document.ts';

/** A line before anything is worked out. */
export type BareLine = Omit<DocumentLine, 'net' | 'allowance' | 'gross' | 'part'>;

/** What is taken off the whole document: a percentage, or an amount in the terms of its prices, with or without tax. */
export type Discount = { readonly percent: Decimal } | { readonly amount: Money };

export interface Document {
  readonly lines: DocumentLine[];
  readonly totals: Totals;
}

/** A line with what it comes to in the terms of its prices, and what of that is taken off for the whole document. */
type Entered = Omit<DocumentLine, 'net' | 'allowance' | 'gross'> & { readonly amount: Money; readonly off: Money };

/** All lines at their prices, before anything is taken off the whole. */
const valued = (lines: readonly BareLine[], currency: Currency): readonly Entered[] =>
  lines.map(line => ({
    ...line,
    amount: lineNet(line.quantity, line.unitPrice, line.discount, currency),
    off: zero(currency),
  }));

/** What lines come to before anything is taken off the whole. */
export const worthOf = (lines: readonly BareLine[], currency: Currency): Money =>
  sum(
    valued(lines, currency).map(({ amount }) => amount),
    currency,
  );

const reductionOf = (discount: Discount, whole: Money): Money => ('percent' in discount ? taxOn(whole, discount.percent) : discount.amount);

/** A whole document. A discount on it is no more than `worthOf` its lines. */
export function reckoned(lines: readonly BareLine[], currency: Currency, reckoning: Reckoning = USUAL, discount?: Discount): Document {
  const entered = valued(lines, currency);
  if (discount === undefined) return settled(entered, currency, reckoning);
  const shares = apportioned(
    reductionOf(discount, worthOf(lines, currency)),
    entered.map(({ amount }) => amount.minor),
  );
  return settled(
    entered.map((line, index) => ({ ...line, off: shares[index] ?? zero(currency) })),
    currency,
    reckoning,
  );
}

/** A part of a line, and what of the line came before it. */
export const Part = z.strictObject({ line: z.int(), quantity: Quantity, before: Quantity });
/** `taken`: what the parts before came to, where they were not all cut in turn; what is left of them, and what was taken off. */
export type Part = z.output<typeof Part> & { readonly taken?: { readonly due: Money; readonly off: Money } };

/**
 * A document over parts of an order's lines. A part is what its line comes to up to and with it less what it came to before, so
 * that the parts of a line, in however many documents, are the line. The tax of each document is its own (BR-CO-17).
 */
export function reckonedPart(
  ordered: readonly DocumentLine[],
  parts: readonly Part[],
  currency: Currency,
  reckoning: Reckoning = USUAL,
): Document {
  const entered = parts.flatMap(part => ordered.filter(({ line }) => line === part.line).map(line => partOf(line, part, currency)));
  return settled(entered, currency, reckoning);
}

function partOf({ net, allowance, gross, ...line }: DocumentLine, { quantity, before, taken }: Part, currency: Currency): Entered {
  const whole = gross ?? { amount: net, allowance: allowance ?? zero(currency) };
  const share = (value: Money, came: Money | undefined) =>
    subtract(proportion(value, before + quantity, line.quantity), came ?? proportion(value, before, line.quantity));
  const off = share(whole.allowance, taken?.off);
  const amount = add(share(subtract(whole.amount, whole.allowance), taken?.due), off);
  return { ...line, quantity, part: { of: line.quantity, before, allowance: whole.allowance }, amount, off };
}

function settled(entered: readonly Entered[], currency: Currency, reckoning: Reckoning): Document {
  const lines = reckoning.pricesIncludeTax ? netted(entered) : entered.map(withNet);
  return { lines, totals: totalsOf(lines, currency, reckoning) };
}

const withNet = ({ amount, off, ...line }: Entered): DocumentLine => ({
  ...line,
  net: amount,
  ...(off.minor === 0 ? {} : { allowance: off }),
});

/** Per rate the net is what the gross leaves without tax; the lines of the rate share it by what they come to. */
function netted(entered: readonly Entered[]): DocumentLine[] {
  const byRate = [...Map.groupBy(entered, ({ taxPercent }) => taxPercent)];
  const done = byRate.flatMap(([rate, some]) => nettedAt(rate, some));
  return entered.map(({ line }) => done.find(found => found.line === line) as DocumentLine);
}

function nettedAt(rate: Decimal, entered: readonly Entered[]): DocumentLine[] {
  const currency = (entered[0] as Entered).amount.currency;
  const amounts = entered.map(({ amount }) => amount);
  const offs = entered.map(({ off }) => off);
  const whole = withoutTax(sum(amounts, currency), rate);
  const due = withoutTax(subtract(sum(amounts, currency), sum(offs, currency)), rate);
  const nets = apportioned(whole, amounts.map(minorOf));
  const allowances = apportioned(subtract(whole, due), offs.map(minorOf));
  return entered.map(({ amount, off, ...line }, index) => {
    const allowance = allowances[index] as Money;
    return { ...line, net: nets[index] as Money, ...(allowance.minor === 0 ? {} : { allowance }), gross: { amount, allowance: off } };
  });
}

const minorOf = ({ minor }: Money): number => minor;
