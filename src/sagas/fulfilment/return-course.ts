import { creditReturn } from '../../commands/billing/credit-note.ts';
import { approveDeliveryReturn } from '../../commands/fulfilment/delivery-return.ts';
import { returnStock } from '../../commands/warehouse/stock.ts';
import { CreditNoteIssued } from '../../domain/billing/credit-note.ts';
import { ReturnAdmitted, ReturnWithdrawn } from '../../domain/fulfilment/delivery.ts';
import {
  DeliveryReturn,
  DeliveryReturnApproved,
  DeliveryReturnDrafted,
  DeliveryReturnRejected,
  type ReturnLine,
} from '../../domain/fulfilment/delivery-return.ts';
import { StockReturned } from '../../domain/warehouse/stock.ts';
import type { CommandMessage } from '../../kernel/command.ts';
import type { ViewMeta } from '../../kernel/projection.ts';
import { quantityText } from '../../kernel/quantity.ts';
import { finished, type Step, saga, unmoved } from '../../kernel/saga.ts';

/** Long past any request's patience: whoever approved has died before the end, and it is approved once more. */
const PATIENCE = 'PT10M';

interface State {
  readonly deliveryId: string;
  readonly warehouseId: string;
  readonly reason: string;
  readonly lines: readonly ReturnLine[];
  readonly approved: boolean;
  /** Lines that are not in stock again yet. */
  readonly pending: readonly number[];
  readonly credited: boolean;
}

const byReturn = (_: unknown, { entityId }: ViewMeta): readonly string[] => [entityId];
const named = ({ returnId }: { readonly returnId: string }): readonly string[] => [returnId];

/** The credit note of a return bears its id. */
const creditNoteId = (returnId: string): string => `${returnId}~1`;

/** Puts what came back into stock, and credits it. */
export const returnCourse = saga({
  name: 'return-course',
  stateVersion: 1,
  events: [
    DeliveryReturnDrafted,
    ReturnAdmitted,
    ReturnWithdrawn,
    DeliveryReturnApproved,
    DeliveryReturnRejected,
    StockReturned,
    CreditNoteIssued,
  ],
  startedBy: ['DeliveryReturnDrafted'],
  instances: {
    DeliveryReturnDrafted: byReturn,
    ReturnAdmitted: named,
    ReturnWithdrawn: named,
    DeliveryReturnApproved: byReturn,
    DeliveryReturnRejected: byReturn,
    StockReturned: named,
    CreditNoteIssued: (_, { entityId }) => [entityId.replace(/~1$/, '')],
  },
  initial: (): State => ({ deliveryId: '', warehouseId: '', reason: '', lines: [], approved: false, pending: [], credited: false }),
  on: {
    DeliveryReturnDrafted: (state, { deliveryId, warehouseId, reason, lines }) => ({
      state: { ...state, deliveryId, warehouseId, reason, lines },
    }),
    ReturnAdmitted: state => (state.approved ? unmoved : { wake: { unapproved: PATIENCE } }),
    ReturnWithdrawn: () => ({ sleep: ['unapproved'] }),
    DeliveryReturnApproved: (state, { returnedOn, invoiceId }, returnId) => ({
      state: { ...state, approved: true, pending: sellable(state).map(({ line }) => line) },
      send: [...restocking(state, returnId, returnedOn), crediting(state, returnId, invoiceId)],
      sleep: ['unapproved'],
    }),
    DeliveryReturnRejected: () => finished,
    StockReturned: (state, { line }) => settled({ ...state, pending: state.pending.filter(other => other !== line) }),
    CreditNoteIssued: state => settled({ ...state, credited: true }),
  },
  alarms: { unapproved: (_, id) => ({ send: [approveDeliveryReturn({ id })] }) },
  waits: {
    approval: (_, id) => ({
      reason: 'Goods come back, and nobody has approved it yet.',
      next: 'What is fit for it goes into stock again, and all of it is credited.',
      record: { category: DeliveryReturn.category, id },
      movedBy: { command: 'ApproveDeliveryReturn', permission: 'fulfilment:approve' },
    }),
    settling: () => ({ reason: 'What came back is being put into stock and credited.', next: 'The return is complete.' }),
  },
  waitsFor: ({ approved }) => (approved ? 'settling' : 'approval'),
  onAbandon: ({ approved }) => ({
    stays: approved
      ? 'What is in stock or credited already stays so; adjust the stock and credit the invoice by hand for the rest.'
      : 'The return stays a draft; reject it, or note the goods anew.',
  }),
  about: id => ({ category: DeliveryReturn.category, id }),
});

const sellable = ({ lines }: State): readonly ReturnLine[] => lines.filter(({ restock }) => restock);

const restocking = (state: State, returnId: string, returnedOn: string): CommandMessage[] =>
  sellable(state).map(({ line, itemId, quantity }) =>
    returnStock({
      warehouseId: state.warehouseId,
      itemId,
      returnId,
      deliveryId: state.deliveryId,
      line,
      quantity: quantityText(quantity),
      returnedOn,
    }),
  );

const crediting = ({ reason, lines }: State, returnId: string, id: string): CommandMessage =>
  creditReturn({
    id,
    returnId,
    creditNoteId: creditNoteId(returnId),
    reason,
    lines: lines.map(({ line, quantity }) => ({ line, quantity: quantityText(quantity) })),
  });

const settled = (state: State): Step<State, never> => (state.credited && state.pending.length === 0 ? finished : { state });
