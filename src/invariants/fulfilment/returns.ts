import { DeliveryPlanned, ReturnAdmitted, ReturnWithdrawn } from '../../domain/fulfilment/delivery.ts';
import { invariant } from '../../kernel/invariant.ts';

interface Goods {
  /** In thousandths, by line. */
  readonly sent: Readonly<Record<string, number>>;
  /** By return, and by line. */
  readonly admitted: Readonly<Record<string, Readonly<Record<string, number>>>>;
}

type Line = { readonly line: number; readonly quantity: number };
const byLine = (lines: readonly Line[]): Readonly<Record<string, number>> =>
  Object.fromEntries(lines.map(({ line, quantity }) => [line, quantity]));

export const returnedGoods = invariant({
  name: 'returned-goods',
  promise: 'Of each line of a delivery no more comes back, over all its returns, than left with it.',
  events: [DeliveryPlanned, ReturnAdmitted, ReturnWithdrawn],
  initial: (): Goods => ({ sent: {}, admitted: {} }),
  on: {
    DeliveryPlanned: (goods, { lines }) => ({ ...goods, sent: byLine(lines) }),
    ReturnAdmitted: (goods, { returnId, lines }) => ({ ...goods, admitted: { ...goods.admitted, [returnId]: byLine(lines) } }),
    ReturnWithdrawn: (goods, { returnId }) => ({
      ...goods,
      admitted: Object.fromEntries(Object.entries(goods.admitted).filter(([id]) => id !== returnId)),
    }),
  },
  *always({ sent, admitted }) {
    const back = new Map<string, number>();
    for (const lines of Object.values(admitted))
      for (const [line, quantity] of Object.entries(lines)) back.set(line, (back.get(line) ?? 0) + quantity);
    for (const [line, quantity] of back)
      if (quantity > (sent[line] ?? 0)) yield `${quantity} of line ${line} came back; ${sent[line] ?? 0} left`;
  },
});
