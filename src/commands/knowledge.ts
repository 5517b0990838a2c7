/** What commands of several contexts must know of others. */
import type { InvoicingTerms } from '../domain/invoicing.ts';
import type { Ask, FactsContext } from '../kernel/command.ts';
import { billingTermsOf } from '../projections/billing/billing-terms.ts';
import { itemsForOrder } from '../projections/catalogue/items.ts';
import { accountForOrder } from '../projections/crm/accounts.ts';
import { companySettings } from '../projections/platform/company-settings.ts';

/** The terms of trade with an account; null where there is none that the caller may know of. */
export async function accountFor(id: string, ask: Ask, { reaches }: FactsContext) {
  const account = await ask(accountForOrder, { id });
  return account !== null && reaches(account.ownerId) ? account : null;
}

/** Whether there is such an account; undefined where none is named. */
export const accountKnown = async (id: string | null | undefined, ask: Ask, context: FactsContext): Promise<boolean | undefined> =>
  id ? (await accountFor(id, ask, context)) !== null : undefined;

export const itemKnown = async (id: string, ask: Ask): Promise<boolean> => (await ask(itemsForOrder, { ids: [id] })).length > 0;

/** How documents of an account are made, as it and the company have said. */
export async function invoicingFor(id: string, ask: Ask): Promise<InvoicingTerms> {
  const { taxRounding, pricesIncludeTax } = await ask(companySettings, {});
  return { ...(await ask(billingTermsOf, { id })), reckoning: { taxRounding, pricesIncludeTax } };
}

/** The items that lines name, each once; unknown ones are left out. */
export const itemsOf = (lines: readonly { readonly itemId: string }[], ask: Ask) =>
  ask(itemsForOrder, { ids: [...new Set(lines.map(line => line.itemId))] });
