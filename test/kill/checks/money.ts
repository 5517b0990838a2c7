import { all, type Check, type Logged, streamsOf, sumOf } from '../history.ts';

interface Money {
  readonly minor: number;
  readonly currency: string;
}

export interface Line {
  readonly line: number;
  readonly itemId: string;
  readonly stocked: boolean;
  readonly quantity: number;
  readonly unitPrice: string;
  readonly discount: string;
  readonly taxPercent: string;
  readonly net: Money;
}

export interface Totals {
  readonly net: Money;
  readonly taxes: readonly { readonly taxPercent: string; readonly net: Money; readonly tax: Money }[];
  readonly gross: Money;
}

interface Priced {
  readonly lines: readonly Line[];
  readonly totals: Totals;
}

const MILLION = 1_000_000n;
const PERCENT = 100n * MILLION;
/** The load pays in a currency of a hundred parts. */
const MINOR_UNITS = 100n;
const THOUSANDTHS = 1_000n;

/** Millionths of a decimal text. */
function millionths(text: string): bigint {
  const [whole = '0', fraction = ''] = text.split('.');
  return BigInt(whole) * MILLION + BigInt(fraction.padEnd(6, '0'));
}

/** Half away from zero; nothing here is negative. */
const rounded = (dividend: bigint, divisor: bigint): number => Number((2n * dividend + divisor) / (2n * divisor));

const netOf = ({ quantity, unitPrice, discount }: Line): number =>
  rounded(BigInt(quantity) * millionths(unitPrice) * (PERCENT - millionths(discount)) * MINOR_UNITS, THOUSANDTHS * MILLION * PERCENT);

/** I6, orders and invoices: each line is quantity × price less discount, rounded once; tax once a rate; net + tax = gross. */
export const totalled: Check = function* ({ events }) {
  for (const { type, stream, data } of events) {
    if (type !== 'SalesOrderPlaced' && type !== 'InvoiceDrafted') continue;
    const { lines, totals } = data as unknown as Priced;
    for (const line of lines)
      if (line.net.minor !== netOf(line)) yield `${stream}: line ${line.line} is ${line.net.minor}, not ${netOf(line)}`;
    const rates = Map.groupBy(lines, ({ taxPercent }) => taxPercent);
    const nets = new Map([...rates].map(([rate, own]) => [rate, sumOf(own.map(netOf))]));
    const taxes = [...nets].map(([rate, net]) => rounded(BigInt(net) * millionths(rate), PERCENT));
    const [net, gross] = [sumOf(nets.values()), sumOf(nets.values()) + sumOf(taxes)];
    if (totals.net.minor !== net || totals.gross.minor !== gross)
      yield `${stream}: totals ${totals.net.minor}/${totals.gross.minor}, not ${net}/${gross}`;
    if (totals.taxes.length !== rates.size || sumOf(totals.taxes.map(({ tax }) => tax.minor)) !== sumOf(taxes))
      yield `${stream}: taxes do not add up`;
  }
};

interface Settlement {
  readonly paymentId: string;
  readonly amount: Money;
  readonly open: Money;
}

interface Allocation {
  readonly invoiceId: string;
  readonly amount: Money;
}

/** I6, payments: invoiced = paid + open after each of them; parts are no more than the whole; each part is set against its invoice once. */
export const settled: Check = function* (history) {
  const applied = new Map<string, number>();
  for (const [id, events] of streamsOf(history, 'invoice')) yield* balanced(id, events, applied);
  for (const [id, events] of streamsOf(history, 'payment')) {
    for (const { amount, allocations } of all<{ amount: Money; allocations: readonly Allocation[] }>(events, 'PaymentRecorded')) {
      const parts = sumOf(allocations.map(part => part.amount.minor));
      if (parts > amount.minor) yield `payment ${id}: parts of ${parts} out of ${amount.minor}`;
      for (const part of allocations) {
        const key = `${id} ${part.invoiceId}`;
        if (applied.get(key) !== part.amount.minor)
          yield `payment ${id}: ${applied.get(key) ?? 0} of ${part.amount.minor} set against ${part.invoiceId}`;
        applied.delete(key);
      }
    }
  }
  for (const [key, minor] of applied) if (minor !== 0) yield `${minor} of a payment that was never recorded: ${key}`;
};

function* balanced(id: string, events: readonly Logged[], applied: Map<string, number>): Iterable<string> {
  const drafted = all<Priced>(events, 'InvoiceDrafted')[0]?.totals.gross.minor;
  const issued = all<{ totals: Totals }>(events, 'InvoiceIssued')[0]?.totals.gross.minor;
  if (issued !== undefined && issued !== drafted) yield `invoice ${id}: drafted ${drafted}, issued ${issued}`;
  let paid = 0;
  for (const { type, data } of events) {
    if (type !== 'PaymentApplied' && type !== 'PaymentUnapplied') continue;
    const { paymentId, amount, open } = data as unknown as Settlement;
    const change = type === 'PaymentApplied' ? amount.minor : -amount.minor;
    const key = `${paymentId} ${id}`;
    paid += change;
    applied.set(key, (applied.get(key) ?? 0) + change);
    if (open.minor < 0 || paid + open.minor !== issued) yield `invoice ${id}: ${paid} paid and ${open.minor} open of ${issued}`;
  }
}

interface Taken {
  readonly series: string;
  readonly documentId: string;
  readonly sequence: number;
  readonly issueDate: string;
}

/** Numbers of a series run from 1 without a gap, in the order of their dates, and each belongs to one issued invoice. */
export const numbered: Check = function* (history) {
  const invoices = streamsOf(history, 'invoice');
  const withNumber = new Set<string>();
  for (const [id, events] of streamsOf(history, 'series')) {
    let last = '';
    for (const [index, { documentId, sequence, issueDate }] of all<Taken>(events, 'NumberTaken').entries()) {
      if (sequence !== index + 1) yield `series ${id}: number ${sequence} in place of ${index + 1}`;
      if (issueDate < last) yield `series ${id}: number ${sequence} of ${issueDate} follows one of ${last}`;
      if (withNumber.has(documentId)) yield `invoice ${documentId} took two numbers`;
      const [issued, ...others] = all<Taken>(invoices.get(documentId) ?? [], 'InvoiceIssued');
      if (issued?.sequence !== sequence || issued.issueDate !== issueDate || others.length > 0)
        yield `series ${id}: number ${sequence} belongs to ${documentId}, which was not issued under it once`;
      withNumber.add(documentId);
      last = issueDate;
    }
  }
  yield* withoutNumber(invoices, withNumber);
};

function* withoutNumber(invoices: ReturnType<typeof streamsOf>, withNumber: ReadonlySet<string>): Iterable<string> {
  for (const [id, events] of invoices) {
    const started = all(events, 'InvoiceIssueStarted').length - all(events, 'InvoiceIssueWithdrawn').length;
    const issued = all(events, 'InvoiceIssued').length;
    if (issued > 0 && !withNumber.has(id)) yield `invoice ${id} was issued without a number`;
    if (started !== issued) yield `the issue of invoice ${id} was begun and never came to an end`;
  }
}
