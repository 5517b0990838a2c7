/** From an order to its deliveries and its invoices: everything that came of one order, across the contexts. */
import { InvoiceDrafted } from '../../domain/billing/invoice.ts';
import { DeliveryApproved, DeliveryCancelled, DeliveryPlanned, DeliveryShipped } from '../../domain/fulfilment/delivery.ts';
import {
  DeliveryCommitted,
  DeliveryWithdrawn,
  modifiedLines,
  orderOf,
  SalesOrderAccepted,
  SalesOrderCancelled,
  SalesOrderClosedShort,
  SalesOrderModified,
  SalesOrderPlaced,
  ShipPolicyChanged,
} from '../../domain/sales/sales-order.ts';
import { BackorderWithdrawn, StockBackordered, StockIssued, StockReleased, StockReserved } from '../../domain/warehouse/stock.ts';
import { invariant } from '../../kernel/invariant.ts';
import { type Amounts, changed, sumOf } from '../warehouse/stock.ts';

interface Line {
  readonly line: number;
  readonly quantity: number;
  readonly stocked: boolean;
  /** Item and price. */
  readonly terms: string;
}

interface Delivery {
  readonly at: 'planned' | 'approved' | 'shipped' | 'cancelled';
  readonly lines: Amounts;
}

interface Chain {
  readonly lines: readonly Line[] | null;
  readonly accepted: boolean;
  readonly cancelled: boolean;
  readonly inParts: boolean;
  readonly mode: 'manual' | 'atAcceptance' | 'atShipping';
  /** Thousandths by line: what will not be delivered. */
  readonly short: Amounts;
  /** Deliveries the order is bound to. */
  readonly committed: readonly string[];
  readonly held: Amounts;
  readonly waiting: Amounts;
  readonly issued: Amounts;
  readonly deliveries: Readonly<Record<string, Delivery>>;
  readonly invoiced: Amounts;
  /** What is wrong with lines of invoices. */
  readonly mischarged: readonly string[];
}

type Priced = Omit<Line, 'terms'> & {
  readonly itemId: string;
  readonly unitPrice: string;
  readonly discount: string;
  readonly taxPercent: string;
};

const lineOf = ({ line, quantity, stocked, itemId, unitPrice, discount, taxPercent }: Priced): Line => ({
  line,
  quantity,
  stocked,
  terms: `${itemId} at ${unitPrice} less ${discount} with ${taxPercent}`,
});

const amounts = (parts: readonly { readonly line: number; readonly quantity: number }[]): Amounts =>
  parts.reduce<Amounts>((sum, { line, quantity }) => changed(sum, line, quantity), {});
const added = (to: Amounts, parts: Amounts): Amounts => Object.entries(parts).reduce((sum, [line, by]) => changed(sum, line, by), to);

const ofOrder = ({ orderId }: { readonly orderId?: string | undefined }): readonly string[] => (orderId === undefined ? [] : [orderId]);
const ofDocument = (_: unknown, { entityId }: { readonly entityId: string }): readonly string[] => orderOf(entityId);

const put = (chain: Chain, id: string, at: Delivery['at'], lines: Amounts = chain.deliveries[id]?.lines ?? {}): Chain => ({
  ...chain,
  deliveries: { ...chain.deliveries, [id]: { at, lines } },
});

export const orderChain = invariant({
  name: 'order-chain',
  promise:
    'What is ordered of an accepted order is reserved, waiting, delivered or cancelled; what is reserved is on its way as far as the order goes out in parts; what was shipped, or by hand not more, or at acceptance all of it, is invoiced at the prices of the order; any other order holds nothing.',
  events: [
    SalesOrderPlaced,
    SalesOrderModified,
    SalesOrderAccepted,
    SalesOrderCancelled,
    SalesOrderClosedShort,
    ShipPolicyChanged,
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
    inParts: false,
    mode: 'atShipping',
    short: {},
    committed: [],
    held: {},
    waiting: {},
    issued: {},
    deliveries: {},
    invoiced: {},
    mischarged: [],
  }),
  on: {
    SalesOrderPlaced: (chain, { lines, shipPolicy, invoiceMode = 'atShipping' }) => ({
      ...chain,
      lines: lines.map(lineOf),
      inParts: shipPolicy === 'shipPartial',
      mode: invoiceMode,
    }),
    SalesOrderModified: (chain, { lines, removed }) => ({ ...chain, lines: modifiedLines(chain.lines ?? [], lines.map(lineOf), removed) }),
    SalesOrderAccepted: chain => ({ ...chain, accepted: true }),
    SalesOrderCancelled: chain => ({ ...chain, cancelled: true }),
    SalesOrderClosedShort: (chain, { lines }) => ({ ...chain, short: added(chain.short, amounts(lines)) }),
    ShipPolicyChanged: (chain, { shipPolicy }) => ({ ...chain, inParts: shipPolicy === 'shipPartial' }),
    DeliveryCommitted: (chain, { deliveryId }) => ({ ...chain, committed: [...chain.committed, deliveryId] }),
    DeliveryWithdrawn: (chain, { deliveryId, lines = [] }) => ({
      ...chain,
      committed: chain.committed.filter(id => id !== deliveryId),
      short: Object.keys(chain.short).length > 0 ? added(chain.short, amounts(lines)) : chain.short,
    }),
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
    DeliveryPlanned: (chain, { lines }, _, { entityId }) => put(chain, entityId, 'planned', amounts(lines)),
    DeliveryApproved: (chain, _, _key, { entityId }) => put(chain, entityId, 'approved'),
    DeliveryShipped: (chain, _, _key, { entityId }) => put(chain, entityId, 'shipped'),
    DeliveryCancelled: (chain, _, _key, { entityId }) => put(chain, entityId, 'cancelled'),
    InvoiceDrafted: (chain, { lines }) => ({
      ...chain,
      invoiced: added(chain.invoiced, amounts(lines)),
      mischarged: [...chain.mischarged, ...mischarged(chain, lines)],
    }),
  },
  *always({ lines, invoiced, mischarged }) {
    if (lines === null) yield 'there is no such order';
    yield* mischarged;
    for (const { line, quantity } of lines ?? [])
      if ((invoiced[line] ?? 0) > quantity) yield `line ${line} is invoiced ${invoiced[line]} of ${quantity}`;
  },
  *atRest(chain) {
    if (chain.lines === null) return;
    if (chain.accepted && !chain.cancelled) yield* faultsOfAccepted(chain, chain.lines);
    else yield* faultsOfEnded(chain);
  },
});

const mischarged = (chain: Chain, lines: readonly Priced[]): readonly string[] =>
  lines.map(lineOf).flatMap(({ line, terms }) => {
    const ordered = chain.lines?.find(known => known.line === line);
    return ordered?.terms === terms ? [] : [`line ${line} is invoiced as ${terms}`];
  });

/** What deliveries in these states bring of each line. */
const broughtBy = ({ deliveries }: Chain, ...at: readonly Delivery['at'][]): Amounts =>
  Object.values(deliveries)
    .filter(delivery => at.includes(delivery.at))
    .reduce<Amounts>((sum, { lines }) => added(sum, lines), {});

function* faultsOfAccepted(chain: Chain, lines: readonly Line[]): Iterable<string> {
  const { held, waiting, issued, short, deliveries, committed } = chain;
  const out = broughtBy(chain, 'approved', 'shipped');
  const planned = broughtBy(chain, 'planned');
  const goods = lines.filter(({ stocked }) => stocked);
  for (const { line, quantity } of goods) {
    const [holds, waits, left, gone] = [held, waiting, issued, short].map(of => of[line] ?? 0) as [number, number, number, number];
    if (holds + waits + left + gone !== quantity)
      yield `line ${line} has ${holds} reserved, ${waits} waiting, ${left} delivered and ${gone} cancelled of ${quantity}`;
    if (left !== (out[line] ?? 0)) yield `line ${line} has ${left} issued, and deliveries of ${out[line] ?? 0} are approved`;
    if ((planned[line] ?? 0) > holds) yield `line ${line} has ${planned[line]} on a delivery and only ${holds} reserved`;
  }
  const ids = Object.keys(deliveries).filter(id => ['approved', 'shipped'].includes(deliveries[id]?.at ?? ''));
  if (committed.toSorted().join() !== ids.sort().join()) yield `it is bound to ${committed.join()}, and ${ids.join()} are approved`;
  yield* faultsOfPlanning(chain);
  yield* faultsOfInvoices(chain, lines);
}

/** Nothing that may go out lies about: one delivery at a time waits for approval, and takes what is reserved. */
function* faultsOfPlanning(chain: Chain): Iterable<string> {
  const { held, waiting, inParts, deliveries } = chain;
  const open = Object.values(deliveries).filter(({ at }) => at === 'planned').length;
  const mayGo = sumOf(Object.values(held)) > 0 && (inParts || Object.keys(waiting).length === 0);
  if (open > 1) yield `${open} deliveries wait for approval`;
  if (mayGo && open === 0) yield 'goods are reserved and no delivery is planned';
}

function* faultsOfInvoices(chain: Chain, lines: readonly Line[]): Iterable<string> {
  const { mode, invoiced } = chain;
  const out = broughtBy(chain, ...(mode === 'manual' ? (['approved', 'shipped'] as const) : (['shipped'] as const)));
  const isDue = !lines.some(({ stocked }) => stocked) || Object.keys(out).length > 0;
  for (const { line, quantity, stocked } of lines) {
    const due = mode === 'atAcceptance' ? quantity : stocked ? (out[line] ?? 0) : isDue ? quantity : 0;
    const is = invoiced[line] ?? 0;
    if (mode === 'manual' ? is > due : is !== due) yield `line ${line} has ${due} to invoice, and ${is} are`;
  }
}

/** Declined, cancelled or never accepted: nothing is kept for it, and nothing was sent or invoiced. */
function* faultsOfEnded({ held, waiting, issued, deliveries, committed, invoiced }: Chain): Iterable<string> {
  for (const line of new Set([held, waiting, issued].flatMap(of => Object.keys(of))))
    yield `line ${line} still has ${held[line] ?? 0} reserved, ${waiting[line] ?? 0} waiting and ${issued[line] ?? 0} issued`;
  for (const [id, { at }] of Object.entries(deliveries)) if (at !== 'cancelled') yield `its delivery ${id} is ${at}`;
  if (committed.length > 0) yield 'it is still bound to a delivery';
  if (Object.keys(invoiced).length > 0) yield 'it was invoiced';
}
