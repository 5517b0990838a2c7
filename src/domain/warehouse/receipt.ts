/** A goods receipt: what came into a warehouse, line by line. */
import { z } from 'zod';
import type { DecisionContext } from '../../kernel/command.ts';
import { type Decision, decider, invalid } from '../../kernel/decider.ts';
import { Decimal } from '../../kernel/decimal.ts';
import { type DataOf, type EventOf, event } from '../../kernel/event.ts';
import { Quantity } from '../../kernel/quantity.ts';
import { type Fault, unless } from '../faults.ts';
import { againstOneStep, type OneStepFacts, undatable } from './stock-document.ts';

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
  /** The stock with which the house takes over. */
  opening: z.literal(true).optional(),
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
export interface ReceiptFacts extends OneStepFacts {
  /** Ids of the warehouses named that are open. */
  readonly open: ReadonlySet<string>;
  /** False where a supplier is named that there is not. */
  readonly supplierExists: boolean;
  /** Ids of those of the items named that are kept in stock. */
  readonly stocked: ReadonlySet<string>;
}

type Recording = DataOf<typeof ReceiptRecorded>;

/** Draft and approval in one step, under the rules of both. */
export function recordReceipt(wish: Recording, context: DecisionContext<ReceiptFacts>): Decision<Fact> {
  const faults = faultsOf(wish, context.facts, context.today);
  if (faults.length > 0) return invalid(faults);
  const { facts } = context;
  return undatable(wish.receivedOn, facts.closedThrough, context) ?? againstOneStep(wish.receivedOn, facts) ?? enter(wish);
}

/** What was approved already. */
export const enter = (wish: Recording): Decision<Fact> => [ReceiptRecorded(wish)];

function faultsOf(
  { receivedOn, warehouseId, supplierId, lines }: Recording,
  { open, supplierExists, stocked }: ReceiptFacts,
  today: string,
): readonly Fault[] {
  return [
    ...unless(receivedOn <= today, '/receivedOn', 'Goods cannot have been received in the future.'),
    ...unless(open.has(warehouseId), '/warehouseId', `There is no open warehouse ${warehouseId}.`),
    ...unless(supplierExists, '/supplierId', `There is no account ${supplierId}.`),
    ...lines.flatMap(({ itemId }, index) =>
      unless(stocked.has(itemId), `/lines/${index}/itemId`, `There is no item ${itemId} that is kept in stock.`),
    ),
  ];
}
