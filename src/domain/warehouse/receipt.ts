/** A goods receipt: what came into a warehouse, line by line. */
import { z } from 'zod';
import { type Decision, decider, invalid } from '../../kernel/decider.ts';
import { Decimal } from '../../kernel/decimal.ts';
import { type DataOf, type EventOf, event } from '../../kernel/event.ts';
import { Quantity } from '../../kernel/quantity.ts';

export const ReceiptLine = z.strictObject({
  line: z.int(),
  itemId: z.string(),
  quantity: Quantity,
  /** Cost of one unit of measure. */
  unitCost: Decimal.optional(),
});
export type ReceiptLine = z.output<typeof ReceiptLine>;

/** `reference` is the supplier's number of the delivery. */
export const ReceiptRecorded = event('ReceiptRecorded', {
  warehouseId: z.string(),
  receivedOn: z.iso.date(),
  reference: z.string().optional(),
  supplierId: z.string().optional(),
  lines: z.array(ReceiptLine),
});

const events = [ReceiptRecorded] as const;
type Fact = EventOf<(typeof events)[number]>;

interface State {
  readonly recorded: boolean;
}

export const Receipt = decider({
  category: 'receipt',
  stateVersion: 1,
  events,
  initial: (): State => ({ recorded: false }),
  evolve: { ReceiptRecorded: (): State => ({ recorded: true }) },
});

export function recordReceipt({ recorded }: State, wish: DataOf<typeof ReceiptRecorded>, today: string): Decision<Fact> {
  if (recorded) return [];
  if (wish.receivedOn > today) return invalid([{ pointer: '/receivedOn', detail: 'Goods cannot have been received in the future.' }]);
  return [ReceiptRecorded(wish)];
}
