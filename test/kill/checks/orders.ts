import { all, type Check, categoryOf, type History, has, type Logged, streamsOf } from '../history.ts';
import type { Line } from './money.ts';
import { type Cell, cellsOf } from './stock.ts';

interface Placed {
  readonly warehouseId: string;
  readonly lines: readonly Line[];
}

/** Everything that came of one order. */
interface Chain {
  readonly id: string;
  readonly order: readonly Logged[];
  readonly lines: readonly Line[];
  readonly goods: readonly (Line & { readonly held: number; readonly waiting: number; readonly issued: number })[];
  readonly deliveries: readonly (readonly Logged[])[];
  readonly invoices: readonly (readonly Logged[])[];
}

/** I7: at rest every order has exactly the chain its state asks for, and what was cancelled holds nothing any more. */
export const chained: Check = function* (history) {
  const chains = chainsOf(history);
  for (const chain of chains) {
    for (const fault of faultsOf(chain)) yield `order ${chain.id}: ${fault}`;
  }
  const known = new Set(chains.map(({ id }) => id));
  for (const { stream, type, data } of history.events)
    if (typeof data['orderId'] === 'string' && !known.has(data['orderId'])) yield `${type} in ${stream} is of an order that there is not`;
};

function chainsOf(history: History): readonly Chain[] {
  const cells = cellsOf(history);
  const byOrder = (category: string, type: string) =>
    Map.groupBy([...streamsOf(history, category).values()], events => all<{ orderId: string }>(events, type)[0]?.orderId);
  const deliveries = byOrder('delivery', 'DeliveryPlanned');
  const invoices = byOrder('invoice', 'InvoiceDrafted');
  return [...streamsOf(history, 'salesOrder')].map(([id, order]) => {
    const [{ warehouseId, lines } = { warehouseId: '', lines: [] }] = all<Placed>(order, 'SalesOrderPlaced');
    const goods = lines
      .filter(({ stocked }) => stocked)
      .map(line => ({ ...line, ...standing(cells.get(`${warehouseId}~${line.itemId}`), `${id}~${line.line}`) }));
    return { id, order, lines, goods, deliveries: deliveries.get(id) ?? [], invoices: invoices.get(id) ?? [] };
  });
}

const standing = (cell: Cell | undefined, reservation: string) => ({
  held: cell?.held.get(reservation) ?? 0,
  waiting: cell?.waiting.get(reservation) ?? 0,
  issued: cell?.issued.get(reservation) ?? 0,
});

function* faultsOf(chain: Chain): Iterable<string> {
  const { order, deliveries, invoices } = chain;
  if (deliveries.length > 1) yield `${deliveries.length} deliveries`;
  if (invoices.length > 1) yield `${invoices.length} invoices`;
  if (has(order, 'SalesOrderAccepted') && !has(order, 'SalesOrderCancelled')) yield* faultsOfAccepted(chain);
  else yield* faultsOfEnded(chain);
}

function* faultsOfAccepted({ order, lines, goods, deliveries, invoices }: Chain): Iterable<string> {
  const [delivery = []] = deliveries;
  const [invoice = []] = invoices;
  for (const { line, quantity, held, waiting, issued } of goods)
    if (held + waiting + issued !== quantity)
      yield `line ${line} has ${held} reserved, ${waiting} waiting and ${issued} issued of ${quantity}`;
  const isReady = goods.length > 0 && goods.every(({ waiting }) => waiting === 0);
  if (isReady !== has(delivery, 'DeliveryPlanned'))
    yield isReady ? 'all is reserved and no delivery planned' : 'a delivery is planned of what is not reserved';
  if (has(delivery, 'DeliveryPlanned') && !sameGoods(goods, delivery)) yield 'the delivery is of other goods';
  const approved = has(delivery, 'DeliveryApproved');
  const committed = all(order, 'DeliveryCommitted').length - all(order, 'DeliveryWithdrawn').length;
  if (committed !== (approved ? 1 : 0))
    yield `the delivery is ${approved ? '' : 'not '}approved, and the order is bound to it ${committed} times`;
  for (const { line, quantity, issued } of goods) if (issued !== (approved ? quantity : 0)) yield `line ${line} has ${issued} issued`;
  const done = goods.length === 0 || has(delivery, 'DeliveryShipped');
  if (done !== has(invoice, 'InvoiceDrafted'))
    yield done ? 'the goods are gone and no invoice drafted' : 'an invoice is drafted before the goods are gone';
  if (done && !sameLines(lines, all<{ lines: readonly Line[] }>(invoice, 'InvoiceDrafted')[0]?.lines ?? []))
    yield 'the invoice is of other lines';
}

/** Declined, cancelled or never accepted: nothing is kept for it, and nothing was sent or invoiced. */
function* faultsOfEnded({ order, goods, deliveries: [delivery = []], invoices }: Chain): Iterable<string> {
  for (const { line, held, waiting, issued } of goods)
    if (held !== 0 || waiting !== 0 || issued !== 0)
      yield `line ${line} still has ${held} reserved, ${waiting} waiting and ${issued} issued`;
  if (has(delivery, 'DeliveryPlanned') && !has(delivery, 'DeliveryCancelled')) yield 'its delivery is not cancelled';
  if (has(delivery, 'DeliveryApproved')) yield 'its delivery was approved';
  if (all(order, 'DeliveryCommitted').length !== all(order, 'DeliveryWithdrawn').length) yield 'it is still bound to a delivery';
  if (invoices.length > 0) yield 'it was invoiced';
}

const keyOf = ({ line, itemId, quantity }: Line): string => `${line} ${itemId} ${quantity}`;
const priceOf = (line: Line): string => `${keyOf(line)} ${line.unitPrice} ${line.discount} ${line.taxPercent} ${line.net.minor}`;
const same = (a: readonly string[], b: readonly string[]): boolean => a.toSorted().join('\n') === b.toSorted().join('\n');

const sameLines = (a: readonly Line[], b: readonly Line[]): boolean => same(a.map(priceOf), b.map(priceOf));
const sameGoods = (goods: readonly Line[], delivery: readonly Logged[]): boolean =>
  same(
    goods.map(keyOf),
    all<{ lines: readonly Line[] }>(delivery, 'DeliveryPlanned').flatMap(({ lines }) => lines.map(keyOf)),
  );

/** By kind of record and event: after which events it may come; '' is the beginning. */
const LAWFUL: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>> = {
  salesOrder: {
    SalesOrderPlaced: [''],
    SalesOrderAccepted: ['SalesOrderPlaced'],
    SalesOrderDeclined: ['SalesOrderPlaced'],
    SalesOrderCancelled: ['SalesOrderAccepted', 'DeliveryWithdrawn'],
    DeliveryCommitted: ['SalesOrderAccepted', 'DeliveryWithdrawn'],
    DeliveryWithdrawn: ['DeliveryCommitted'],
  },
  delivery: {
    DeliveryPlanned: [''],
    DeliveryApproved: ['DeliveryPlanned'],
    DeliveryShipped: ['DeliveryApproved'],
    DeliveryDelivered: ['DeliveryShipped'],
    DeliveryCancelled: ['DeliveryPlanned'],
  },
  invoice: {
    InvoiceDrafted: [''],
    InvoiceIssueStarted: ['InvoiceDrafted', 'InvoiceIssueWithdrawn'],
    InvoiceIssued: ['InvoiceIssueStarted'],
    InvoiceIssueWithdrawn: ['InvoiceIssueStarted'],
    PaymentApplied: ['InvoiceIssued', 'PaymentApplied', 'PaymentUnapplied'],
    PaymentUnapplied: ['PaymentApplied', 'PaymentUnapplied'],
  },
  payment: { PaymentRecorded: [''], PaymentLapsed: [''] },
  receipt: { ReceiptRecorded: [''] },
};

/** I8: no record takes a step that its kind does not know. */
export const lawful: Check = function* ({ events }) {
  const last = new Map<string, string>();
  for (const { stream, type } of events) {
    const law = LAWFUL[categoryOf(stream)];
    const before = last.get(stream) ?? '';
    if (law !== undefined && !law[type]?.includes(before)) yield `${stream}: ${type} after ${before || 'nothing'}`;
    last.set(stream, type);
  }
};

/** I14: no process met a fault that stopped it. */
export const unparked: Check = function* ({ events }) {
  for (const { type, stream, data } of events) if (type === 'ProcessParked') yield `${stream} is parked: ${data['reason']}`;
};
