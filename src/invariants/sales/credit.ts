/** What an account owes and has on order is what its orders and invoices come to, worked out anew. */
import { CreditNoteRequested, CreditNoteRequestWithdrawn } from '../../domain/billing/crediting.ts';
import { CreditApplied, CreditUnapplied, InvoiceIssued, PaymentApplied, PaymentUnapplied } from '../../domain/billing/invoice.ts';
import { payableOf } from '../../domain/document.ts';
import { CreditReleased, CreditReserved, ReceivableChanged, ReceivableOpened } from '../../domain/sales/credit.ts';
import { invariant } from '../../kernel/invariant.ts';
import type { Money } from '../../kernel/money.ts';
import { type Amounts, sumOf } from '../warehouse/stock.ts';

interface Exposure {
  /** Minor units by currency and order, or by currency and invoice. */
  readonly parts: Amounts;
  /** What the last event says, and in which currency. */
  readonly told: { readonly currency: string; readonly minor: number } | null;
}

const set = (parts: Amounts, key: string, minor: number): Amounts => {
  const { [key]: _, ...others } = parts;
  return minor > 0 ? { ...others, [key]: minor } : others;
};
const keyOf = (currency: string, id: string): string => `${currency} ${id}`;

const order = ({ parts }: Exposure, id: string, { minor, currency }: Money, sign: 1 | -1, told: Money): Exposure => {
  const key = keyOf(currency, `order ${id}`);
  return { parts: set(parts, key, Math.max(0, (parts[key] ?? 0) + sign * minor)), told };
};
const invoice = ({ parts }: Exposure, id: string, { minor, currency }: Money, told: Money): Exposure => ({
  parts: set(parts, keyOf(currency, `invoice ${id}`), minor),
  told,
});

export const creditExposure = invariant({
  name: 'credit-exposure',
  promise: 'What an account owes and has on order is the sum of its parts.',
  events: [CreditReserved, CreditReleased, ReceivableOpened, ReceivableChanged],
  initial: (): Exposure => ({ parts: {}, told: null }),
  on: {
    CreditReserved: (state, { orderId, amount, exposure }) => order(state, orderId, amount, 1, exposure),
    CreditReleased: (state, { orderId, amount, exposure }) => order(state, orderId, amount, -1, exposure),
    ReceivableOpened: (state, { invoiceId, orderId, amount, exposure }) => {
      const opened = invoice(state, invoiceId, amount, exposure);
      return orderId === undefined ? opened : order(opened, orderId, amount, -1, exposure);
    },
    ReceivableChanged: (state, { invoiceId, open, exposure }) => invoice(state, invoiceId, open, exposure),
  },
  *always({ parts, told }) {
    if (told === null) return;
    const own = Object.entries(parts).filter(([key]) => key.startsWith(`${told.currency} `));
    const sum = sumOf(own.map(([, minor]) => minor));
    if (sum !== told.minor) yield `it says ${told.minor} ${told.currency}, and its parts are ${sum}`;
  },
});

interface Receivable {
  /** Minor units; null for what is not known. */
  readonly open: number | null;
  readonly counted: number | null;
}

const ofInvoice = ({ invoiceId }: { readonly invoiceId: string }): readonly string[] => [invoiceId];

export const creditReceivables = invariant({
  name: 'credit-receivables',
  promise: 'An invoice takes up as much credit of its account as is open of it.',
  events: [
    InvoiceIssued,
    PaymentApplied,
    PaymentUnapplied,
    CreditApplied,
    CreditUnapplied,
    CreditNoteRequested,
    CreditNoteRequestWithdrawn,
    ReceivableOpened,
    ReceivableChanged,
  ],
  keys: { ReceivableOpened: ofInvoice, ReceivableChanged: ofInvoice },
  initial: (): Receivable => ({ open: null, counted: null }),
  on: {
    InvoiceIssued: (state, { totals }) => ({ ...state, open: payableOf(totals).minor }),
    PaymentApplied: (state, { open }) => ({ ...state, open: open.minor }),
    PaymentUnapplied: (state, { open }) => ({ ...state, open: open.minor }),
    CreditApplied: (state, { open }) => ({ ...state, open: open.minor }),
    CreditUnapplied: (state, { open }) => ({ ...state, open: open.minor }),
    CreditNoteRequested: (state, { open }) => ({ ...state, open: open.minor }),
    CreditNoteRequestWithdrawn: (state, { open }) => ({ ...state, open: open.minor }),
    ReceivableOpened: (state, { amount }) => ({ ...state, counted: amount.minor }),
    ReceivableChanged: (state, { open }) => ({ ...state, counted: open.minor }),
  },
  // Invoices that were issued before there was credit are not counted at all.
  *atRest({ open, counted }) {
    if (counted !== null && counted !== open) yield `${open} is open, and ${counted} of its credit is taken`;
  },
});
