import { z } from 'zod';
import { LINES_MAX, numbered } from '../../domain/document.ts';
import { beginning } from '../../domain/records.ts';
import { Day, Id, Text } from '../../domain/vocabulary.ts';
import { Receipt, type ReceiptFacts, recordReceipt as record } from '../../domain/warehouse/receipt.ts';
import { command, type DecisionContext } from '../../kernel/command.ts';
import { PriceText } from '../../kernel/decimal.ts';
import { QuantityText } from '../../kernel/quantity.ts';
import { warehouseKnown } from '../../projections/warehouse/warehouses.ts';
import { accountKnown, itemsOf } from '../knowledge.ts';

const Line = z.strictObject({ itemId: Id, quantity: QuantityText, unitCost: PriceText.optional() });

export const recordReceipt = command({
  type: 'RecordReceipt',
  summary: 'Records what came into a warehouse, today unless an earlier day is given; the stock follows at once.',
  route: 'POST /receipts',
  permission: 'warehouse:receive',
  input: z.strictObject({
    warehouseId: Id,
    receivedOn: Day.optional(),
    reference: Text(100).optional(),
    supplierId: Id.optional(),
    lines: z.array(Line).min(1).max(LINES_MAX),
  }),
  decider: Receipt,
  facts: async (_, { warehouseId, supplierId, lines }, ask, context) => {
    const items = await itemsOf(lines, ask);
    return {
      warehouseExists: await ask(warehouseKnown, { id: warehouseId }),
      supplierExists: (await accountKnown(supplierId, ask, context)) !== false,
      stocked: new Set(items.filter(item => item.stocked).map(item => item.id)),
    };
  },
  decide: beginning(({ receivedOn, lines, ...wish }, { facts, today }: DecisionContext<ReceiptFacts>) =>
    record({ ...wish, receivedOn: receivedOn ?? today, lines: numbered(lines) }, facts, today),
  ),
});
