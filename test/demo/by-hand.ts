/** Figures worked out from the facts alone, by other means than the reports: the way somebody with a pencil would. */
import { moneyWire } from '../../src/kernel/money.ts';
import type { EventLog } from '../../src/runtime/event-log/port.ts';

export interface Fact {
  readonly type: string;
  readonly id: string;
  readonly at: string;
  readonly data: Readonly<Record<string, unknown>>;
}

const PAGE = 1_000;

export async function factsOf(log: Pick<EventLog, 'readAll'>): Promise<readonly Fact[]> {
  const found: Fact[] = [];
  for (let after: bigint | undefined; ; ) {
    const page = await log.readAll(after, PAGE);
    for (const { type, data, stream, metadata } of page)
      found.push({ type, data: data as Fact['data'], id: stream.slice(stream.indexOf('-') + 1), at: metadata.occurredAt });
    after = page.at(-1)?.position;
    if (page.length < PAGE) return found;
  }
}

export interface Money {
  readonly minor: number;
  readonly currency: string;
}
export const lei = (minor: number) => moneyWire({ minor, currency: 'RON' });
export const share = (part: number, whole: number): number | null => (whole === 0 ? null : Math.round((10_000 * part) / whole) / 100);
export const total = (numbers: readonly number[]): number => numbers.reduce((sum, number) => sum + number, 0);

export interface Span {
  readonly from: string;
  readonly to: string;
}
const during = (day: string, { from, to }: Span): boolean => day >= from && day <= to;

const of = (all: readonly Fact[], type: string): readonly Fact[] => all.filter(fact => fact.type === type);

interface Bill {
  readonly id: string;
  readonly account: string;
  readonly net: number;
  readonly gross: number;
  readonly issued: string;
  readonly due: string;
  readonly paid: readonly { readonly day: string; readonly minor: number }[];
}

/** Every invoice that was issued, with what was paid of it and when. */
export function billsOf(all: readonly Fact[]): readonly Bill[] {
  const drafts = new Map(of(all, 'InvoiceDrafted').map(({ id, data }) => [id, data]));
  const paid = of(all, 'PaymentRecorded').flatMap(({ data }) =>
    (data['allocations'] as readonly { invoiceId: string; amount: Money }[]).map(({ invoiceId, amount }) => ({
      invoiceId,
      day: String(data['receivedOn']),
      minor: amount.minor,
    })),
  );
  return of(all, 'InvoiceIssued').map(({ id, data }) => {
    const { net, gross } = data['totals'] as { net: Money; gross: Money };
    return {
      id,
      account: String(drafts.get(id)?.['accountId']),
      net: net.minor,
      gross: gross.minor,
      issued: String(data['issueDate']),
      due: String(data['dueDate']),
      paid: paid.filter(({ invoiceId }) => invoiceId === id),
    };
  });
}

const paidBy = ({ paid }: Bill, day: string): number => total(paid.filter(part => part.day <= day).map(({ minor }) => minor));

/** What was issued by the day less what was set against it by the day, the way a bookkeeper would. */
export const owedOn = (all: readonly Fact[], day: string) =>
  billsOf(all)
    .filter(({ issued }) => issued <= day)
    .map(bill => ({
      id: bill.id,
      open: bill.gross - paidBy(bill, day),
      days: Math.max(Temporal.PlainDate.from(bill.due).until(day).days, 0),
    }))
    .filter(({ open }) => open !== 0);

export function paymentsIn(all: readonly Fact[], span: Span, days: number) {
  const bills = billsOf(all);
  const due = bills.filter(bill => during(bill.due, span));
  const inTime = total(due.map(bill => paidBy(bill, bill.due)));
  const receivables = total(owedOn(all, span.to).map(({ open }) => open));
  const onCredit = total(bills.filter(({ issued, due: last }) => during(issued, span) && last > issued).map(({ gross }) => gross));
  const whole = total(due.map(({ gross }) => gross));
  return {
    due: lei(whole),
    inTime: lei(inTime),
    late: lei(whole - inTime),
    receivables: lei(receivables),
    creditSales: lei(onCredit),
    inTimePercent: share(inTime, whole),
    salesOutstandingDays: Math.round((100 * receivables * days) / onCredit) / 100,
  };
}

/** Accounts to which goods came, or which paid an invoice whole, between two days. */
function activeIn(all: readonly Fact[], span: Span): ReadonlySet<string> {
  const receivers = new Map(of(all, 'DeliveryPlanned').map(({ id, data }) => [id, String(data['accountId'])]));
  const received = of(all, 'DeliveryDelivered').flatMap(({ id, data }) =>
    during(String(data['deliveredOn']), span) ? [receivers.get(id) ?? ''] : [],
  );
  const payers = billsOf(all).flatMap(({ account, gross, paid }) => {
    const last =
      paid
        .map(({ day }) => day)
        .toSorted()
        .at(-1) ?? '';
    return total(paid.map(({ minor }) => minor)) === gross && during(last, span) ? [account] : [];
  });
  return new Set([...received, ...payers]);
}

export function customersIn(all: readonly Fact[], now: Span, before: Span) {
  const [active, activeBefore] = [activeIn(all, now), activeIn(all, before)];
  const undone = new Set([...of(all, 'SalesOrderCancelled'), ...of(all, 'SalesOrderDeclined')].map(({ id }) => id));
  const accepted = new Set(of(all, 'SalesOrderAccepted').flatMap(({ id }) => (undone.has(id) ? [] : [id])));
  const orders = of(all, 'SalesOrderPlaced').filter(({ id, data }) => accepted.has(id) && during(String(data['orderedOn']), now));
  const buyers = Map.groupBy(orders, ({ data }) => String(data['accountId']));
  const again = [...buyers.values()].filter(some => some.length >= 2).length;
  const bills = billsOf(all);
  const then = bills.filter(({ issued }) => during(issued, before));
  const known = new Set(then.map(({ account }) => account));
  const kept = total(bills.filter(({ issued, account }) => during(issued, now) && known.has(account)).map(({ net }) => net));
  const earned = total(then.map(({ net }) => net));
  const retained = [...activeBefore].filter(account => active.has(account)).length;
  return {
    activeBefore: activeBefore.size,
    active: active.size,
    retained,
    lost: activeBefore.size - retained,
    won: active.size - retained,
    ordered: buyers.size,
    orderedAgain: again,
    retentionPercent: share(retained, activeBefore.size),
    churnPercent: share(activeBefore.size - retained, activeBefore.size),
    repeatPercent: share(again, buyers.size),
    revenue: [{ before: lei(earned), kept: lei(kept), netRetentionPercent: share(kept, earned) }],
  };
}
