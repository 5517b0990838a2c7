import { z } from 'zod';
import { LINES_MAX, numbered } from '../../domain/document.ts';
import { beginning } from '../../domain/records.ts';
import { Day, Id, Text } from '../../domain/vocabulary.ts';
import { enter, Receipt, type ReceiptFacts, recordReceipt as record } from '../../domain/warehouse/receipt.ts';
import { byId, command, type DecisionContext } from '../../kernel/command.ts';
import { PriceText } from '../../kernel/decimal.ts';
import { QuantityText } from '../../kernel/quantity.ts';
import { movingFacts, oneStepFacts } from './moving-facts.ts';

const Line = z.strictObject({ itemId: Id, quantity: QuantityText, unitCost: PriceText.optional() });

const card = { warehouseId: Id, reference: Text(100).optional(), supplierId: Id.optional() };

export const recordReceipt = command({
  type: 'RecordReceipt',
  summary:
    'Records what came into a warehouse, today unless an earlier day is given; the stock follows at once. Refused as SelfApproval where the company wants receipts drafted, as PeriodClosed on a closed day.',
  route: 'POST /receipts',
  permission: 'warehouse:receive',
  input: z.strictObject({
    ...card,
    receivedOn: Day.optional(),
    /** The stock with which the house takes over. */
    opening: z.boolean().optional(),
    lines: z.array(Line).min(1).max(LINES_MAX),
  }),
  decider: Receipt,
  facts: async (_, wish, ask, context): Promise<ReceiptFacts> => ({
    ...(await movingFacts(wish, ask, context)),
    ...(await oneStepFacts(ask)),
  }),
  decide: beginning(({ receivedOn, opening, lines, ...wish }, context: DecisionContext<ReceiptFacts>) => {
    const isOpening = opening ? ({ opening } as const) : {};
    return record({ ...wish, ...isOpening, receivedOn: receivedOn ?? context.today, lines: numbered(lines) }, context);
  }),
});

/** Sent when a draft of it is approved. */
export const enterReceipt = command({
  type: 'EnterReceipt',
  summary: 'Enters a goods receipt that was approved.',
  permission: 'warehouse:receive',
  input: z.strictObject({ ...card, id: Id, receivedOn: Day, lines: z.array(z.strictObject({ ...Line.shape, line: z.int() })) }),
  decider: Receipt,
  entityId: byId,
  parent: ({ id }) => ({ category: 'stockDocument', id }),
  decide: beginning(({ id: _, ...wish }) => enter(wish)),
});
