import { chooseBillingTerms } from '../commands/billing/billing-terms.ts';
import { cancelInvoice, draftInvoice, draftOrderInvoice } from '../commands/billing/invoice.ts';
import { completeInvoiceIssue, issueInvoice, takeNumber, withdrawInvoiceIssue } from '../commands/billing/issue.ts';
import { applyPaymentToInvoice, lapsePayment, recordPayment, unapplyPaymentFromInvoice } from '../commands/billing/payment.ts';
import { answerInvoiceSending, sendInvoice } from '../commands/billing/sending.ts';
import { invoiceLetter } from '../effects/billing/invoice-letter.ts';
import { invoiceBalance, invoiceNumbers, invoiceSteps, invoiceTotals, seriesNumbers } from '../invariants/billing/invoices.ts';
import { paymentAllocations, paymentParts, paymentSteps } from '../invariants/billing/payments.ts';
import { module } from '../kernel/module.ts';
import { billingTerms, billingTermsOf } from '../projections/billing/billing-terms.ts';
import { customerRecords, customerReport } from '../projections/billing/customer-report.ts';
import { invoiceLines, invoices, listInvoices, showInvoice } from '../projections/billing/invoices.ts';
import { orderPaid } from '../projections/billing/order-payments.ts';
import { paymentRecords, paymentReport } from '../projections/billing/payment-report.ts';
import { listPayments, payments, showPayment } from '../projections/billing/payments.ts';
import { ageing, ageingDifference, openInvoices, statement } from '../projections/billing/receivables.ts';
import { revenue } from '../projections/billing/revenue.ts';
import { invoiceIssue } from '../sagas/billing/invoice-issue.ts';
import { invoiceSending } from '../sagas/billing/invoice-sending.ts';
import { paymentHolds } from '../sagas/billing/payment-holds.ts';

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
    sendInvoice,
    answerInvoiceSending,
    chooseBillingTerms,
  ],
  projections: [billingTerms, invoices, invoiceLines, payments],
  queries: [
    orderPaid,
    billingTermsOf,
    listInvoices,
    showInvoice,
    listPayments,
    showPayment,
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
  sagas: [invoiceIssue, paymentHolds, invoiceSending],
  effects: [invoiceLetter],
  invariants: [invoiceTotals, invoiceBalance, invoiceSteps, seriesNumbers, invoiceNumbers, paymentParts, paymentAllocations, paymentSteps],
});
