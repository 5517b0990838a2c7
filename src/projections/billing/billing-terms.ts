import { z } from 'zod';
import { BillingTermsChosen } from '../../domain/billing/billing-terms.ts';
import { InvoiceMode } from '../../domain/invoicing.ts';
import { projection } from '../../kernel/projection.ts';
import { query } from '../../kernel/query.ts';
import { flag, nullable, table, text } from '../../kernel/table.ts';
import { companySettingsView, settingsIn } from '../platform/company-settings.ts';

export const billingTerms = projection({
  name: 'billing-terms',
  version: 1,
  versioned: true,
  table: table(
    'billing_terms',
    'How accounts are invoiced that are not invoiced as usual',
    {
      invoice_mode: nullable(text('manual, atAcceptance or atShipping; nothing: as the company does it')),
      term_end_of_month: nullable(flag('Whether terms run to the end of the month; nothing: as the company does it')),
    },
    { key: 'Account' },
  ),
  events: [BillingTermsChosen],
  on: {
    BillingTermsChosen: (_, { invoiceMode, termEndOfMonth }) => ({
      invoice_mode: invoiceMode ?? null,
      term_end_of_month: termEndOfMonth ?? null,
    }),
  },
});

const Terms = z.strictObject({ invoiceMode: InvoiceMode, termEndOfMonth: z.boolean() });

interface Said {
  readonly invoice_mode: InvoiceMode | null;
  readonly term_end_of_month: boolean | null;
}

export const billingTermsOf = query({
  type: 'ShowBillingTerms',
  summary: 'How an account is invoiced: as was said for it, or as the company does it.',
  route: 'GET /accounts/:id/billing-terms',
  permission: 'billing:read',
  reads: [billingTerms, companySettingsView],
  input: z.strictObject({ id: z.string().max(200) }),
  output: Terms,
  answer: async (db, { id }) => {
    const usual = await settingsIn(db);
    const [said] = await db.rows<Said>('select invoice_mode, term_end_of_month from billing_terms where id = $1', [id]);
    return {
      invoiceMode: said?.invoice_mode ?? usual.invoiceMode,
      termEndOfMonth: said?.term_end_of_month ?? usual.termEndOfMonth,
    };
  },
});
