/** Invoicing an order by hand: what was delivered and no more, services once anything was. */
import { type Decision, invalid, refuse } from '../../kernel/decider.ts';
import { minus, NOTHING, type Quantity, quantityText, smaller } from '../../kernel/quantity.ts';
import { unless } from '../faults.ts';
import { hasGoods, type LinePart, type Order, type OrderFact, type OrderLine, SalesOrderInvoicingAsked, unfit } from './sales-order.ts';

/** Invoices of one order; as many as its deliveries. */
const INVOICES_MAX = 50;

/** `lines` absent: all that can be invoiced now. */
export function askInvoice(order: Order, { lines }: { readonly lines?: readonly LinePart[] | undefined }): Decision<OrderFact> {
  if (order.status !== 'Accepted') return unfit(order, 'invoiced');
  if (order.invoiceMode !== 'manual')
    return refuse('InvoiceModeConflict', `This order is invoiced ${order.invoiceMode} by itself; by hand it would be invoiced twice.`);
  if (order.invoices >= INVOICES_MAX) return refuse('TooManyInvoices', `An order is invoiced by ${INVOICES_MAX} invoices at most.`);
  const asked = lines ?? order.lines.map(line => ({ line: line.line, quantity: invoiceable(order, line) }));
  const parts = asked.filter(({ quantity }) => quantity > NOTHING);
  if (parts.length === 0) return refuse('NothingToInvoice', 'All that was delivered of this order is invoiced.');
  return faultOf(order, parts) ?? [SalesOrderInvoicingAsked({ number: order.invoices + 1, lines: parts })];
}

/** What of a line may be invoiced now. */
function invoiceable(order: Order, line: OrderLine): Quantity {
  const due = line.stocked ? line.delivered : order.deliveries.length > 0 || !hasGoods(order) ? line.quantity : NOTHING;
  return minus(due, smaller(due, line.invoiced));
}

function faultOf(order: Order, parts: readonly LinePart[]) {
  const lineOf = (number: number) => order.lines.find(({ line }) => line === number);
  const faults = parts.flatMap(({ line }, index) =>
    unless(lineOf(line) !== undefined, `/lines/${index}/line`, `The order has no line ${line}.`),
  );
  if (faults.length > 0) return invalid(faults);
  if (new Set(parts.map(({ line }) => line)).size < parts.length)
    return invalid([{ pointer: '/lines', detail: 'Each line may be named once.' }]);
  const early = parts.find(({ line, quantity }) => quantity > invoiceable(order, lineOf(line) as OrderLine));
  if (early === undefined) return undefined;
  const may = quantityText(invoiceable(order, lineOf(early.line) as OrderLine));
  return refuse(
    'InvoiceBeforeDelivery',
    `Line ${early.line}: ${quantityText(early.quantity)} were to be invoiced, but only ${may} are delivered and not invoiced yet.`,
    {
      line: early.line,
      invoiceable: may,
    },
  );
}
