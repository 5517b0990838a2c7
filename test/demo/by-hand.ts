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

/** The usual pipeline as the sheet has it: chance in per cent, and what a deal must have there. */
const PIPELINE = [
  ['NotProcessed', 0, []],
  ['InitialContact', 20, ['contactId']],
  ['NeedsAssessment', 20, ['description', 'expectedClose']],
  ['Presentation', 40, ['amount']],
  ['ProposalPreparation', 40, ['lines']],
  ['Prototype', 40, []],
  ['DecisionMaking', 60, ['expectedClose ahead']],
] as const;
const OPEN = PIPELINE.map(([stage]): string => stage);
const CLOSED = ['Completed', 'Rejected', 'DroppedOut'];
const chanceOf = (stage: string): number => PIPELINE.find(([name]) => name === stage)?.[1] ?? 0;

interface Card {
  readonly amount?: Money;
  readonly expectedClose?: string;
  readonly contactId?: string;
  readonly description?: string;
}
export interface Sale {
  readonly id: string;
  readonly card: Card;
  readonly owner: string;
  readonly lines: number;
  /** Every stage it came to, and when. */
  readonly path: readonly { readonly stage: string; readonly at: number }[];
}

const ARRIVALS = ['DealOpened', 'DealStageChanged', 'DealWon', 'DealLost', 'DealReopened'];
const stageIn = ({ type, data }: Fact): string => String(type === 'DealOpened' ? data['stage'] : (data['to'] ?? 'Completed'));

export const salesOf = (all: readonly Fact[]): readonly Sale[] =>
  of(all, 'DealOpened').map(({ id, data }) => {
    const own = all.filter(fact => fact.id === id && fact.type.startsWith('Deal'));
    const count = (type: string) => own.filter(fact => fact.type === type).length;
    return {
      id,
      card: (own.findLast(({ type }) => type === 'DealEdited')?.data ?? data) as Card,
      owner: String(own.findLast(({ type }) => type === 'DealAssigned')?.data['to'] ?? data['ownerId']),
      lines: count('DealLineAdded') - count('DealLineRemoved'),
      path: own.filter(({ type }) => ARRIVALS.includes(type)).map(fact => ({ stage: stageIn(fact), at: Date.parse(fact.at) })),
    };
  });

const stageOf = ({ path }: Sale): string => path.at(-1)?.stage ?? '';
const isGoing = (sale: Sale): boolean => !CLOSED.includes(stageOf(sale));

const DAY_MS = 86_400_000;
const hundredths = (value: number): number => Math.round(100 * value) / 100;
const median = (values: readonly number[]): number => {
  const [sorted, half] = [values.toSorted((a, b) => a - b), values.length / 2];
  return Number.isInteger(half) ? ((sorted[half - 1] ?? 0) + (sorted[half] ?? 0)) / 2 : (sorted[Math.floor(half)] ?? 0);
};

/** Walks every deal through its stages with a stop watch for each. */
export function stagesIn(all: readonly Fact[], from: number, until: number) {
  const sales = salesOf(all);
  return [...OPEN, 'Paused'].flatMap(stage => {
    const [gone, staying] = [[] as number[], [] as number[]];
    let [entered, movedOn, lost, lostValue] = [0, 0, 0, 0];
    for (const { path, card } of sales) {
      const visits = path.flatMap((stop, index) =>
        stop.stage === stage && stop.at < until ? [{ ...stop, index, end: path[index + 1] }] : [],
      );
      if (visits.length === 0) continue;
      const [first, last] = [visits[0]!, visits.at(-1)!];
      const spent = total(visits.map(({ at, end }) => Math.min(end?.at ?? Number.POSITIVE_INFINITY, until) - at)) / DAY_MS;
      const end = last.end?.at ?? Number.POSITIVE_INFINITY;
      if (end >= until) staying.push(spent);
      else if (end >= from) gone.push(spent);
      if (first.at >= from) {
        entered++;
        const beyond = stage === 'Paused' ? [] : [...OPEN.slice(OPEN.indexOf(stage) + 1), 'Completed'];
        if (path.slice(first.index + 1).some(later => beyond.includes(later.stage))) movedOn++;
      }
      if (visits.some(({ end: next }) => ['Rejected', 'DroppedOut'].includes(next?.stage ?? '') && next!.at >= from && next!.at < until)) {
        lost++;
        lostValue += card.amount?.minor ?? 0;
      }
    }
    const of = (days: readonly number[]) =>
      days.length === 0 ? [null, null] : [hundredths(total(days) / days.length), hundredths(median(days))];
    const [[meanDays, medianDays], [stayingMeanDays, stayingMedianDays]] = [of(gone), of(staying)];
    const row = { key: 'all', stage, entered, movedOn, left: gone.length, staying: staying.length, lost };
    const values = { conversionPercent: share(movedOn, entered), lostValues: lostValue === 0 ? [] : [lei(lostValue)] };
    return entered + gone.length + staying.length === 0
      ? []
      : [{ ...row, ...values, meanDays, medianDays, stayingMeanDays, stayingMedianDays }];
  });
}

/** Leads that came all the way, and what the open deals bring a day. */
export function paceIn(all: readonly Fact[], from: number, until: number) {
  const sales = salesOf(all);
  const within = (at: number): boolean => at >= from && at < until;
  const ended = (sale: Sale, ends: readonly string[]) => ends.includes(stageOf(sale)) && within(sale.path.at(-1)?.at ?? 0);
  const won = sales.filter(sale => ended(sale, ['Completed']));
  const lost = sales.filter(sale => ended(sale, ['Rejected', 'DroppedOut']));
  const cycle = median(won.map(({ path }) => (path.at(-1)!.at - path[0]!.at) / DAY_MS));
  const worth = total(won.map(({ card }) => card.amount?.minor ?? 0)) / won.length;
  const rate = won.length / (won.length + lost.length);
  const captured = of(all, 'LeadCaptured').filter(({ at }) => within(Date.parse(at)));
  const dealOf = new Map(of(all, 'LeadConverted').map(({ id, data }) => [id, String(data['dealId'])]));
  const sold = new Set(sales.filter(sale => stageOf(sale) === 'Completed').map(({ id }) => id));
  const becameSales = captured.filter(({ id }) => sold.has(dealOf.get(id) ?? '')).length;
  return {
    becameSales,
    leadToSalePercent: share(becameSales, captured.length),
    salesCycleDays: hundredths(cycle),
    velocityPerDay: lei(Math.round((sales.filter(isGoing).length * rate * worth) / cycle)),
  };
}

/** What is missing from the targets, and what is open against it; days are those of Bucharest. */
export function coverageIn(all: readonly Fact[], { from, to }: Span) {
  const bucharest = new Intl.DateTimeFormat('en-CA', { timeZone: 'Europe/Bucharest' });
  const targets = new Map(of(all, 'SalesTargetSet').map(({ id, data }) => [id, data]));
  const target = total(
    [...targets.values()]
      .filter(({ month }) => String(month) >= from.slice(0, 7) && String(month) <= to.slice(0, 7))
      .map(data => (data['amount'] as Money).minor),
  );
  const sales = salesOf(all);
  const minor = ({ card }: Sale): number => card.amount?.minor ?? 0;
  const won = total(
    sales.filter(sale => stageOf(sale) === 'Completed' && during(bucharest.format(sale.path.at(-1)!.at), { from, to })).map(minor),
  );
  const open = sales.filter(sale => isGoing(sale) && during(sale.card.expectedClose ?? '', { from, to }));
  const worth = total(open.map(minor));
  const weighted = Math.round(total(open.map(sale => (minor(sale) * chanceOf(stageOf(sale))) / 100)));
  const over = (part: number) => (target > won ? hundredths(part / (target - won)) : null);
  return {
    target: lei(target),
    won: lei(won),
    open: lei(worth),
    weighted: lei(weighted),
    coverage: over(worth),
    weightedCoverage: over(weighted),
  };
}

/** What the deals at work have of what the stages up to theirs demand. */
export function completenessOf(all: readonly Fact[]) {
  const checks = salesOf(all)
    .filter(sale => OPEN.includes(stageOf(sale)))
    .map(({ card, lines, ...sale }) => {
      const has: Readonly<Record<string, boolean>> = {
        contactId: card.contactId !== undefined,
        description: card.description !== undefined,
        expectedClose: card.expectedClose !== undefined,
        'expectedClose ahead': card.expectedClose !== undefined,
        amount: card.amount !== undefined,
        lines: lines > 0,
      };
      const demanded = PIPELINE.slice(0, OPEN.indexOf(sale.path.at(-1)!.stage) + 1).flatMap(([, , needs]) => needs);
      return { mandatory: demanded.length, filled: demanded.filter(need => has[need]).length };
    })
    // A deal of which nothing is demanded yet is no part of it.
    .filter(({ mandatory }) => mandatory > 0);
  const [mandatory, filled] = [total(checks.map(check => check.mandatory)), total(checks.map(check => check.filled))];
  return { key: 'all', deals: checks.length, mandatory, filled, completePercent: share(filled, mandatory) };
}
