/** A goods receipt: what came into a warehouse, line by line. */
import { z } from 'zod';
import { type Decision, decider, invalid } from '../../kernel/decider.ts';
import { Decimal } from '../../kernel/decimal.ts';
import { type DataOf, type EventOf, event } from '../../kernel/event.ts';
import { Quantity } from '../../kernel/quantity.ts';
import { type Fault, unless } from '../faults.ts';

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

export const Receipt = decider({
  category: 'receipt',
  stateVersion: 1,
  events,
  initial: (): 'recorded' | undefined => undefined,
  evolve: { ReceiptRecorded: () => 'recorded' as const },
});

/** What must be known of other contexts. */
export interface ReceiptFacts {
  readonly warehouseExists: boolean;
  /** False where a supplier is named that there is not. */
  readonly supplierExists: boolean;
  /** Ids of those of the items named that are kept in stock. */
  readonly stocked: ReadonlySet<string>;
}

type Recording = DataOf<typeof ReceiptRecorded>;

export function recordReceipt(wish: Recording, facts: ReceiptFacts, today: string): Decision<Fact> {
  const faults = faultsOf(wish, facts, today);
  return faults.length > 0 ? invalid(faults) : [ReceiptRecorded(wish)];
}

function faultsOf(
  { receivedOn, warehouseId, supplierId, lines }: Recording,
  { warehouseExists, supplierExists, stocked }: ReceiptFacts,
  today: string,
): readonly Fault[] {
  return [
    ...unless(receivedOn <= today, '/receivedOn', 'Goods cannot have been received in the future.'),
    ...unless(warehouseExists, '/warehouseId', `There is no warehouse ${warehouseId}.`),
    ...unless(supplierExists, '/supplierId', `There is no account ${supplierId}.`),
    ...lines.flatMap(({ itemId }, index) =>
      unless(stocked.has(itemId), `/lines/${index}/itemId`, `There is no item ${itemId} that is kept in stock.`),
    ),
  ];
}
