/** What is taken back of an issued invoice. The invoice decides it, so that never more is credited than was invoiced; the credit note states it. */
import { z } from 'zod';
import { type Decision, invalid, invalidTransition, notFound, type Refusal, refuse } from '../../kernel/decider.ts';
import { type DataOf, type EventOf, event } from '../../kernel/event.ts';
import { Currency, Money, money, subtract, sum } from '../../kernel/money.ts';
import { NOTHING, type Quantity, quantityText, quantity as thousandths } from '../../kernel/quantity.ts';
import { DocumentLine, payableOf, reckoningOf, Totals } from '../document.ts';
import { type Document, reckonedPart } from '../reckoning.ts';
import { Exchange, exchanged, rateOf } from './exchange.ts';

/** From here on these quantities cannot be credited again; the number of the credit note comes next. */
export const CreditNoteRequested = event('CreditNoteRequested', {
  creditNoteId: z.string(),
  returnId: z.string().optional(),
  accountId: z.string(),
  orderId: z.string().optional(),
  invoiceNumber: z.string(),
  reason: z.string(),
  /** Series its number is taken from. */
  series: z.string(),
  currency: Currency,
  lines: z.array(DocumentLine),
  totals: Totals,
  /** How the invoice was converted to the currency of the books; its credit is converted alike. */
  exchange: Exchange.optional(),
  /** What of it is set against this invoice; the rest is the client's credit. */
  applied: Money,
  open: Money,
  /** All of an invoice that nobody has paid is taken back: it is cancelled. */
  cancels: z.boolean(),
});
/** No credit note came of it. */
export const CreditNoteRequestWithdrawn = event('CreditNoteRequestWithdrawn', { creditNoteId: z.string(), open: Money });

type Fact = EventOf<typeof CreditNoteRequested | typeof CreditNoteRequestWithdrawn>;

/** What one credit note takes back: by line how much, and what that came to in the terms of the invoice's prices. */
export interface Credited {
  readonly lines: readonly { readonly line: number; readonly quantity: Quantity; readonly due: number; readonly off: number }[];
  /** Minor units. */
  readonly payable: number;
  readonly applied: number;
  readonly cancels: boolean;
}

/** What crediting asks of an invoice. */
export interface Creditable {
  readonly status: string;
  readonly accountId: string;
  readonly orderId?: string | undefined;
  /** Once it is issued. */
  readonly number?: string | undefined;
  readonly lines: readonly DocumentLine[];
  readonly totals?: Totals | undefined;
  readonly exchange?: Exchange | undefined;
  readonly open?: Money | undefined;
  readonly applied: Readonly<Record<string, number>>;
  /** By credit note. */
  readonly credited: Readonly<Record<string, Credited>>;
}

export const creditedBy = ({ lines, totals, applied, cancels }: DataOf<typeof CreditNoteRequested>): Credited => ({
  lines: lines.map(({ line, quantity, net, allowance, gross }) => {
    const whole = gross ?? { amount: net, allowance };
    const off = whole.allowance?.minor ?? 0;
    return { line, quantity, due: whole.amount.minor - off, off };
  }),
  payable: payableOf(totals).minor,
  applied: applied.minor,
  cancels,
});

export interface CreditWish {
  readonly id: string;
  readonly creditNoteId: string;
  readonly returnId?: string | undefined;
  readonly reason: string;
  readonly series: string;
  /** All that is left of the invoice when absent. */
  readonly lines?: readonly { readonly line: number; readonly quantity: Quantity }[] | undefined;
  /** Kept as the client's credit instead of being set against the invoice. */
  readonly keep?: boolean | undefined;
}

export function credit(invoice: Creditable, wish: CreditWish): Decision<Fact> {
  if (invoice.status === 'none') return notFound('invoice', wish.id);
  if (Object.hasOwn(invoice.credited, wish.creditNoteId)) return [];
  return requested(invoice, wish, false);
}

/** Takes back an issued invoice that nobody has paid, by a credit note of all of it. */
export function reverse(invoice: Creditable, wish: CreditWish): Decision<Fact> {
  if (invoice.status === 'none') return notFound('invoice', wish.id);
  if (Object.values(invoice.credited).some(({ cancels }) => cancels)) return [];
  if (Object.keys(invoice.applied).length > 0 || Object.keys(invoice.credited).length > 0)
    return refuse('InvoiceSettled', 'Something is set against this invoice already; take that back first, or credit what is left of it.');
  return requested(invoice, wish, true);
}

function requested(
  invoice: Creditable,
  { creditNoteId, returnId, reason, series, keep, ...wish }: CreditWish,
  cancels: boolean,
): Decision<Fact> {
  const { status, accountId, orderId, number, totals, open, exchange } = invoice;
  if (status !== 'issued' || totals === undefined || open === undefined || number === undefined)
    return invalidTransition('Only an issued invoice is credited; a draft is cancelled.', ['IssueInvoice', 'CancelInvoice']);
  const lines = wish.lines ?? leftOf(invoice);
  const fault = faultOf(invoice, lines);
  if (fault !== undefined) return fault;
  const document = documentOf(invoice, totals, lines);
  const applied = keep ? 0 : Math.min(open.minor, payableOf(document.totals).minor);
  return [
    CreditNoteRequested({
      creditNoteId,
      returnId,
      accountId,
      orderId,
      invoiceNumber: number,
      reason,
      series,
      currency: open.currency,
      ...document,
      exchange: exchange && exchanged(document.totals, rateOf(exchange)),
      applied: money(applied, open.currency),
      open: money(open.minor - applied, open.currency),
      cancels,
    }),
  ];
}

type Wished = NonNullable<CreditWish['lines']>;

function faultOf(invoice: Creditable, lines: Wished): Refusal | undefined {
  if (lines.length === 0) return refuse('CreditExceedsInvoice', 'All of this invoice is credited already.');
  if (new Set(lines.map(({ line }) => line)).size < lines.length)
    return invalid([{ pointer: '/lines', detail: 'Each line may be named once.' }]);
  const tooMuch = lines.find(({ line, quantity }) => quantity > left(invoice, line));
  if (tooMuch === undefined) return undefined;
  const { line } = tooMuch;
  return refuse('CreditExceedsInvoice', `${quantityText(left(invoice, line))} of line ${line} can still be credited.`, {
    line,
    left: quantityText(left(invoice, line)),
  });
}

const partsOf = ({ credited }: Creditable, number: number) =>
  Object.values(credited).flatMap(({ lines }) => lines.filter(({ line }) => line === number));

const before = (invoice: Creditable, line: number): number => partsOf(invoice, line).reduce((all, { quantity }) => all + quantity, 0);

const left = (invoice: Creditable, number: number): Quantity => {
  const invoiced = invoice.lines.find(({ line }) => line === number)?.quantity ?? NOTHING;
  return thousandths(invoiced - before(invoice, number));
};

const leftOf = (invoice: Creditable): Wished =>
  invoice.lines.map(({ line }) => ({ line, quantity: left(invoice, line) })).filter(({ quantity }) => quantity > 0);

/** Parts of the invoice's lines; that which takes the last of it makes up the whole to the cent, by its rounding (BT-114). */
function documentOf(invoice: Creditable, totals: Totals, lines: Wished): Document {
  const { currency } = totals.gross;
  const parts = lines.map(({ line, quantity }) => {
    const taken = partsOf(invoice, line);
    const added = (member: 'due' | 'off') =>
      money(
        taken.reduce((all, part) => all + part[member], 0),
        currency,
      );
    return { line, quantity, before: thousandths(before(invoice, line)), taken: { due: added('due'), off: added('off') } };
  });
  const document = reckonedPart(invoice.lines, parts, currency, reckoningOf(totals));
  const isLast = leftOf(invoice).every(({ line, quantity }) => lines.some(part => part.line === line && part.quantity === quantity));
  if (!isLast) return document;
  const earlier = sum(
    Object.values(invoice.credited).map(({ payable }) => money(payable, currency)),
    currency,
  );
  const { rounding: _, ...rest } = document.totals;
  const rounding = subtract(subtract(payableOf(totals), earlier), document.totals.gross);
  return { lines: document.lines, totals: { ...rest, ...(rounding.minor === 0 ? {} : { rounding }) } };
}

/** Gives back what was taken for a credit note that was not issued, or is void. */
export function withdrawCredit({ credited, open }: Creditable, { creditNoteId }: { readonly creditNoteId: string }): Decision<Fact> {
  const taken = credited[creditNoteId];
  if (taken === undefined || open === undefined) return [];
  return [CreditNoteRequestWithdrawn({ creditNoteId, open: money(open.minor + taken.applied, open.currency) })];
}
