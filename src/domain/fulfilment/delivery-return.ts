/** Goods of a delivery that come back: drafted with a reason, then approved, which puts them into stock again where they are fit for it and credits them; or rejected. */
import { z } from 'zod';
import type { DecisionContext } from '../../kernel/command.ts';
import { type Decision, decider, invalid, invalidTransition, type Refusal, refuse } from '../../kernel/decider.ts';
import { type DataOf, type EventOf, event } from '../../kernel/event.ts';
import { Quantity } from '../../kernel/quantity.ts';
import { type Fault, unless } from '../faults.ts';

/** `line` is that of the delivery and its order; `restock` is false for what cannot be sold again. */
const ReturnLine = z.strictObject({ line: z.int(), itemId: z.string(), sku: z.string(), quantity: Quantity, restock: z.boolean() });
export type ReturnLine = z.output<typeof ReturnLine>;

export const DeliveryReturnDrafted = event('DeliveryReturnDrafted', {
  deliveryId: z.string(),
  orderId: z.string(),
  accountId: z.string(),
  warehouseId: z.string(),
  reason: z.string(),
  lines: z.array(ReturnLine),
});
/** `invoiceId` is the invoice whose lines are credited. */
export const DeliveryReturnApproved = event('DeliveryReturnApproved', { returnedOn: z.iso.date(), invoiceId: z.string() });
export const DeliveryReturnRejected = event('DeliveryReturnRejected', { reason: z.string() });

const events = [DeliveryReturnDrafted, DeliveryReturnApproved, DeliveryReturnRejected] as const;
type Fact = EventOf<(typeof events)[number]>;
type Outcome = Decision<Fact>;

export type ReturnStatus = 'Draft' | 'Approved' | 'Rejected';

export interface Return {
  readonly status: ReturnStatus;
  readonly deliveryId: string;
  readonly orderId: string;
  readonly lines: readonly Pick<ReturnLine, 'line' | 'quantity'>[];
}

export const DeliveryReturn = decider({
  category: 'deliveryReturn',
  stateVersion: 1,
  events,
  initial: (): Return | undefined => undefined,
  evolve: {
    DeliveryReturnDrafted: (_, { deliveryId, orderId, lines }) => ({
      status: 'Draft',
      deliveryId,
      orderId,
      lines: lines.map(({ line, quantity }) => ({ line, quantity })),
    }),
    DeliveryReturnApproved: back => back && { ...back, status: 'Approved' },
    DeliveryReturnRejected: back => back && { ...back, status: 'Rejected' },
  },
});

/** What the delivery was; null where there is none. */
export interface ReturnFacts {
  readonly delivery:
    | (Pick<DataOf<typeof DeliveryReturnDrafted>, 'orderId' | 'accountId' | 'warehouseId'> & {
        readonly lines: readonly Pick<ReturnLine, 'line' | 'itemId' | 'sku'>[];
      })
    | null;
}

interface Wish {
  readonly deliveryId: string;
  readonly reason: string;
  readonly lines: readonly Pick<ReturnLine, 'line' | 'quantity' | 'restock'>[];
}

export function draft({ deliveryId, reason, lines }: Wish, { facts: { delivery } }: DecisionContext<ReturnFacts>): Outcome {
  if (delivery === null) return invalid([{ pointer: '/deliveryId', detail: `There is no delivery ${deliveryId}.` }]);
  const sent = new Map(delivery.lines.map(line => [line.line, line]));
  const faults = faultsOf(lines, sent);
  if (faults.length > 0) return invalid(faults);
  const { orderId, accountId, warehouseId } = delivery;
  const goods = lines.flatMap(wish => {
    const line = sent.get(wish.line);
    return line === undefined ? [] : [{ ...wish, itemId: line.itemId, sku: line.sku }];
  });
  return [DeliveryReturnDrafted({ deliveryId, orderId, accountId, warehouseId, reason, lines: goods })];
}

const faultsOf = (lines: Wish['lines'], sent: ReadonlyMap<number, unknown>): readonly Fault[] =>
  lines.flatMap(({ line }, index) => [
    ...unless(sent.has(line), `/lines/${index}/line`, `The delivery has no line ${line}.`),
    ...unless(lines.findIndex(other => other.line === line) === index, `/lines/${index}/line`, `Line ${line} is named twice.`),
  ]);

/** The invoice that carries the goods; null while none is issued. */
export interface CreditFacts {
  readonly invoiceId: string | null;
}

/** What was never invoiced cannot be credited: first the invoice, then the return. */
export function approve({ status }: Return, _: unknown, { facts: { invoiceId }, today }: DecisionContext<CreditFacts>): Outcome {
  if (status === 'Approved') return [];
  if (status !== 'Draft') return unfit(status, 'approved');
  if (invoiceId === null)
    return refuse('InvoiceNotIssued', 'The invoice of these goods is not issued yet; issue it first, and it can be credited.');
  return [DeliveryReturnApproved({ returnedOn: today, invoiceId })];
}

export function reject({ status }: Return, { reason }: DataOf<typeof DeliveryReturnRejected>): Outcome {
  if (status === 'Rejected') return [];
  return status === 'Draft' ? [DeliveryReturnRejected({ reason })] : unfit(status, 'rejected');
}

const unfit = (status: ReturnStatus, wanted: string): Refusal => invalidTransition(`A return that is ${status} cannot be ${wanted}.`, []);
