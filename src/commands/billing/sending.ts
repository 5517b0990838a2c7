import { z } from 'zod';
import { Invoice } from '../../domain/billing/invoice.ts';
import { answer, send } from '../../domain/billing/sending.ts';
import { Id } from '../../domain/vocabulary.ts';
import { byId, command } from '../../kernel/command.ts';
import { letterReader } from '../../projections/crm/letter-reader.ts';

const onInvoice = { permission: 'billing:invoice', decider: Invoice, entityId: byId } as const;

export const sendInvoice = command({
  ...onInvoice,
  type: 'SendInvoice',
  summary:
    'Sends an issued invoice by e-mail to a contact of the customer: the one named, or else the one to turn to first; refused as NoAddress where there is none.',
  route: 'POST /invoices/:id/send',
  input: z.strictObject({ id: Id, contactId: Id.optional() }),
  facts: async ({ accountId }, { contactId }, ask) => ({ contact: await ask(letterReader, { accountId, contactId }) }),
  decide: (invoice, { id }, { facts, id: idFor }) =>
    send(invoice, { id, sendingId: `${id}~${idFor('sending')}`, accountId: invoice.accountId }, facts),
});

export const answerInvoiceSending = command({
  ...onInvoice,
  type: 'AnswerInvoiceSending',
  summary: 'Records whether an invoice could be sent; asked by the outbox alone.',
  input: z.strictObject({ id: Id, sendingId: Id, because: z.string().optional() }),
  decide: answer,
});
