import { receiveStock } from '../../commands/warehouse/stock.ts';
import { Receipt, ReceiptRecorded } from '../../domain/warehouse/receipt.ts';
import { StockReceived } from '../../domain/warehouse/stock.ts';
import type { DataOf } from '../../kernel/event.ts';
import { quantityText } from '../../kernel/quantity.ts';
import { finished, saga } from '../../kernel/saga.ts';

interface State {
  /** Numbers of the lines that are not in stock yet. */
  readonly pending: readonly number[];
}

/** Puts every line of a goods receipt into its stock cell; the cells then serve those who wait. */
export const goodsReceipt = saga({
  name: 'goods-receipt',
  stateVersion: 1,
  events: [ReceiptRecorded, StockReceived],
  startedBy: ['ReceiptRecorded'],
  instances: {
    ReceiptRecorded: (_, { entityId }) => [entityId],
    StockReceived: ({ receiptId }) => [receiptId],
  },
  initial: (): State => ({ pending: [] }),
  on: {
    ReceiptRecorded: (_, receipt, receiptId) => ({
      state: { pending: receipt.lines.map(({ line }) => line) },
      send: receipt.lines.map(line => intoStock(receiptId, receipt, line)),
    }),
    StockReceived: ({ pending }, { line }) => {
      const left = pending.filter(other => other !== line);
      return left.length === 0 ? finished : { state: { pending: left } };
    },
  },
  alarms: {},
  waits: {
    storing: ({ pending }) => ({
      reason: `${pending.length === 1 ? 'One line of the receipt is' : `${pending.length} lines of the receipt are`} being put into stock.`,
      next: 'Those who wait for these goods are served, oldest order first.',
    }),
  },
  waitsFor: () => 'storing',
  onAbandon: ({ pending }) => ({
    stays: `${pending.length === 1 ? 'One line of the receipt is' : `${pending.length} lines of the receipt are`} not in stock; adjust the stock by hand.`,
  }),
  about: id => ({ category: Receipt.category, id }),
});

type Recorded = DataOf<typeof ReceiptRecorded>;

const intoStock = (receiptId: string, { warehouseId, receivedOn, opening }: Recorded, { quantity, ...line }: Recorded['lines'][number]) =>
  receiveStock({ ...line, quantity: quantityText(quantity), warehouseId, receiptId, receivedOn, ...(opening && { opening }) });
