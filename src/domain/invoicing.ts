/** When orders are invoiced, and when invoices are due: said by the company, by an account, or for one order. */
import { z } from 'zod';
import { type Refusal, refuse } from '../kernel/decider.ts';
import type { Reckoning } from './document.ts';

/** By hand, or by itself: the whole order when it is accepted, or each delivery when it is shipped. */
export const InvoiceMode = z.enum(['manual', 'atAcceptance', 'atShipping']);
export type InvoiceMode = z.output<typeof InvoiceMode>;

/** How one account is invoiced, and how the totals of its documents are worked out. */
export interface InvoicingTerms {
  readonly invoiceMode: InvoiceMode;
  readonly termEndOfMonth: boolean;
  readonly reckoning: Reckoning;
}

/** Two ways of invoicing by itself would invoice a client twice: an order may only fall back to invoicing by hand. */
export function modeOf(wanted: InvoiceMode | undefined, usual: InvoiceMode): InvoiceMode | Refusal {
  if (wanted === undefined || wanted === usual || wanted === 'manual' || usual === 'manual') return wanted ?? usual;
  return refuse('InvoiceModeConflict', `This client is invoiced ${usual}; an order of theirs invoiced ${wanted} could be invoiced twice.`, {
    invoiceMode: usual,
  });
}

export interface PaymentTerm {
  readonly paymentTermDays: number;
  /** "N days end of month": the term runs on to the last day of its month. */
  readonly termEndOfMonth?: boolean | undefined;
}

/** A month of trade: terms in these are counted in whole months, so that 30 days from 31 January end in February. */
const MONTH_DAYS = 30;

/** Last day for payment. The rule for the end of the month is our own: multiples of 30 days are months, other terms days. */
export function dueDateOf(issueDate: string, { paymentTermDays, termEndOfMonth = false }: PaymentTerm): string {
  const issued = Temporal.PlainDate.from(issueDate);
  if (!termEndOfMonth) return issued.add({ days: paymentTermDays }).toString();
  const inMonths = paymentTermDays % MONTH_DAYS === 0;
  const due = issued.add(inMonths ? { months: paymentTermDays / MONTH_DAYS } : { days: paymentTermDays });
  return due.with({ day: due.daysInMonth }).toString();
}
