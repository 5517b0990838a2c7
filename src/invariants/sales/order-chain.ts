/** From an order to its delivery and its invoice: everything that came of one order, across the contexts. */
import { InvoiceDrafted } from '../../domain/billing/invoice.ts';
import { DeliveryApproved, DeliveryCancelled, DeliveryPlanned, DeliveryShipped } from '../../domain/fulfilment/delivery.ts';
import {
  DeliveryCommitted,
  DeliveryWithdrawn,
  modifiedLines,
  orderOf,
  SalesOrderAccepted,
  SalesOrderCancelled,
  SalesOrderModified,
  SalesOrderPlaced,
} from '../../domain/sales/sales-order.ts';
import { BackorderWithdrawn, StockBackordered, StockIssued, StockReleased, StockReserved } from '../../domain/warehouse/stock.ts';
import { invariant } from '../../kernel/invariant.ts';
import { type Amounts, changed } from '../warehouse/stock.ts';

interface Line {
  readonly line: number;
  /** Item and quantity. */
  readonly goods: string;
  /** The same with what it costs. */
  readonly priced: string;
  readonly quantity: number;
  readonly stocked: boolean;
}

interface Chain {
  readonly lines: readonly Line[] | null;
  readonly accepted: boolean;
  readonly cancelled: boolean;
  /** How often the order was bound to a delivery, less how often that was taken back. */
  readonly committed: number;
  /** Thousandths by line. */
  readonly held: Amounts;
  readonly waiting: Amounts;
  readonly issued: Amounts;
  /** What each delivery brings. */
  readonly deliveries: readonly (readonly string[])[];
  readonly approved: boolean;
  readonly shipped: boolean;
  readonly withdrawn: boolean;
  /** What each invoice charges. */
  readonly invoices: readonly (readonly string[])[];
}

const goodsText = ({ line, itemId, quantity }: { readonly line: number; readonly itemId: string; readonly quantity: number }): string =>
  `${line} ${itemId} ${quantity}`;

type Charged = Parameters<typeof goodsText>[0] & {
  readonly unitPrice: string;
  readonly discount: string;
  readonly taxPercent: string;
  readonly net: { readonly minor: number };
};
const pricedText = (line: Charged): string => `${goodsText(line)} ${line.unitPrice} ${line.discount} ${line.taxPercent} ${line.net.minor}`;

const lineOf = (line: Charged & { readonly stocked: boolean }): Line => ({
  line: line.line,
  quantity: line.quantity,
  stocked: line.stocked,
  goods: goodsText(line),
  priced: pricedText(line),
});

const ofOrder = ({ orderId }: { readonly orderId?: string | undefined }): readonly string[] => (orderId === undefined ? [] : [orderId]);
const ofDocument = (_: unknown, { entityId }: { readonly entityId: string }): readonly string[] => orderOf(entityId);

export const orderChain = invariant({
  name: 'order-chain',
  promise:
    'An accepted order has its goods reserved or waiting, one delivery of them once all are reserved, and one invoice of its lines once they are shipped; any other order holds nothing.',
  events: [
    SalesOrderPlaced,
    SalesOrderModified,
    SalesOrderAccepted,
    SalesOrderCancelled,
    DeliveryCommitted,
    DeliveryWithdrawn,
    StockReserved,
    StockBackordered,
    StockReleased,
    BackorderWithdrawn,
    StockIssued,
    DeliveryPlanned,
    DeliveryApproved,
    DeliveryShipped,
    DeliveryCancelled,
    InvoiceDrafted,
  ],
  keys: {
    StockReserved: ofOrder,
    StockBackordered: ofOrder,
    StockReleased: ofOrder,
    BackorderWithdrawn: ofOrder,
    StockIssued: ofOrder,
    DeliveryPlanned: ofOrder,
    DeliveryApproved: ofDocument,
    DeliveryShipped: ofDocument,
    DeliveryCancelled: ofDocument,
    InvoiceDrafted: ofOrder,
  },
  initial: (): Chain => ({
    lines: null,
    accepted: false,
    cancelled: false,
    committed: 0,
    held: {},
    waiting: {},
    issued: {},
    deliveries: [],
    approved: false,
    shipped: false,
    withdrawn: false,
    invoices: [],
  }),
  on: {
    SalesOrderPlaced: (chain, { lines }) => ({ ...chain, lines: lines.map(lineOf) }),
    SalesOrderModified: (chain, { lines, removed }) => ({ ...chain, lines: modifiedLines(chain.lines ?? [], lines.map(lineOf), removed) }),
    SalesOrderAccepted: chain => ({ ...chain, accepted: true }),
    SalesOrderCancelled: chain => ({ ...chain, cancelled: true }),
    DeliveryCommitted: chain => ({ ...chain, committed: chain.committed + 1 }),
    DeliveryWithdrawn: chain => ({ ...chain, committed: chain.committed - 1 }),
    StockReserved: (chain, { line, quantity, waited }) => ({
      ...chain,
      held: changed(chain.held, line, quantity),
      waiting: waited ? changed(chain.waiting, line, -quantity) : chain.waiting,
    }),
    StockBackordered: (chain, { line, quantity }) => ({ ...chain, waiting: changed(chain.waiting, line, quantity) }),
    StockReleased: (chain, { line, quantity }) => ({ ...chain, held: changed(chain.held, line, -quantity) }),
    BackorderWithdrawn: (chain, { line, quantity }) => ({ ...chain, waiting: changed(chain.waiting, line, -quantity) }),
    StockIssued: (chain, { line, quantity }) => ({
      ...chain,
      held: changed(chain.held, line, -quantity),
      issued: changed(chain.issued, line, quantity),
    }),
    DeliveryPlanned: (chain, { lines }) => ({ ...chain, deliveries: [...chain.deliveries, lines.map(goodsText)] }),
    DeliveryApproved: chain => ({ ...chain, approved: true }),
    DeliveryShipped: chain => ({ ...chain, shipped: true }),
    DeliveryCancelled: chain => ({ ...chain, withdrawn: true }),
    InvoiceDrafted: (chain, { lines }) => ({ ...chain, invoices: [...chain.invoices, lines.map(pricedText)] }),
  },
  *always({ lines, deliveries, invoices }) {
    if (lines === null) yield 'there is no such order';
    if (deliveries.length > 1) yield `${deliveries.length} deliveries`;
    if (invoices.length > 1) yield `${invoices.length} invoices`;
  },
  *atRest(chain) {
    if (chain.lines === null) return;
    if (chain.accepted && !chain.cancelled) yield* faultsOfAccepted(chain, chain.lines);
    else yield* faultsOfEnded(chain);
  },
});

const same = (a: readonly string[], b: readonly string[]): boolean => a.toSorted().join('\n') === b.toSorted().join('\n');

function* faultsOfAccepted(chain: Chain, lines: readonly Line[]): Iterable<string> {
  const { held, waiting, issued, approved, shipped, committed } = chain;
  const goods = lines.filter(({ stocked }) => stocked);
  for (const { line, quantity } of goods) {
    const [holds, waits, left] = [held[line] ?? 0, waiting[line] ?? 0, issued[line] ?? 0];
    if (holds + waits + left !== quantity) yield `line ${line} has ${holds} reserved, ${waits} waiting and ${left} issued of ${quantity}`;
    if (left !== (approved ? quantity : 0)) yield `line ${line} has ${left} issued`;
  }
  if (committed !== (approved ? 1 : 0))
    yield `the delivery is ${approved ? '' : 'not '}approved, and the order is bound to it ${committed} times`;
  yield* faultsOfDelivery(chain, goods);
  yield* faultsOfInvoice(chain, lines, goods.length === 0 || shipped);
}

function* faultsOfDelivery({ waiting, deliveries }: Chain, goods: readonly Line[]): Iterable<string> {
  const [delivery] = deliveries;
  const isReady = goods.length > 0 && goods.every(({ line }) => waiting[line] === undefined);
  if (isReady && delivery === undefined) yield 'all is reserved and no delivery planned';
  if (!isReady && delivery !== undefined) yield 'a delivery is planned of what is not reserved';
  const wanted = goods.map(line => line.goods);
  if (delivery !== undefined && !same(wanted, delivery)) yield 'the delivery is of other goods';
}

function* faultsOfInvoice({ invoices }: Chain, lines: readonly Line[], isDone: boolean): Iterable<string> {
  const [invoice] = invoices;
  if (isDone && invoice === undefined) yield 'the goods are gone and no invoice drafted';
  if (!isDone && invoice !== undefined) yield 'an invoice is drafted before the goods are gone';
  const wanted = lines.map(({ priced }) => priced);
  if (invoice !== undefined && !same(wanted, invoice)) yield 'the invoice is of other lines';
}

/** Declined, cancelled or never accepted: nothing is kept for it, and nothing was sent or invoiced. */
function* faultsOfEnded({ held, waiting, issued, deliveries, withdrawn, approved, committed, invoices }: Chain): Iterable<string> {
  for (const line of new Set([held, waiting, issued].flatMap(amounts => Object.keys(amounts))))
    yield `line ${line} still has ${held[line] ?? 0} reserved, ${waiting[line] ?? 0} waiting and ${issued[line] ?? 0} issued`;
  if (deliveries.length > 0 && !withdrawn) yield 'its delivery is not cancelled';
  if (approved) yield 'its delivery was approved';
  if (committed !== 0) yield 'it is still bound to a delivery';
  if (invoices.length > 0) yield 'it was invoiced';
}
