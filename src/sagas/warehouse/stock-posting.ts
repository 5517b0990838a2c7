import { enterReceipt } from '../../commands/warehouse/receipt.ts';
import { arriveStock, consumeStock, postAdjustment, sendStock, unholdStock } from '../../commands/warehouse/stock.ts';
import { lapseStockDocument } from '../../commands/warehouse/stock-document.ts';
import { StockAdjusted, StockArrived, StockConsumed, StockHeld, StockHoldReleased, StockSent } from '../../domain/warehouse/stock.ts';
import {
  outgoing,
  type Paper,
  StockDocument,
  StockDocumentApproved,
  StockDocumentDrafted,
  StockDocumentEdited,
  StockDocumentRejected,
  StockDocumentReviewed,
  TransferReceived,
} from '../../domain/warehouse/stock-document.ts';
import type { CommandMessage } from '../../kernel/command.ts';
import type { DataOf } from '../../kernel/event.ts';
import { HoldLapsed } from '../../kernel/hold.ts';
import type { ViewMeta } from '../../kernel/projection.ts';
import { NOTHING, quantityText } from '../../kernel/quantity.ts';
import { finished, type Step, saga } from '../../kernel/saga.ts';

type Stage = 'approval' | 'secondApproval' | 'posting' | 'arrival';

interface State {
  readonly stage: Stage;
  readonly paper: Paper;
  /** Lines that are held for the document while it is being approved. */
  readonly held: readonly number[];
  /** The command that approves it and held them. */
  readonly approval: string;
  /** Lines whose goods have not moved yet. */
  readonly pending: readonly number[];
  /** By line of a transfer: what its goods cost when they left, in minor units. */
  readonly values: Readonly<Record<number, number>>;
  /** What a transfer in two steps brought, once it is received. */
  readonly arrival?: DataOf<typeof TransferReceived>;
}

type Next = Step<State, 'vanished'>;

/** Long past any request's patience: whoever held the goods has died or given up. */
const PATIENCE = 'PT10M';

const NO_PAPER: Paper = { kind: 'issue', warehouseId: '', datedOn: '', lines: [] };

const byDocument = (_: unknown, { entityId }: ViewMeta): readonly string[] => [entityId];
const byLine = ({ documentId }: { readonly documentId: string }): readonly string[] => [documentId];
const ofDocument = (_: unknown, { category, entityId }: ViewMeta): readonly string[] =>
  category === StockDocument.category ? [entityId] : [];

/**
 * Carries a stock document from its draft to the last movement: an approved one has all its outgoing lines held already, so that
 * each can only succeed. What an approval held that vanished before its end is freed.
 */
export const stockPosting = saga({
  name: 'stock-posting',
  stateVersion: 1,
  events: [
    StockDocumentDrafted,
    StockDocumentEdited,
    StockDocumentReviewed,
    StockDocumentApproved,
    StockDocumentRejected,
    TransferReceived,
    StockHeld,
    StockHoldReleased,
    StockConsumed,
    StockAdjusted,
    StockSent,
    StockArrived,
    HoldLapsed,
  ],
  startedBy: ['StockDocumentDrafted'],
  instances: {
    StockDocumentDrafted: byDocument,
    StockDocumentEdited: byDocument,
    StockDocumentReviewed: byDocument,
    StockDocumentApproved: byDocument,
    StockDocumentRejected: byDocument,
    TransferReceived: byDocument,
    StockHeld: byLine,
    StockHoldReleased: byLine,
    StockConsumed: byLine,
    StockAdjusted: ({ adjustmentId }) => [adjustmentId],
    StockSent: byLine,
    StockArrived: byLine,
    HoldLapsed: ofDocument,
  },
  initial: (): State => ({ stage: 'approval', paper: NO_PAPER, held: [], approval: '', pending: [], values: {} }),
  on: {
    StockDocumentDrafted: (state, { authorId: _, ...paper }) => ({ state: { ...state, paper } }),
    StockDocumentEdited: (state, paper) => ({ state: { ...state, stage: 'approval', paper } }),
    StockDocumentReviewed: state => ({ state: { ...state, stage: 'secondApproval' } }),
    StockDocumentRejected: () => finished,
    StockDocumentApproved: (state, _, id) => posting(state, id),
    TransferReceived: (state, arrival, id) => arriving({ ...state, stage: 'posting', arrival }, id, state.pending),
    StockHeld: (state, { line }, _id, { causationId: approval }) => ({
      state: { ...state, held: [...state.held, line], approval },
      wake: { vanished: PATIENCE },
    }),
    StockHoldReleased: (state, { line }) => {
      const held = state.held.filter(other => other !== line);
      return { state: { ...state, held }, ...(held.length === 0 && { sleep: ['vanished'] }) };
    },
    StockConsumed: (state, { line }) => moved(state, line),
    StockAdjusted: (state, { line }) => (state.paper.kind === 'transfer' ? {} : moved(state, line)),
    StockSent: (state, { line, cost }, id) => {
      const sent = { ...state, values: { ...state.values, [line]: cost?.minor ?? 0 } };
      return arriving(sent, id, [line]);
    },
    StockArrived: (state, { line }) => moved(state, line),
    /** The approval cannot come back any more. */
    HoldLapsed: ({ paper }, _, id) => ({ send: outgoing(paper).map(line => unholdStock(placeOf(paper, id, line))) }),
  },
  alarms: { vanished: ({ approval }, id) => ({ send: [lapseStockDocument({ id, commandId: approval })] }) },
  waits: {
    approval: (_, id) => ({ reason: 'The document is not approved yet, so the stock is unchanged.', ...toApprove(id) }),
    secondApproval: (_, id) => ({
      reason: 'The document is approved once; at its value it needs the approval of another.',
      ...toApprove(id),
    }),
    posting: ({ pending }) => ({
      reason: `${pending.length === 1 ? 'One line of the document is' : `${pending.length} lines of the document are`} being posted.`,
      next: 'The document is done.',
    }),
    arrival: (_, id) => ({
      reason: 'The goods have left one warehouse and have not been received in the other yet.',
      next: 'They come into stock there; what is missing is written off as lost.',
      record: { category: StockDocument.category, id },
      movedBy: { command: 'ReceiveTransfer', permission: 'warehouse:receive' },
    }),
  },
  waitsFor: ({ stage }) => stage,
  onAbandon: ({ stage, paper, pending }, id) => ({
    ...(stage !== 'posting' && stage !== 'arrival' && { send: outgoing(paper).map(line => unholdStock(placeOf(paper, id, line))) }),
    stays:
      pending.length === 0
        ? 'The document stays a draft; approved, nothing follows from it.'
        : `${pending.length} lines of the document have not moved any stock; adjust it by hand.`,
  }),
  about: id => ({ category: StockDocument.category, id }),
});

const toApprove = (id: string) => ({
  next: 'Its goods move.',
  record: { category: StockDocument.category, id },
  movedBy: { command: 'ApproveStockDocument', permission: 'warehouse:approve' } as const,
});

type Line = Paper['lines'][number];

const placeOf = ({ warehouseId }: Paper, documentId: string, { line, itemId }: Line) => ({ warehouseId, itemId, documentId, line });

function posting(state: State, id: string): Next {
  const { paper } = state;
  const { lines, kind, datedOn, warehouseId, reference, supplierId } = paper;
  if (kind === 'receipt') {
    const goods = lines.map(({ quantity, ...line }) => ({ ...line, quantity: quantityText(quantity) }));
    return { send: [enterReceipt({ id, warehouseId, reference, supplierId, receivedOn: datedOn, lines: goods })], finished: true };
  }
  const stage = paper.twoSteps ? 'arrival' : 'posting';
  const pending = lines.map(({ line }) => line);
  return { state: { ...state, stage, pending }, send: lines.map(line => post(paper, id, line)), sleep: ['vanished'] };
}

/** The movement of a line of an issue, an adjustment or, on its way out, a transfer. */
function post(paper: Paper, id: string, line: Line): CommandMessage {
  const { kind, reason = '', datedOn, toWarehouseId = '', warehouseId } = paper;
  const quantity = quantityText(line.quantity);
  if (kind === 'issue') return consumeStock({ ...placeOf(paper, id, line), quantity, reason: paper.reason, consumedOn: datedOn });
  if (kind === 'transfer') return sendStock({ ...placeOf(paper, id, line), quantity, toWarehouseId, sentOn: datedOn });
  return postAdjustment({ warehouseId, itemId: line.itemId, adjustmentId: id, line: line.line, quantity, reason, adjustedOn: datedOn });
}

/** What has left comes in: at once, or in two steps when it is received. */
function arriving(state: State, id: string, lines: readonly number[]): Next {
  const { paper, arrival, values } = state;
  if (paper.twoSteps && arrival === undefined) return { state };
  const ready = paper.lines.filter(({ line }) => lines.includes(line) && values[line] !== undefined);
  return { state, send: ready.map(line => intoStock(state, id, line)) };
}

function intoStock({ paper, arrival, values }: State, documentId: string, { line, itemId, quantity }: Line): CommandMessage {
  const lost = arrival?.lines.find(other => other.line === line)?.lost ?? NOTHING;
  return arriveStock({
    ...{ warehouseId: paper.toWarehouseId ?? '', itemId, documentId, line },
    quantity: quantityText(quantity),
    ...(lost > NOTHING && { lost: quantityText(lost) }),
    value: values[line] ?? 0,
    arrivedOn: arrival?.receivedOn ?? paper.datedOn,
  });
}

function moved(state: State, line: number | undefined): Next {
  const pending = state.pending.filter(other => other !== line);
  return pending.length === 0 ? finished : { state: { ...state, pending } };
}
