import { chooseBillingTerms } from '../commands/billing/billing-terms.ts';
import {
  allocateCredit,
  applyCreditToInvoice,
  creditInvoice,
  creditReturn,
  lapseCreditAllocation,
  refundCredit,
  reverseInvoice,
  startCreditNote,
  unapplyCreditFromInvoice,
  voidCreditNote,
  withdrawCreditNoteIssue,
  withdrawInvoiceCredit,
} from '../commands/billing/credit-note.ts';
import { cancelInvoice, draftInvoice, draftOrderInvoice } from '../commands/billing/invoice.ts';
import {
  completeCreditNoteIssue,
  completeInvoiceIssue,
  issueInvoice,
  markInvoiceOverdue,
  takeNumber,
  withdrawInvoiceIssue,
} from '../commands/billing/issue.ts';
import {
  allocatePayment,
  applyPaymentToInvoice,
  lapsePayment,
  lapsePaymentAllocation,
  recordPayment,
  refundPayment,
  reversePayment,
  unapplyPaymentFromInvoice,
} from '../commands/billing/payment.ts';
import { answerInvoiceSending, sendInvoice } from '../commands/billing/sending.ts';
import { invoiceLetter } from '../effects/billing/invoice-letter.ts';
import { creditBalance, creditLimits, creditNoteNumbers } from '../invariants/billing/credit-notes.ts';
import { invoiceBalance, invoiceNumbers, invoiceSteps, invoiceTotals, seriesNumbers } from '../invariants/billing/invoices.ts';
import { paymentAllocations, paymentParts, paymentSteps } from '../invariants/billing/payments.ts';
import { module } from '../kernel/module.ts';
import { accountMovements } from '../projections/billing/account-movements.ts';
import { billingTerms, billingTermsOf } from '../projections/billing/billing-terms.ts';
import { creditNoteLines, creditNotes, listCreditNotes, showCreditNote } from '../projections/billing/credit-notes.ts';
import { customerRecords, customerReport } from '../projections/billing/customer-report.ts';
import { invoiceLines, invoiceOfGoods, invoices, listInvoices, openOfInvoices, showInvoice } from '../projections/billing/invoices.ts';
import { orderPaid } from '../projections/billing/order-payments.ts';
import { paymentRecords, paymentReport } from '../projections/billing/payment-report.ts';
import { listPayments, payments, showPayment } from '../projections/billing/payments.ts';
import { ageing, ageingDifference, clientCredits, openInvoices, statement } from '../projections/billing/receivables.ts';
import { revenue } from '../projections/billing/revenue.ts';
import { settlements } from '../projections/billing/settled.ts';
import { creditNote } from '../sagas/billing/credit-note.ts';
import { invoiceIssue } from '../sagas/billing/invoice-issue.ts';
import { invoiceOverdue } from '../sagas/billing/invoice-overdue.ts';
import { invoiceSending } from '../sagas/billing/invoice-sending.ts';
import { paymentHolds } from '../sagas/billing/payment-holds.ts';
import { paymentReversal } from '../sagas/billing/payment-reversal.ts';

export const billing = module({
  name: 'billing',
  commands: [
    draftInvoice,
    draftOrderInvoice,
    cancelInvoice,
    issueInvoice,
    takeNumber,
    completeInvoiceIssue,
    withdrawInvoiceIssue,
    recordPayment,
    applyPaymentToInvoice,
    unapplyPaymentFromInvoice,
    lapsePayment,
    allocatePayment,
    lapsePaymentAllocation,
    reversePayment,
    refundPayment,
    markInvoiceOverdue,
    creditInvoice,
    creditReturn,
    reverseInvoice,
    withdrawInvoiceCredit,
    startCreditNote,
    completeCreditNoteIssue,
    withdrawCreditNoteIssue,
    voidCreditNote,
    allocateCredit,
    applyCreditToInvoice,
    unapplyCreditFromInvoice,
    lapseCreditAllocation,
    refundCredit,
    sendInvoice,
    answerInvoiceSending,
    chooseBillingTerms,
  ],
  projections: [billingTerms, invoices, invoiceLines, payments, creditNotes, creditNoteLines, settlements, accountMovements],
  queries: [
    orderPaid,
    billingTermsOf,
    invoiceOfGoods,
    listInvoices,
    showInvoice,
    listPayments,
    showPayment,
    listCreditNotes,
    showCreditNote,
    openOfInvoices,
    clientCredits,
    revenue,
    ageing,
    openInvoices,
    ageingDifference,
    statement,
    customerReport,
    customerRecords,
    paymentReport,
    paymentRecords,
  ],
  sagas: [invoiceIssue, invoiceOverdue, paymentHolds, paymentReversal, creditNote, invoiceSending],
  effects: [invoiceLetter],
  invariants: [
    invoiceTotals,
    invoiceBalance,
    invoiceSteps,
    seriesNumbers,
    invoiceNumbers,
    creditLimits,
    creditBalance,
    creditNoteNumbers,
    paymentParts,
    paymentAllocations,
    paymentSteps,
  ],
});
