import type { Check, Logged } from '../history.ts';
import { answersOf, type Command, isRefused } from '../ledger.ts';

/** What each route that the load uses leaves in the log when it is acknowledged, and nothing else. */
const LEAVES: Readonly<Record<string, string>> = {
  'POST /warehouses': 'WarehouseOpened',
  'POST /items': 'ItemAdded',
  'POST /accounts': 'AccountCreated',
  'POST /receipts': 'ReceiptRecorded',
  'POST /stock-documents/transfers': 'StockDocumentDrafted',
  'POST /stock-documents/:id/approve': 'StockDocumentApproved',
  'POST /delivery-returns': 'DeliveryReturnDrafted',
  'POST /delivery-returns/:id/approve': 'DeliveryReturnApproved',
  'POST /sales-orders': 'SalesOrderPlaced',
  'POST /sales-orders/:id/accept': 'SalesOrderAccepted',
  'POST /sales-orders/:id/decline': 'SalesOrderDeclined',
  'POST /sales-orders/:id/cancel': 'SalesOrderCancelled',
  'POST /deliveries/:id/approve': 'DeliveryApproved',
  'POST /deliveries/:id/ship': 'DeliveryShipped',
  'POST /deliveries/:id/deliver': 'DeliveryDelivered',
  'POST /invoices/:id/issue': 'InvoiceIssueStarted',
  'POST /payments': 'PaymentRecorded',
};
/** An adjustment may at once serve those who wait. */
const ADJUSTMENT = 'POST /adjustments';

/** I1: what was acknowledged is in the log exactly once, what was refused not at all, and nothing nobody asked for. */
export const acknowledged: Check = function* ({ events, commands }) {
  const byCommand = Map.groupBy(events, ({ metadata }) => metadata?.commandId);
  for (const command of commands) {
    const left = byCommand.get(command.id) ?? [];
    const name = `${command.n} (${command.route})`;
    if (answersOf(command).length > 0) yield* promised(command, left, name);
    else if (!isRefused(command)) yield `${name} never came to a known outcome`;
    else if (left.length > 0) yield `${name} was refused, and yet left ${typesOf(left)}`;
  }
  const asked = new Set(commands.map(({ id }) => id));
  for (const { type, stream, metadata } of events)
    if (metadata?.actor?.kind !== 'system' && !asked.has(metadata?.commandId ?? '')) yield `nobody asked for ${type} in ${stream}`;
};

const typesOf = (events: readonly Logged[]): string => events.map(({ type }) => type).join(', ') || 'nothing';

function* promised({ route }: Command, left: readonly Logged[], name: string): Iterable<string> {
  const [first = '', ...others] = left.map(({ type }) => type);
  if (left.length === 0) yield `${name} was acknowledged and is lost`;
  else if (route === ADJUSTMENT) {
    if (first !== 'StockAdjusted' || others.some(type => type !== 'StockReserved')) yield `${name} left ${typesOf(left)}`;
  } else if (others.length > 0) yield `${name} was carried out more than once: it left ${typesOf(left)}`;
  else if (first !== LEAVES[route]) yield `${name} left ${typesOf(left)} in place of ${LEAVES[route]}`;
}

/** I2: however often a command is sent, it gets the one answer, and the answer is true. */
export const answeredAlike: Check = function* ({ events, commands }) {
  const placeOf = new Map(events.map(({ stream, revision, position }) => [`${stream} ${revision}`, position]));
  const streamsOfId = Map.groupBy(new Set(events.map(({ stream }) => stream)), stream => stream.slice(stream.indexOf('-') + 1));
  for (const command of commands) {
    const name = `${command.n} (${command.route})`;
    const answers = answersOf(command);
    if (answers.length > 0 && isRefused(command)) yield `${name} was both acknowledged and refused`;
    const [first, other] = [...new Set(answers.map(answer => JSON.stringify(answer)))];
    if (other !== undefined) yield `${name} was answered ${first}, and then ${other}`;
    for (const { id, revision } of answers.slice(0, 1))
      if (!(streamsOfId.get(id) ?? []).some(stream => placeOf.has(`${stream} ${revision}`)))
        yield `${name} was answered revision ${revision} of ${id}, which there is not`;
  }
};
