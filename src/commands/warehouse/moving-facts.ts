/** What commands that move stock must know of other contexts and of the company's rules. */
import type { MovingFacts, OneStepFacts, Paper } from '../../domain/warehouse/stock-document.ts';
import type { Ask, FactsContext } from '../../kernel/command.ts';
import { companySettings } from '../../projections/platform/company-settings.ts';
import { closedPeriods } from '../../projections/platform/periods.ts';
import { warehouseKnown } from '../../projections/warehouse/warehouses.ts';
import { accountKnown, itemsOf } from '../knowledge.ts';

export type Named = Pick<Paper, 'warehouseId' | 'toWarehouseId' | 'supplierId'> & {
  readonly lines: readonly { readonly itemId: string }[];
};

export async function movingFacts(
  { warehouseId, toWarehouseId, supplierId, lines }: Named,
  ask: Ask,
  context: FactsContext,
): Promise<MovingFacts> {
  const open = new Set<string>();
  for (const id of [warehouseId, toWarehouseId]) if (id !== undefined && (await ask(warehouseKnown, { id }))) open.add(id);
  const items = await itemsOf(lines, ask);
  return {
    open,
    supplierExists: (await accountKnown(supplierId, ask, context)) !== false,
    stocked: new Set(items.filter(item => item.stocked).map(item => item.id)),
    closedThrough: (await ask(closedPeriods, {})).stock,
  };
}

/** The rules of moving stock without anybody else's approval. */
export async function oneStepFacts(ask: Ask): Promise<OneStepFacts & { readonly secondApprovalFrom: number | null }> {
  const { stockSelfApproval, adjustmentSecondApprovalFrom } = await ask(companySettings, {});
  const { stock } = await ask(closedPeriods, {});
  return { selfApproval: stockSelfApproval, secondApprovalFrom: adjustmentSecondApprovalFrom, closedThrough: stock };
}
