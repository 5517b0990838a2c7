import { z } from 'zod';
import { LINES_MAX, numbered } from '../../domain/document.ts';
import { beginning, existing } from '../../domain/records.ts';
import { Day, Id, Reason, Text } from '../../domain/vocabulary.ts';
import {
  type ApprovalFacts,
  approve,
  draft,
  edit,
  type MovingFacts,
  outgoing,
  type Paper,
  receiveTransfer as received,
  reject,
  StockDocument,
} from '../../domain/warehouse/stock-document.ts';
import { type Ask, byId, command, type DecisionContext, type FactsContext, type Hold } from '../../kernel/command.ts';
import { PriceText } from '../../kernel/decimal.ts';
import { NOTHING, negated, QuantityChangeText, QuantityText, quantityText } from '../../kernel/quantity.ts';
import { companySettings } from '../../projections/platform/company-settings.ts';
import { goodsWorth } from '../../projections/warehouse/stock-levels.ts';
import { lapsing } from '../platform/claim.ts';
import { movingFacts, type Named, oneStepFacts } from './moving-facts.ts';
import { holdStock, unholdStock } from './stock.ts';

const head = { warehouseId: Id, datedOn: Day.optional() };
const lines = <Line extends z.ZodType>(line: Line) => z.array(line).min(1).max(LINES_MAX);
const Line = z.strictObject({ itemId: Id, quantity: QuantityText });

/** A draft of any kind under a new id. */
const drafting = {
  decider: StockDocument,
  facts: (_: unknown, wish: Named, ask: Ask, context: FactsContext): Promise<MovingFacts> => movingFacts(wish, ask, context),
} as const;

type Wish = Omit<Paper, 'kind' | 'datedOn' | 'lines'> & {
  readonly datedOn?: string | undefined;
  readonly lines: readonly Omit<Paper['lines'][number], 'line'>[];
};

const drafted = (kind: Paper['kind']) =>
  beginning(({ datedOn, lines, ...wish }: Wish, context: DecisionContext<MovingFacts>) =>
    draft({ ...wish, kind, datedOn: datedOn ?? context.today, lines: numbered(lines) }, context),
  );

export const draftReceipt = command({
  ...drafting,
  type: 'DraftReceipt',
  summary: 'Drafts a goods receipt; the stock follows when it is approved.',
  route: 'POST /stock-documents/receipts',
  permission: 'warehouse:receive',
  input: z.strictObject({
    ...head,
    reference: Text(100).optional(),
    supplierId: Id.optional(),
    lines: lines(z.strictObject({ ...Line.shape, unitCost: PriceText.optional() })),
  }),
  decide: drafted('receipt'),
});

export const draftGoodsIssue = command({
  ...drafting,
  type: 'DraftGoodsIssue',
  summary: 'Drafts a goods issue for our own use.',
  route: 'POST /stock-documents/issues',
  permission: 'warehouse:issue',
  input: z.strictObject({ ...head, reason: Reason.optional(), lines: lines(Line) }),
  decide: drafted('issue'),
});

export const draftTransfer = command({
  ...drafting,
  type: 'DraftTransfer',
  summary: 'Drafts a transfer between two warehouses; refused as SameWarehouse when it goes nowhere.',
  route: 'POST /stock-documents/transfers',
  permission: 'warehouse:transfer',
  input: z.strictObject({ ...head, toWarehouseId: Id, lines: lines(Line) }),
  facts: async (_, wish, ask, context) => ({
    ...(await movingFacts(wish, ask, context)),
    steps: (await ask(companySettings, {})).transferSteps,
  }),
  decide: beginning(({ datedOn, lines, ...wish }, context: DecisionContext<MovingFacts & { readonly steps: 'one' | 'two' }>) => {
    const twoSteps = context.facts.steps === 'two' ? ({ twoSteps: true } as const) : {};
    return draft({ ...wish, ...twoSteps, kind: 'transfer', datedOn: datedOn ?? context.today, lines: numbered(lines) }, context);
  }),
});

export const draftAdjustment = command({
  ...drafting,
  type: 'DraftAdjustment',
  summary: 'Drafts an adjustment of what was found more or less, with its reason.',
  route: 'POST /stock-documents/adjustments',
  permission: 'warehouse:adjust',
  input: z.strictObject({ ...head, reason: Reason, lines: lines(z.strictObject({ ...Line.shape, quantity: QuantityChangeText })) }),
  decide: drafted('adjustment'),
});

const onDocument = { decider: StockDocument, entityId: byId } as const;

const SaidLine = z.strictObject({ itemId: Id, quantity: QuantityChangeText, unitCost: PriceText.optional() });

export const editStockDocument = command({
  ...onDocument,
  type: 'EditStockDocument',
  summary:
    'Says anew what a stock document is to move that is not approved yet; a first approval counts no longer. What is left out stays.',
  route: 'POST /stock-documents/:id/edit',
  permission: 'warehouse:draft',
  input: z.strictObject({ id: Id, datedOn: Day.optional(), reason: Reason.optional(), lines: lines(SaidLine).optional() }),
  facts: async (document, wish, ask, context): Promise<MovingFacts | undefined> =>
    document && movingFacts({ ...document.paper, lines: wish.lines ?? document.paper.lines }, ask, context),
  decide: existing('stock document', (document, { id: _, lines, ...wish }, context) =>
    edit(document, { ...wish, lines: lines && numbered(lines) }, context as DecisionContext<MovingFacts>),
  ),
});

export const approveStockDocument = command({
  ...onDocument,
  type: 'ApproveStockDocument',
  summary:
    'Approves a stock document, all of its lines or none; refused as InsufficientStock where a line is short, as SelfApproval or PeriodClosed where a rule of the company says so.',
  route: 'POST /stock-documents/:id/approve',
  permission: 'warehouse:approve',
  input: z.strictObject({ id: Id }),
  facts: async (document, _, ask, context): Promise<ApprovalFacts | undefined> =>
    document && {
      ...(await movingFacts(document.paper, ask, context)),
      ...(await oneStepFacts(ask)),
      value: document.paper.kind === 'adjustment' ? await ask(goodsWorth, worthOf(document.paper)) : 0,
    },
  decide: existing('stock document', (document, _, context) => approve(document, context as DecisionContext<ApprovalFacts>)),
  holds: (events, _, id) =>
    events.flatMap(({ type, data }) => (type === 'StockDocumentApproved' ? outgoing(data).map(line => heldLine(id, data, line)) : [])),
});

const worthOf = ({ warehouseId, lines }: Paper) => ({
  warehouse: warehouseId,
  goods: lines.map(({ itemId, quantity }) => ({ item: itemId, quantity: Math.abs(quantity) })),
});

function heldLine(documentId: string, { warehouseId, datedOn }: Paper, { line, itemId, quantity }: Paper['lines'][number]): Hold {
  const place = { warehouseId, itemId, documentId, line };
  const wanted = quantityText(quantity < NOTHING ? negated(quantity) : quantity);
  return { take: holdStock({ ...place, quantity: wanted, on: datedOn }), release: unholdStock(place) };
}

export const rejectStockDocument = command({
  ...onDocument,
  type: 'RejectStockDocument',
  summary: 'Rejects a stock document that is not approved yet, with the reason.',
  route: 'POST /stock-documents/:id/reject',
  permission: 'warehouse:approve',
  input: z.strictObject({ id: Id, reason: Reason }),
  decide: existing('stock document', reject),
});

const Missing = z.strictObject({ line: z.int().positive(), quantity: QuantityText });

export const receiveTransfer = command({
  ...onDocument,
  type: 'ReceiveTransfer',
  summary: 'Records that a transfer in two steps arrived, whole or less what is missing; that is written off as lost.',
  route: 'POST /stock-documents/:id/receive',
  permission: 'warehouse:receive',
  input: z.strictObject({ id: Id, receivedOn: Day.optional(), missing: z.array(Missing).max(LINES_MAX).default([]) }),
  decide: existing('stock document', (document, { receivedOn, missing }, { today }) =>
    received(document, { receivedOn: receivedOn ?? today, missing }, today),
  ),
});

/** For an approval that vanished with what it held. */
export const lapseStockDocument = lapsing('LapseStockDocument', StockDocument);
