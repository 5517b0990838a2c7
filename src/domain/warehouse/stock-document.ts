/**
 * A document by which stock changes: a goods receipt, a goods issue for our own use, a transfer between two warehouses, or an
 * adjustment of what was found. Draft → (Pending, where a second approval is needed) → Approved or Rejected; Approved is final,
 * and what was wrong is put right by a document the other way.
 */
import { z } from 'zod';
import type { DecisionContext } from '../../kernel/command.ts';
import { type Decision, decider, invalid, invalidTransition, type Refusal, refuse } from '../../kernel/decider.ts';
import { Decimal } from '../../kernel/decimal.ts';
import { type DataOf, type EventOf, event } from '../../kernel/event.ts';
import { NOTHING, Quantity, quantityText } from '../../kernel/quantity.ts';
import { closedOn } from '../closed-period.ts';
import { type Fault, unless } from '../faults.ts';

export const DOCUMENT_KINDS = ['receipt', 'issue', 'transfer', 'adjustment'] as const;
export type DocumentKind = (typeof DOCUMENT_KINDS)[number];

const Line = z.strictObject({
  line: z.int(),
  itemId: z.string(),
  /** Signed in an adjustment: what was found more, or less. */
  quantity: Quantity,
  /** Cost of one unit of measure, in a receipt. */
  unitCost: Decimal.optional(),
});
export type StockDocumentLine = z.output<typeof Line>;

const paper = {
  kind: z.enum(DOCUMENT_KINDS),
  warehouseId: z.string(),
  /** Where a transfer goes. */
  toWarehouseId: z.string().optional(),
  /** A transfer in two steps is on its way until somebody receives it. */
  twoSteps: z.literal(true).optional(),
  /** Business day of the movements. */
  datedOn: z.iso.date(),
  reason: z.string().optional(),
  reference: z.string().optional(),
  supplierId: z.string().optional(),
  lines: z.array(Line),
};

export const StockDocumentDrafted = event('StockDocumentDrafted', { ...paper, authorId: z.string() });
/** Said anew, whole: what was approved of it so far counts no longer. */
export const StockDocumentEdited = event('StockDocumentEdited', paper);
/** The first of two approvals; `value` of the goods in minor units is why a second one is needed. */
export const StockDocumentReviewed = event('StockDocumentReviewed', { reviewerId: z.string(), value: z.int() });
/** From here on the goods move. It says again what was approved. */
export const StockDocumentApproved = event('StockDocumentApproved', { ...paper, approverId: z.string() });
export const StockDocumentRejected = event('StockDocumentRejected', { reason: z.string() });
/** A transfer in two steps arrived; what did not arrive of it is lost. */
export const TransferReceived = event('TransferReceived', {
  receivedOn: z.iso.date(),
  toWarehouseId: z.string(),
  lines: z.array(z.strictObject({ line: z.int(), itemId: z.string(), sent: Quantity, lost: Quantity })),
});

const events = [
  StockDocumentDrafted,
  StockDocumentEdited,
  StockDocumentReviewed,
  StockDocumentApproved,
  StockDocumentRejected,
  TransferReceived,
] as const;
type Fact = EventOf<(typeof events)[number]>;
type Outcome = Decision<Fact>;

export type Paper = Omit<DataOf<typeof StockDocumentDrafted>, 'authorId'>;
export type DocumentStatus = 'Draft' | 'Pending' | 'Approved' | 'Rejected';

export interface StockDocument {
  readonly status: DocumentStatus;
  readonly paper: Paper;
  readonly authorId: string;
  readonly reviewerId?: string;
  /** Whether what a transfer brought has been received. */
  readonly received: boolean;
}

export const StockDocument = decider({
  category: 'stockDocument',
  stateVersion: 1,
  events,
  initial: (): StockDocument | undefined => undefined,
  evolve: {
    StockDocumentDrafted: (_, { authorId, ...paper }): StockDocument => ({ status: 'Draft', paper, authorId, received: false }),
    StockDocumentEdited: (document, paper) =>
      document && { status: 'Draft', paper, authorId: document.authorId, received: document.received },
    StockDocumentReviewed: (document, { reviewerId }) => document && { ...document, status: 'Pending', reviewerId },
    StockDocumentApproved: document => document && { ...document, status: 'Approved' },
    StockDocumentRejected: document => document && { ...document, status: 'Rejected' },
    TransferReceived: document => document && { ...document, received: true },
  },
});

/** What must be known of other contexts before stock is moved by a paper. */
export interface MovingFacts {
  /** Ids of the warehouses named that are open. */
  readonly open: ReadonlySet<string>;
  /** False where a supplier is named that there is not. */
  readonly supplierExists: boolean;
  /** Ids of those of the items named that are kept in stock. */
  readonly stocked: ReadonlySet<string>;
  /** Last closed day of the stock. */
  readonly closedThrough: string | null;
}

const BACKDATING = 'warehouse:backdate';

/** What keeps goods from being moved on a day: it is closed, or it is past and only who may write down late may do so. */
export const undatable = (
  day: string,
  closedThrough: string | null,
  { today, may }: Pick<DecisionContext, 'today' | 'may'>,
): Refusal | undefined =>
  closedOn(day, closedThrough) ??
  (day < today && !may(BACKDATING) ? refuse('Forbidden', `Only who may date documents back can date one on ${day}.`) : undefined);

export function draft(paper: Paper, context: DecisionContext<MovingFacts>): Outcome {
  if (paper.toWarehouseId === paper.warehouseId) return refuse('SameWarehouse', 'A transfer goes from one warehouse to another.');
  const faults = faultsOf(paper, context);
  if (faults.length > 0) return invalid(faults);
  return undatable(paper.datedOn, context.facts.closedThrough, context) ?? [StockDocumentDrafted({ ...paper, authorId: context.actor.id })];
}

function faultsOf(
  { warehouseId, toWarehouseId, supplierId, datedOn, lines }: Paper,
  { facts: { open, supplierExists, stocked }, today }: DecisionContext<MovingFacts>,
): readonly Fault[] {
  return [
    ...unless(datedOn <= today, '/datedOn', 'Goods cannot have moved in the future.'),
    ...unless(open.has(warehouseId), '/warehouseId', `There is no open warehouse ${warehouseId}.`),
    ...unless(toWarehouseId === undefined || open.has(toWarehouseId), '/toWarehouseId', `There is no open warehouse ${toWarehouseId}.`),
    ...unless(supplierExists, '/supplierId', `There is no account ${supplierId}.`),
    ...lines.flatMap(({ itemId }, index) =>
      unless(stocked.has(itemId), `/lines/${index}/itemId`, `There is no item ${itemId} that is kept in stock.`),
    ),
  ];
}

/** What is to be said anew of a draft; what is left out stays. */
export interface Changes {
  readonly datedOn?: string | undefined;
  readonly reason?: string | undefined;
  readonly lines?: readonly StockDocumentLine[] | undefined;
}

export function edit(
  { status, paper }: StockDocument,
  { datedOn, reason, lines }: Changes,
  context: DecisionContext<MovingFacts>,
): Outcome {
  if (status === 'Approved' || status === 'Rejected') return unfit(status, 'edited');
  const said = { ...paper, datedOn: datedOn ?? paper.datedOn, reason: reason ?? paper.reason, lines: [...(lines ?? paper.lines)] };
  const faults = [...faultsOf(said, context), ...faultsOfLines(said)];
  if (faults.length > 0) return invalid(faults);
  if (JSON.stringify(said) === JSON.stringify(paper)) return [];
  return undatable(said.datedOn, context.facts.closedThrough, context) ?? [StockDocumentEdited(said)];
}

/** Only adjustments take off by their sign, and only receipts say what goods cost. */
const faultsOfLines = ({ kind, lines }: Paper): readonly Fault[] =>
  lines.flatMap(({ quantity, unitCost }, index) => [
    ...unless(kind === 'adjustment' || quantity > NOTHING, `/lines/${index}/quantity`, 'A quantity is more than zero here.'),
    ...unless(kind === 'receipt' || unitCost === undefined, `/lines/${index}/unitCost`, 'Only a receipt says what goods cost.'),
  ]);

/** The company's own rules about who approves, and what the goods are worth, in minor units. */
export interface ApprovalFacts extends MovingFacts {
  readonly selfApproval: boolean;
  /** From which value on an adjustment needs a second approval; null: none does. */
  readonly secondApprovalFrom: number | null;
  /** What the goods of an adjustment are worth. */
  readonly value: number;
}

export function approve(document: StockDocument, context: DecisionContext<ApprovalFacts>): Outcome {
  const { status, paper, authorId, reviewerId } = document;
  const { actor, facts } = context;
  if (status === 'Approved') return [];
  if (status === 'Rejected') return unfit(status, 'approved');
  if (!facts.selfApproval && actor.id === authorId) return selfApproved('Who drafted a document does not approve it.');
  const faults = faultsOf(paper, context);
  if (faults.length > 0) return invalid(faults);
  const late = closedOn(paper.datedOn, facts.closedThrough);
  if (late !== undefined) return late;
  if (!needsSecond(paper, facts)) return approved(paper, actor.id);
  if (reviewerId === undefined) return [StockDocumentReviewed({ reviewerId: actor.id, value: facts.value })];
  return reviewerId === actor.id ? selfApproved('The second approval is somebody else’s than the first.') : approved(paper, actor.id);
}

const approved = (paper: Paper, approverId: string): Outcome => [StockDocumentApproved({ ...paper, approverId })];

export const needsSecond = ({ kind }: Pick<Paper, 'kind'>, { secondApprovalFrom, value }: ApprovalRule): boolean =>
  kind === 'adjustment' && secondApprovalFrom !== null && value >= secondApprovalFrom;
type ApprovalRule = Pick<ApprovalFacts, 'secondApprovalFrom' | 'value'>;

export const selfApproved = (because: string): Refusal => refuse('SelfApproval', because);

/** What must be known before stock is moved in one step, without anybody else's approval. */
export interface OneStepFacts {
  readonly selfApproval: boolean;
  /** Last closed day of the stock. */
  readonly closedThrough: string | null;
}

export const againstOneStep = (day: string, { selfApproval, closedThrough }: OneStepFacts): Refusal | undefined =>
  closedOn(day, closedThrough) ??
  (selfApproval ? undefined : selfApproved('Here who writes a document does not approve it: draft it for another.'));

export function reject({ status }: StockDocument, { reason }: { readonly reason: string }): Outcome {
  if (status === 'Rejected') return [];
  return status === 'Approved' ? unfit(status, 'rejected') : [StockDocumentRejected({ reason })];
}

interface Arrival {
  readonly receivedOn: string;
  /** What is missing of the lines named; of the others nothing is. */
  readonly missing: readonly { readonly line: number; readonly quantity: Quantity }[];
}

export function receiveTransfer({ status, paper, received }: StockDocument, { receivedOn, missing }: Arrival, today: string): Outcome {
  if (received) return [];
  const { toWarehouseId, twoSteps, datedOn, lines } = paper;
  if (status !== 'Approved' || twoSteps !== true || toWarehouseId === undefined) return notOnItsWay(status);
  const faults = [
    ...unless(receivedOn <= today, '/receivedOn', 'Goods cannot have arrived in the future.'),
    ...unless(receivedOn >= datedOn, '/receivedOn', 'Goods cannot have arrived before they left.'),
    ...missing.flatMap((lost, index) => faultsOfLoss(paper, lost, `/missing/${index}`)),
  ];
  if (faults.length > 0) return invalid(faults);
  const arrivals = lines.map(({ line, itemId, quantity: sent }) => {
    const lost = missing.find(said => said.line === line)?.quantity ?? NOTHING;
    return { line, itemId, sent, lost };
  });
  return [TransferReceived({ receivedOn, toWarehouseId, lines: arrivals })];
}

function faultsOfLoss({ lines }: Paper, { line, quantity }: Arrival['missing'][number], pointer: string): readonly Fault[] {
  const sent = lines.find(other => other.line === line)?.quantity;
  if (sent === undefined) return [{ pointer: `${pointer}/line`, detail: `The transfer has no line ${line}.` }];
  return unless(quantity <= sent, `${pointer}/quantity`, `Line ${line} sent ${quantityText(sent)}.`);
}

/** The lines whose goods leave the warehouse, and that are held there before the document is approved. */
export const outgoing = ({ kind, lines }: Paper): readonly StockDocumentLine[] =>
  kind === 'receipt' ? [] : lines.filter(({ quantity }) => kind !== 'adjustment' || quantity < NOTHING);

const PERMITS: Readonly<Record<DocumentStatus, readonly string[]>> = {
  Draft: ['EditStockDocument', 'ApproveStockDocument', 'RejectStockDocument'],
  Pending: ['EditStockDocument', 'ApproveStockDocument', 'RejectStockDocument'],
  Approved: [],
  Rejected: [],
};

const unfit = (status: DocumentStatus, wanted: string): Refusal =>
  invalidTransition(`A document in ${status} cannot be ${wanted}.`, PERMITS[status]);
const notOnItsWay = (status: DocumentStatus): Refusal =>
  invalidTransition('Only an approved transfer in two steps can be received.', PERMITS[status]);
