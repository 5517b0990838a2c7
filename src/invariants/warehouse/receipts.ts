import { ReceiptRecorded } from '../../domain/warehouse/receipt.ts';
import { documentLine, StockReceived } from '../../domain/warehouse/stock.ts';
import { invariant, NOTHING_YET, steps } from '../../kernel/invariant.ts';

const goods = ({ itemId, quantity }: { readonly itemId: string; readonly quantity: number }): string => `${quantity} of ${itemId}`;

interface ReceivedLine {
  readonly recorded: string | null;
  readonly came: readonly string[];
}

export const receiptsInStock = invariant({
  name: 'receipts-in-stock',
  promise: 'Every line of every receipt comes into stock once, as it was recorded.',
  events: [ReceiptRecorded, StockReceived],
  keys: {
    ReceiptRecorded: ({ lines }, { entityId }) => lines.map(({ line }) => documentLine({ documentId: entityId, line })),
    StockReceived: ({ receiptId, line }) => [documentLine({ documentId: receiptId, line })],
  },
  initial: (): ReceivedLine => ({ recorded: null, came: [] }),
  on: {
    ReceiptRecorded: (state, { lines }, key, { entityId }) => {
      const own = lines.find(({ line }) => documentLine({ documentId: entityId, line }) === key);
      return { ...state, recorded: own === undefined ? null : goods(own) };
    },
    StockReceived: (state, received) => ({ ...state, came: [...state.came, goods(received)] }),
  },
  *always({ recorded, came }) {
    if (came.length > 1) yield `came into stock ${came.length} times`;
    for (const arrived of came) if (arrived !== recorded) yield `${arrived} came into stock, but ${recorded ?? 'nothing'} was recorded`;
  },
  *atRest({ recorded, came }) {
    if (recorded !== null && came.length === 0) yield `${recorded} never came into stock`;
  },
});

export const receiptSteps = steps({
  name: 'receipt-steps',
  promise: 'A receipt is recorded once.',
  events: [ReceiptRecorded],
  mayFollow: { ReceiptRecorded: [NOTHING_YET] },
});
