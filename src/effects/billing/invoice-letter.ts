import { z } from 'zod';
import { answerInvoiceSending } from '../../commands/billing/sending.ts';
import { refuse } from '../../kernel/decider.ts';
import { effect, mail } from '../../kernel/effect.ts';
import { showInvoice } from '../../projections/billing/invoices.ts';
import { letterReader } from '../../projections/crm/letter-reader.ts';

/** An issued invoice as a letter to a person at the customer. */
export const invoiceLetter = effect({
  type: 'InvoiceLetter',
  channel: mail,
  payload: z.strictObject({ invoiceId: z.string(), sendingId: z.string(), contactId: z.string() }),
  destination: () => 'mail',
  compose: async ({ invoiceId, contactId }, { ask }) => {
    const invoice = await ask(showInvoice, { id: invoiceId });
    const reader = await ask(letterReader, { accountId: invoice.accountId, contactId });
    if (!reader?.email) return refuse('NoAddress', 'The contact has no e-mail address any more.');
    return { to: [reader.email], subject: `Invoice ${invoice.number ?? ''}`, text: textOf(invoice) };
  },
  outcome: ({ invoiceId: id, sendingId }, outcome) =>
    answerInvoiceSending({ id, sendingId, ...(outcome.kind === 'givenUp' ? { because: outcome.because } : {}) }),
});

type Invoice = Awaited<ReturnType<typeof showInvoice.answer>>;

const textOf = ({ number, accountName, issueDate, dueDate, lines, net, tax, gross, open }: Invoice): string =>
  [
    `Invoice ${number ?? ''} of ${issueDate ?? ''}`,
    `For ${accountName ?? ''}`,
    '',
    ...lines.map(line => `${line.quantity} ${line.uom} ${line.description}: ${line.net.amount} ${line.net.currency}`),
    '',
    `Net ${net.amount}, tax ${tax.amount}, total ${gross.amount} ${gross.currency}`,
    `Open ${open.amount} ${open.currency}, to be paid until ${dueDate ?? ''}`,
    '',
  ].join('\n');
