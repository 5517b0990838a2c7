/** What commands of several contexts must know of others. */
import type { Ask } from '../kernel/command.ts';
import { itemsForOrder } from '../projections/catalogue/items.ts';
import { accountForOrder } from '../projections/crm/accounts.ts';

/** Whether there is such an account; undefined where none is named. */
export const accountKnown = async (id: string | null | undefined, ask: Ask): Promise<boolean | undefined> =>
  id ? (await ask(accountForOrder, { id })) !== null : undefined;

export const itemKnown = async (id: string, ask: Ask): Promise<boolean> => (await ask(itemsForOrder, { ids: [id] })).length > 0;

/** The items that lines name, each once; unknown ones are left out. */
export const itemsOf = (lines: readonly { readonly itemId: string }[], ask: Ask) =>
  ask(itemsForOrder, { ids: [...new Set(lines.map(line => line.itemId))] });
